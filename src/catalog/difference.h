// What changed in a mailbox between two of its restore points: folders and items that came, went,
// changed or moved.
//
// Reads only what differs, and of the metadata that people look for only the folders that items
// differ in. Memory: some thousand items, 40 bytes for each item that went or came, and
// the ids of those that were moved (moves.h).
#pragma once

#include "src/catalog/folder_paths.h"
#include "store/snapshot.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace catalog {

struct ItemDifference {
  enum class What : std::uint8_t {
    added,
    removed,
    changed,  // in its folder: another change key, or another stream
    moved,    // from one folder into another, changed or not
  };
  What what = What::added;
  std::optional<store::ItemEntry> before;  // empty if it was added
  std::optional<store::ItemEntry> after;   // empty if it was removed
  store::ItemDisplay display;              // of `after`; of `before` if it was removed
  // It was moved, and has another id since: that it is the same item is told by its stream alone.
  bool is_known_by_content = false;
};

struct FolderDifference {
  enum class What : std::uint8_t { added, removed, renamed };
  What what = What::added;
  store::FolderEntry folder;  // as it is; as it was if it was removed
  std::string path;
  std::string path_before;  // if it was renamed, itself or a folder above it
};

struct DifferenceCounts {
  struct Items {
    std::uint64_t added = 0, removed = 0, changed = 0, moved = 0, unchanged = 0;
  } items;
  struct Folders {
    std::uint64_t added = 0, removed = 0, renamed = 0;
  } folders;
};

// A restore point and its folders; both outlive the comparison.
struct ComparedPoint {
  const store::SnapshotReader& reader;
  const FolderPaths& paths;
};

struct OnDifference {
  std::function<void(const FolderDifference&)> folder;
  std::function<void(const ItemDifference&)> item;
};

// What makes `to` out of `from`, whichever of them is older: the folders ordered by path, then the
// items, folder after folder (and once more the folders that items went from, if the mailbox's
// tenant had another name then). Error(cancelled) when `stop` comes.
DifferenceCounts compare(const ComparedPoint& from, const ComparedPoint& to,
                         const OnDifference& on_difference, std::stop_token stop);

}  // namespace catalog
