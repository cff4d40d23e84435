// Paths of folders: display names from the mailbox root down, joined by '/', a slash inside a name
// written
// '\/', a backslash '\\'.
#pragma once

#include "store/snapshot.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace catalog {

// "Inbox/Projects\/2026" -> {"Inbox", "Projects/2026"}. Empty names (a leading or doubled slash)
// are dropped. Error(usage) for a lone backslash.
std::vector<std::string> split_path(std::string_view path);
std::string join_path(const std::vector<std::string>& names);

// Why no folder can be made with this display name, as a sentence that names it; empty if it can.
std::optional<std::string> unfit_for_a_folder(std::string_view name);

// The tree of a snapshot's folders. Survives what it should not meet: cycles, missing parents
// (shown below the root), equal names under one parent (all of them are found).
class FolderPaths {
 public:
  explicit FolderPaths(std::vector<store::FolderEntry> folders);

  // The mailbox root has the empty path. Throws Error(not_found) for an id that is not there.
  [[nodiscard]] std::string path(const std::string& folder_id) const;
  [[nodiscard]] const store::FolderEntry& folder(const std::string& folder_id) const;
  [[nodiscard]] std::vector<std::string> names(const std::string& folder_id) const;
  // Ids from the top level down to the folder; empty for the mailbox root.
  [[nodiscard]] std::vector<std::string> chain(const std::string& folder_id) const;
  // Empty if the snapshot knows no root.
  [[nodiscard]] std::optional<std::string> root() const;

  // All folders of that path (equal names may lie side by side), compared exactly first, then
  // without regard to case. Also takes a well-known name ("inbox") or a folder id. Empty if there
  // is none.
  [[nodiscard]] std::vector<std::string> find(std::string_view path) const;

  // Every folder but the root, ordered by path.
  [[nodiscard]] std::vector<const store::FolderEntry*> ordered() const;
  // The folder and all below it.
  [[nodiscard]] std::vector<std::string> subtree(const std::string& folder_id) const;

 private:
  void choose_root();
  void connect();
  [[nodiscard]] std::vector<std::string> descend(const std::vector<std::string>& names,
                                                 bool exactly) const;

  std::map<std::string, store::FolderEntry> folders_;
  // As shown: every folder but the root has a parent here, and reaches the root.
  std::map<std::string, std::string> parents_;
  std::map<std::string, std::vector<std::string>> children_;
  std::string root_;  // empty if no folder is the root
};

}  // namespace catalog
