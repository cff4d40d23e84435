// What runs have exported of mailboxes and stored, and no commit holds yet: so that a run after a
// kill need not fetch it again.
//
// Kept in the index, and so only as long as that is: hints, each checked before it is believed. The
// commit of a mailbox drops its notes (StateRows::of); those of one that is never committed again,
// at most one for each of its items, stay as long as the index.
#pragma once

#include "store/chunk_store.h"
#include "store/index.h"
#include "store/internal/state_rows.h"
#include "store/snapshot.h"

#include <optional>
#include <span>
#include <string>

namespace store {

// Thread-safe, as long as the index is.
class ExportNotes {
 public:
  // Both outlive it.
  ExportNotes(Index& index, const StateRows& rows) : index_(&index), rows_(&rows) {}

  void add(const TenantDomain& tenant, const std::string& mailbox_id,
           std::span<const ExportedItem> items);
  // Empty if there is no note of this version, or if the chunks do not hold all of it. They are
  // relied on from now on.
  [[nodiscard]] std::optional<ContentRef> find(ChunkStore& chunks, const TenantDomain& tenant,
                                               const std::string& mailbox_id,
                                               const std::string& item_id,
                                               const std::string& change_key) const;

 private:
  Index* index_;
  const StateRows* rows_;
};

}  // namespace store
