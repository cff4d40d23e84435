// Which items of a restore point are meant: folders with all below them, single items, or
// everything.
#pragma once

#include "src/catalog/folder_paths.h"
#include "store/snapshot.h"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace catalog {

// What lies in one folder of a selection.
struct SelectedFolder {
  std::string id;
  bool whole = true;            // else only `items`
  std::set<std::string> items;  // ids
};

struct Selected {
  std::vector<SelectedFolder> folders;  // ordered by path; the mailbox root, if selected, first
  // Folders selected as a whole that lie below no other: where mirroring begins. Single items are
  // mirrored with their whole path, so that those of equal names under different parents stay
  // apart.
  std::set<std::string> tops;
  bool everything = false;
};

// Folder ids (with all below them) and item ids; both empty: everything. Error(not_found) names
// what the restore point does not have. Items are looked for in the whole restore point, once.
Selected select(const store::SnapshotReader& point, const FolderPaths& paths,
                const std::vector<std::string>& folders, const std::set<std::string>& items);

// Items and bytes of streams in a selection.
struct SelectedSize {
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;
};
SelectedSize size_of(const store::SnapshotReader& point, const Selected& selected);

}  // namespace catalog
