// The overview: how things stand, and what to do next.
#pragma once

#include "src/daemon/job_view.h"
#include "src/daemon/standing.h"
#include "src/daemon/store_view.h"
#include "src/daemon/view_parts.h"
#include "src/jobs/record.h"

#include <vector>

namespace appliance {

// Thread-safe.
class StatusView {
 public:
  StatusView(const ViewParts& parts, JobView& jobs, StoreView& store)
      : parts_(parts), jobs_(jobs), store_(store) {}

  // {"type":"status",...}
  [[nodiscard]] jobs::Record status();
  // {"type":"schedule",...}: of every policy, and of the daily upkeep; the soonest first.
  [[nodiscard]] std::vector<jobs::Record> schedule();

 private:
  [[nodiscard]] StandingFacts facts(const std::vector<CountedMailbox>& mailboxes);
  [[nodiscard]] jobs::Record throttled(const std::optional<jobs::Job>& last_run) const;

  const ViewParts& parts_;
  JobView& jobs_;
  StoreView& store_;
};

// What a list of mailboxes says of how things stand. Pure.
void add_mailboxes(const std::vector<CountedMailbox>& mailboxes, StandingFacts& facts);

}  // namespace appliance
