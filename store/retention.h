// What is let go and what must stay: restore points that were forgotten, and legal holds.
#pragma once

#include "src/base/clock.h"
#include "store/ids.h"
#include "store/snapshot.h"

#include <string>

namespace store {

// A restore point that is no longer shown. Until it is purged it can be recalled, whole.
struct ForgottenSnapshot {
  Snapshot snapshot;
  base::Instant time;  // when it was forgotten
  std::string reason;
};

// A restore point to be forgotten.
struct Forgetting {
  Snapshot snapshot;
  std::string reason;  // for people: "retention policy 'nightly'"
};

// Keeps restore points whatever rules and people say: all of a mailbox, those to come as well, or
// one.
struct Hold {
  std::string id;       // a ULID
  TenantDomain tenant;  // as it was named then
  std::string mailbox_id;
  std::string snapshot_id;  // empty: the whole mailbox
  std::string subject;      // as people named it: an address, the id of a restore point
  std::string reason;
  base::Instant time;

  [[nodiscard]] bool covers(const Snapshot& snapshot) const {
    // Whatever name its tenant had in the configuration then: the mailbox is the same.
    return snapshot.mailbox_id == mailbox_id && (snapshot_id.empty() || snapshot_id == snapshot.id);
  }
};

}  // namespace store
