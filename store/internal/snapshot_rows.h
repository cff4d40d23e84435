// Restore points as rows of the index. The index lies outside the repository and is authenticated
// by nobody, so the rows are sealed, and their keys tell nothing.
#pragma once

#include "src/base/secret.h"
#include "store/index.h"
#include "store/keys.h"
#include "store/snapshot.h"

#include <string>

namespace store {

// Thread-safe.
class SnapshotRows {
 public:
  explicit SnapshotRows(const KeyRing& keys);

  [[nodiscard]] SnapshotRow seal(const Snapshot& snapshot) const;
  // Error(corrupt) if it is not what seal() made under this key.
  [[nodiscard]] Snapshot open(const SnapshotRow& row) const;
  // With what the keys of a mailbox's rows begin; they sort by time.
  [[nodiscard]] std::string prefix(const TenantDomain& tenant, const std::string& mailbox_id) const;
  // Tells the snapshot from every other one.
  [[nodiscard]] std::string key_of(const Snapshot& snapshot) const;

 private:
  base::Secret key_;
};

}  // namespace store
