// Restore points for looking around: which there are of a mailbox, and those that are open.
#pragma once

#include "src/base/synchronized.h"
#include "src/daemon/view_parts.h"
#include "src/jobs/restore_point.h"
#include "store/snapshot.h"
#include "web-status/appliance_view.h"

#include <list>
#include <memory>
#include <string>
#include <vector>

namespace appliance {

// Thread-safe.
class RestorePointsView {
 public:
  explicit RestorePointsView(const ViewParts& parts) : parts_(parts) {}

  // All of the mailbox that `who` means, by time. What the census knows is asked for by its id
  // only; others cost a look at all there is. Errors of catalog::restore_points_of().
  [[nodiscard]] std::vector<store::Snapshot> of(OpenStore& store, const std::string& who) const;

  // The store is kept open while the point is used: drop it soon.
  struct Open {
    std::shared_ptr<OpenStore> store;
    // Shared with whoever else looks into it.
    std::shared_ptr<const jobs::RestorePoint> point;
  };
  // Opens it, or takes it from the few that were opened lately; those do not keep the store open.
  [[nodiscard]] Open open(const std::string& mailbox, const std::string& at);

  // {"type":"item",...}, {"type":"folder",...}
  [[nodiscard]] web::Page items(const web::ItemQuery& query);
  // {"type":"snapshot",...}, newest first; of all mailboxes if `mailbox` is empty.
  [[nodiscard]] web::Page snapshots(const std::string& mailbox, const web::PageRequest& page);

 private:
  struct Kept {
    std::string id;
    std::weak_ptr<OpenStore> store;
    std::shared_ptr<const jobs::RestorePoint> point;
  };
  const ViewParts& parts_;
  base::Synchronized<std::list<Kept>> kept_;  // the newest in front
};

}  // namespace appliance
