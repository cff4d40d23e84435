#include "store/internal/damage_names.h"

#include "src/base/error.h"
#include "store/internal/entries.h"
#include "store/internal/tree_cursor.h"

#include <functional>
#include <optional>
#include <set>
#include <utility>

namespace store {
namespace {

// Paths of display names under the keys of their folders.
using FolderPaths = std::map<std::string, std::string, std::less<>>;

std::string escaped(const std::string& name) {
  std::string path_part;
  for (const char letter : name) {
    if (letter == '/' || letter == '\\') path_part.push_back('\\');
    path_part.push_back(letter);
  }
  return path_part;
}

// As far as the folder map can be read.
std::map<std::string, FolderEntry> readable_folders(const ChunkStore& chunks,
                                                    const std::optional<ChunkId>& root) {
  std::map<std::string, FolderEntry> folders;
  try {
    TreeCursor cursor{chunks, MapKind::folders, root};
    for (bool more = cursor.seek(""); more; more = cursor.next()) {
      FolderEntry folder = decode_folder(cursor.payload());
      std::string id = folder.id;
      folders.emplace(std::move(id), std::move(folder));
    }
  } catch (const base::Error&) {
    // The check has told already; names that are lost stay empty.
  }
  return folders;
}

std::string path_of(const FolderEntry& folder, const std::map<std::string, FolderEntry>& folders) {
  std::string path = escaped(folder.display_name);
  std::set<std::string> passed{folder.id};
  auto parent = folders.find(folder.parent_id);
  while (parent != folders.end() && passed.insert(parent->first).second) {
    path.insert(0, escaped(parent->second.display_name) + "/");
    parent = folders.find(parent->second.parent_id);
  }
  return path;
}

FolderPaths paths_of(const std::map<std::string, FolderEntry>& folders) {
  FolderPaths paths;
  for (const auto& [id, folder] : folders) paths.emplace(folder_key(id), path_of(folder, folders));
  return paths;
}

// Walks the damaged part of one map.
class DamagedMapWalk {
 public:
  using OnPlace = std::function<void(const std::string& folder, const std::string& item)>;

  DamagedMapWalk(const ChunkStore& chunks, TreeCheck& check, MapKind kind, const FolderPaths& paths,
                 OnPlace on_place)
      : chunks_(&chunks),
        check_(&check),
        kind_(kind),
        paths_(&paths),
        on_place_(std::move(on_place)) {}

  void run(const std::optional<ChunkId>& root) {
    if (check_->is_map_sound(kind_, root)) return;
    try {
      name_entries(read_node(*chunks_, kind_, *root), {});
    } catch (const base::Error&) {
      on_place_({}, {});  // the whole listing
    }
  }

 private:
  // Every key of the node is above `before`.
  void name_entries(const TreeNode& node, std::string before) {
    for (std::size_t i = 0; i < node.entries().size(); ++i) {
      const TreeEntry& entry = node.entries()[i];
      if (node.level() > 0) {
        if (!check_->is_child_sound(kind_, node, i)) name_child(node, i, before);
      } else if (!check_->is_entry_sound(kind_, entry)) {
        name_entry(entry);
      }
      before = entry.key;
    }
  }

  void name_child(const TreeNode& node, std::size_t entry, const std::string& before) {
    std::optional<TreeNode> child;
    try {
      child.emplace(read_child(*chunks_, kind_, node, entry));
    } catch (const base::Error&) {
      name_range(before, node.entries()[entry].key);
      return;
    }
    name_entries(*child, before);
  }

  void name_entry(const TreeEntry& entry) {
    try {
      on_place_(path_to(folder_part(entry.key)), item_id(entry.key));
    } catch (const base::Error&) {
      on_place_({}, {});
    }
  }

  // Which items lay there nobody can tell, but in which folders.
  void name_range(const std::string& above, const std::string& last) {
    const auto begin = paths_->lower_bound(std::string_view{above}.substr(0, kFolderKeyBytes));
    const auto end = paths_->upper_bound(std::string_view{last}.substr(0, kFolderKeyBytes));
    if (begin == end) on_place_({}, {});
    for (auto folder = begin; folder != end; ++folder) on_place_(folder->second, {});
  }

  [[nodiscard]] std::string path_to(std::string_view folder) const {
    const auto found = paths_->find(folder);
    return found == paths_->end() ? std::string{} : found->second;
  }

  const ChunkStore* chunks_;
  TreeCheck* check_;
  MapKind kind_;
  const FolderPaths* paths_;
  OnPlace on_place_;
};

}  // namespace

void DamageNames::add(const ChunkStore& chunks, TreeCheck& check, const Snapshot& snapshot) {
  const SnapshotRoots& roots = snapshot.roots;
  const bool folders_sound = check.is_map_sound(MapKind::folders, roots.folders);
  const bool items_sound = check.is_map_sound(MapKind::items, roots.items);
  const bool display_sound = check.is_map_sound(MapKind::display, roots.display);
  if (folders_sound && items_sound && display_sound) return;
  const auto affect = [&](const std::string& folder, const std::string& item) {
    std::vector<std::string>& ids = affected_[{snapshot.address, folder, item}];
    if (ids.empty() || ids.back() != snapshot.id) ids.push_back(snapshot.id);
  };
  if (!folders_sound) affect({}, {});
  const FolderPaths paths = paths_of(readable_folders(chunks, roots.folders));
  DamagedMapWalk{chunks, check, MapKind::items, paths, affect}.run(roots.items);
  DamagedMapWalk{chunks, check, MapKind::display, paths, affect}.run(roots.display);
}

std::vector<AffectedItem> DamageNames::take() {
  std::vector<AffectedItem> items;
  for (auto& [place, snapshots] : affected_) {
    const auto& [mailbox, folder, item] = place;
    items.push_back({mailbox, folder, item, std::move(snapshots)});
  }
  affected_.clear();
  return items;
}

}  // namespace store
