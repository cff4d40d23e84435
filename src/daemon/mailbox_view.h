// Who is protected and who is not, and what is kept of one of them.
#pragma once

#include "src/daemon/restore_points_view.h"
#include "src/daemon/view_parts.h"
#include "src/jobs/record.h"
#include "web-status/appliance_view.h"

#include <string>

namespace appliance {

// {"type":"mailbox",...} as API.md has it.
jobs::Record mailbox_record(const CountedMailbox& mailbox, base::Instant now);

// Thread-safe.
class MailboxView {
 public:
  MailboxView(const ViewParts& parts, RestorePointsView& points) : parts_(parts), points_(points) {}

  [[nodiscard]] web::Page mailboxes(const web::MailboxQuery& query);
  // The same object with "holds", "nights" and "problems". Error(not_found).
  [[nodiscard]] jobs::Record mailbox(const std::string& id);
  [[nodiscard]] web::Page holds();

 private:
  void add_restore_points(const CountedMailbox& mailbox, jobs::Record& record);
  [[nodiscard]] jobs::Value::List problems_of(const CountedMailbox& mailbox) const;

  const ViewParts& parts_;
  RestorePointsView& points_;
};

}  // namespace appliance
