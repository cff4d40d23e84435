#include "src/backup/folder_tree.h"

#include "src/base/text.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <variant>

namespace backup {
namespace {

constexpr std::array<std::string_view, 6> kSkippedNames = {
    "searchfolders", "syncissues", "conflicts", "localfailures", "serverfailures", "outbox"};
constexpr std::string_view kRecoverableItems = "recoverableitems";

store::FolderEntry entry_of(const graph::Folder& folder) {
  return {folder.id, folder.parent_id, folder.display_name, folder.item_class,
          folder.well_known_name};
}

}  // namespace

FolderMap known_folders(const std::vector<store::FolderEntry>& stored,
                        const std::map<std::string, graph::Folder>& skipped) {
  FolderMap known = skipped;
  for (const store::FolderEntry& entry : stored) {
    graph::Folder folder;
    folder.id = entry.id;
    folder.parent_id = entry.parent_id;
    folder.display_name = entry.display_name;
    folder.item_class = entry.item_class;
    folder.well_known_name = entry.well_known_name;
    known.emplace(entry.id, std::move(folder));
  }
  return known;
}

UpdatedFolders apply_changes(const FolderMap& known,
                             const std::vector<graph::FolderChange>& changes, bool full) {
  UpdatedFolders updated;
  if (!full) updated.folders = known;
  for (const graph::FolderChange& change : changes) {
    if (const auto* removed = std::get_if<graph::FolderRemoved>(&change)) {
      updated.folders.erase(removed->id);
      continue;
    }
    graph::Folder folder = std::get<graph::Folder>(change);
    if (const auto before = known.find(folder.id); before != known.end()) {
      folder.is_search_folder = before->second.is_search_folder;
      folder.is_hidden = before->second.is_hidden;
      if (folder.well_known_name.empty()) folder.well_known_name = before->second.well_known_name;
    }
    std::string id = folder.id;
    updated.folders.insert_or_assign(std::move(id), std::move(folder));
  }
  for (const auto& [id, folder] : updated.folders) {
    if (!known.contains(id)) updated.new_ids.push_back(id);
  }
  return updated;
}

bool is_skipped_folder(const graph::Folder& folder) {
  if (folder.is_search_folder) return true;
  const std::string name = base::to_lower(folder.well_known_name);
  return name.starts_with(kRecoverableItems) ||
         std::find(kSkippedNames.begin(), kSkippedNames.end(), name) != kSkippedNames.end();
}

std::map<std::string, store::FolderEntry> entries_of(const FolderMap& folders) {
  std::map<std::string, store::FolderEntry> entries;
  for (const auto& [id, folder] : folders) {
    if (is_skipped_folder(folder)) continue;
    // Upwards until a folder that is there already: this also ends in a cycle.
    const graph::Folder* current = &folder;
    while (entries.emplace(current->id, entry_of(*current)).second) {
      const auto parent = folders.find(current->parent_id);
      if (parent == folders.end()) break;
      current = &parent->second;
    }
  }
  return entries;
}

}  // namespace backup
