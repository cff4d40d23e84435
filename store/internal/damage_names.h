// Damage in the words of people: which items of which mailboxes cannot be restored.
#pragma once

#include "store/chunk_store.h"
#include "store/internal/tree_check.h"
#include "store/repository.h"
#include "store/snapshot.h"

#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace store {

class DamageNames {
 public:
  // Adds what of the snapshot the check found unsound. Only damaged subtrees are read.
  void add(const ChunkStore& chunks, TreeCheck& check, const Snapshot& snapshot);

  [[nodiscard]] std::vector<AffectedItem> take();

 private:
  using Place = std::tuple<std::string, std::string, std::string>;  // mailbox, folder, item
  std::map<Place, std::vector<std::string>> affected_;              // ids of snapshots
};

}  // namespace store
