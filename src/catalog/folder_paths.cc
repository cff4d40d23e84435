#include "src/catalog/folder_paths.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/catalog/folding.h"

#include <algorithm>
#include <set>
#include <utility>

namespace catalog {

using base::Error;
using base::ErrorKind;
using base::text;

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> names;
  std::string name;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '/') {
      if (!name.empty()) names.push_back(std::exchange(name, {}));
      continue;
    }
    if (path[i] == '\\') {
      ++i;
      if (i == path.size() || (path[i] != '/' && path[i] != '\\')) {
        throw Error{ErrorKind::usage,
                    text("folder path \"", base::printable(path),
                         "\": write a backslash as \\\\ and a slash inside a name as \\/")};
      }
    }
    name.push_back(path[i]);
  }
  if (!name.empty()) names.push_back(std::move(name));
  return names;
}

std::optional<std::string> unfit_for_a_folder(std::string_view name) {
  // The service takes 255 characters; counted as UTF-16, which the service counts by.
  constexpr std::size_t kLongestName = 255;
  const std::string shown = base::printable(name);
  if (shown != name) {
    return text("the folder name \"", shown, "\" is no UTF-8 text or contains control characters");
  }
  std::size_t units = 0;
  for (const char octet : name) {
    const auto byte = static_cast<unsigned char>(octet);
    if ((byte & 0xC0) == 0x80) continue;  // goes on with a character
    units += byte >= 0xF0 ? 2 : 1;
  }
  if (units > kLongestName) {
    return text("the folder name \"", base::printable(name.substr(0, 20)), "...\" has ", units,
                " characters; the service takes ", kLongestName);
  }
  return std::nullopt;
}

std::string join_path(const std::vector<std::string>& names) {
  std::string path;
  for (const std::string& name : names) {
    if (&name != &names.front()) path.push_back('/');
    for (const char c : name) {
      if (c == '/' || c == '\\') path.push_back('\\');
      path.push_back(c);
    }
  }
  return path;
}

FolderPaths::FolderPaths(std::vector<store::FolderEntry> folders) {
  for (store::FolderEntry& folder : folders) {
    std::string id = folder.id;
    folders_.insert_or_assign(std::move(id), std::move(folder));
  }
  choose_root();
  connect();
}

void FolderPaths::choose_root() {
  std::string nameless;
  std::vector<std::string> without_parent;
  for (const auto& [id, folder] : folders_) {
    if (base::equals_ignoring_case(folder.well_known_name, "msgfolderroot")) {
      root_ = id;
      return;
    }
    // The root can have a parent that nobody may list; but it alone has no name.
    const bool is_top = folder.parent_id.empty() || !folders_.contains(folder.parent_id);
    if (is_top && folder.display_name.empty()) nameless = id;
    if (folder.parent_id.empty()) without_parent.push_back(id);
  }
  // Several without a parent are the top level of a mailbox whose root was not listed.
  root_ = without_parent.size() == 1 ? without_parent.front() : nameless;
}

void FolderPaths::connect() {
  for (const auto& [id, folder] : folders_) {
    if (id == root_) continue;
    const bool has_parent = folders_.contains(folder.parent_id) && folder.parent_id != id;
    parents_[id] = has_parent ? folder.parent_id : root_;
  }
  // A cycle is cut at its first folder in the order of ids.
  for (const auto& [id, folder] : folders_) {
    if (id == root_) continue;
    std::string ancestor = parents_.at(id);
    for (std::size_t steps = 0; ancestor != root_ && steps < folders_.size(); ++steps) {
      if (ancestor == id) {
        parents_[id] = root_;
        break;
      }
      ancestor = parents_.at(ancestor);
    }
  }
  for (const auto& [id, parent] : parents_) children_[parent].push_back(id);
}

const store::FolderEntry& FolderPaths::folder(const std::string& folder_id) const {
  const auto found = folders_.find(folder_id);
  if (found == folders_.end()) {
    throw Error{ErrorKind::not_found,
                text("the restore point has no folder ", base::printable(folder_id))};
  }
  return found->second;
}

std::vector<std::string> FolderPaths::chain(const std::string& folder_id) const {
  std::vector<std::string> chain;
  std::string current = folder(folder_id).id;
  while (current != root_) {
    chain.push_back(current);
    current = parents_.at(current);
  }
  std::reverse(chain.begin(), chain.end());
  return chain;
}

std::vector<std::string> FolderPaths::names(const std::string& folder_id) const {
  std::vector<std::string> names;
  for (const std::string& id : chain(folder_id)) names.push_back(folders_.at(id).display_name);
  return names;
}

std::optional<std::string> FolderPaths::root() const {
  return root_.empty() ? std::nullopt : std::optional{root_};
}

std::string FolderPaths::path(const std::string& folder_id) const {
  return join_path(names(folder_id));
}

std::vector<std::string> FolderPaths::descend(const std::vector<std::string>& names,
                                              bool exactly) const {
  std::vector<std::string> level{root_};
  for (const std::string& name : names) {
    const std::string folded = fold_case(name);
    std::vector<std::string> below;
    for (const std::string& parent : level) {
      const auto children = children_.find(parent);
      if (children == children_.end()) continue;
      for (const std::string& child : children->second) {
        const std::string& candidate = folders_.at(child).display_name;
        if (exactly ? candidate == name : fold_case(candidate) == folded) below.push_back(child);
      }
    }
    level = std::move(below);
  }
  return level;
}

std::vector<std::string> FolderPaths::find(std::string_view path) const {
  if (folders_.contains(std::string{path})) return {std::string{path}};
  const std::vector<std::string> wanted = split_path(path);
  if (wanted.empty()) {
    return root_.empty() ? std::vector<std::string>{} : std::vector<std::string>{root_};
  }
  if (std::vector<std::string> found = descend(wanted, true); !found.empty()) return found;
  if (std::vector<std::string> found = descend(wanted, false); !found.empty()) return found;
  std::vector<std::string> well_known;
  for (const auto& [id, folder] : folders_) {
    if (!folder.well_known_name.empty() &&
        base::equals_ignoring_case(folder.well_known_name, path)) {
      well_known.push_back(id);
    }
  }
  return well_known;
}

std::vector<const store::FolderEntry*> FolderPaths::ordered() const {
  std::vector<std::pair<std::vector<std::string>, const store::FolderEntry*>> named;
  for (const auto& [id, folder] : folders_) {
    if (id != root_) named.emplace_back(names(id), &folder);
  }
  // By names, not by the joined text: a folder then stands right before all that lies below it.
  std::sort(named.begin(), named.end(), [](const auto& left, const auto& right) {
    return std::tie(left.first, left.second->id) < std::tie(right.first, right.second->id);
  });
  std::vector<const store::FolderEntry*> ordered;
  ordered.reserve(named.size());
  for (const auto& [path, folder] : named) ordered.push_back(folder);
  return ordered;
}

std::vector<std::string> FolderPaths::subtree(const std::string& folder_id) const {
  std::vector<std::string> found{folder(folder_id).id};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto children = children_.find(found[i]);
    if (children == children_.end()) continue;
    const std::vector<std::string>& below = children->second;
    found.insert(found.end(), below.begin(), below.end());
  }
  return found;
}

}  // namespace catalog
