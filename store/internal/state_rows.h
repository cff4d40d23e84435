// What commit records say, as rows of the index. The index lies outside the repository and is
// authenticated by nobody, so the rows are sealed, and their keys tell nothing.
#pragma once

#include "src/base/secret.h"
#include "store/index.h"
#include "store/internal/commit_record.h"
#include "store/keys.h"
#include "store/retention.h"
#include "store/snapshot.h"

#include <string>
#include <vector>

namespace store {

// A restore point was forgotten.
struct Tombstone {
  base::Instant time;
  std::string reason;
};

// Thread-safe.
class StateRows {
 public:
  explicit StateRows(const KeyRing& keys);

  // What the record changes, in its order; the last word on a row wins.
  [[nodiscard]] std::vector<StateRow> of(const CommitRecord& record) const;

  // Error(corrupt) unless it is what of() made, for this place.
  [[nodiscard]] Snapshot open_snapshot(const std::string& key, base::ByteView value) const;
  [[nodiscard]] Tombstone open_tombstone(const std::string& key, base::ByteView value) const;
  [[nodiscard]] Hold open_hold(const std::string& key, base::ByteView value) const;

  // Items that repair found lost.
  [[nodiscard]] StateRow of_lost(const TenantDomain& tenant, const std::string& mailbox_id,
                                 const LostItem& item) const;
  [[nodiscard]] LostItem open_lost(const std::string& key, base::ByteView value) const;
  [[nodiscard]] std::string lost_key(const TenantDomain& tenant, const std::string& mailbox_id,
                                     const LostItem& item) const;

  // Items that a run has stored.
  [[nodiscard]] StateRow of_exported(const TenantDomain& tenant, const std::string& mailbox_id,
                                     const ExportedItem& item) const;
  [[nodiscard]] ExportedItem open_exported(const std::string& key, base::ByteView value) const;
  [[nodiscard]] std::string exported_key(const TenantDomain& tenant, const std::string& mailbox_id,
                                         const std::string& item_id) const;

  // With what the keys of a mailbox's restore points begin; they sort by time. Those of its lost
  // and exported items begin so, too.
  [[nodiscard]] std::string prefix(const TenantDomain& tenant, const std::string& mailbox_id) const;
  // Tells the restore point from every other one; that of its tombstone is the same.
  [[nodiscard]] std::string key_of(const Snapshot& snapshot) const;

 private:
  [[nodiscard]] StateRow put(Table table, std::string key, base::ByteView plain) const;
  [[nodiscard]] base::Bytes open(Table table, const std::string& key, base::ByteView value) const;
  [[nodiscard]] StateRow row_of(const LogEvent& event, base::Instant time) const;

  base::Secret key_;
};

}  // namespace store
