// What a round of a folder's change feed means for what is stored: what to export, what is gone.
//
// Delta is a hint, never the truth: repeats, late entries and removals of the unknown come to
// nothing here.
#pragma once

#include "src/backup/notes.h"
#include "src/graph/mailbox_service.h"
#include "store/snapshot.h"

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace backup {

// The last state told of each item.
class ToldItems {
 public:
  struct Told {
    graph::Item item;  // only the id, if removed
    bool removed = false;
  };

  ToldItems() = default;
  ToldItems(ToldItems&&) = default;
  ToldItems& operator=(ToldItems&&) = default;
  ToldItems(const ToldItems&) = delete;  // the index points into one of them
  ToldItems& operator=(const ToldItems&) = delete;
  ~ToldItems() = default;

  void tell(graph::ItemChange change);

  // Null if nothing was told of it.
  [[nodiscard]] const Told* find(std::string_view id) const;
  // In the order in which they were first told.
  template <typename Visit>
  void each(const Visit& visit) const {
    for (const Told& told : told_) visit(told);
  }
  // One after the other, in the order in which they were first told; what is given out is told no
  // more.
  template <typename Take>
  void consume(const Take& take) {
    index_.clear();
    for (; !told_.empty(); told_.pop_front()) take(std::move(told_.front()));
  }

 private:
  std::deque<Told> told_;  // never moves its elements: the index views their ids
  std::unordered_map<std::string_view, Told*> index_;
};

// An item to be exported.
struct Wanted {
  graph::Item item;
  bool stored_before = false;  // in this folder, in an older version
  std::uint32_t attempts = 0;  // of earlier runs, in vain
};

struct ChangeSet {
  std::uint64_t listed = 0;       // items that the folder has, so far as we were told
  std::uint64_t unchanged = 0;    // of them, stored as they are
  std::deque<Wanted> wanted;      // stored in an older version, or to be tried again
  std::deque<Wanted> arrived;     // not stored in this folder: new, or moved here
  std::vector<std::string> gone;  // stored, and not there any more

  std::uint64_t stored_before = 0;  // items of the folder in the base
};

// Items of a folder whose content the store lost: wanted even if nothing changed.
using LostItems = std::set<std::string>;  // by item id

// `base`: the snapshot to compare with, null if there is none. `stored_items`: how many items of
// the folder it has. Always listed = unchanged + wanted + arrived; throws BrokenAccount if told and
// stored cannot be brought together.
ChangeSet compare_incremental(ToldItems told, const store::SnapshotReader* base,
                              const std::string& folder_id, std::uint64_t stored_items,
                              const RetryItems& retry, const LostItems& lost = {});

// Everything that exists was told: what was not is gone. Only new change keys, and what was lost,
// are wanted.
ChangeSet compare_full(ToldItems told, const store::SnapshotReader* base,
                       const std::string& folder_id, const RetryItems& retry,
                       const LostItems& lost = {});

}  // namespace backup
