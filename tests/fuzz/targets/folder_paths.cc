#include "src/catalog/folder_paths.h"

#include "src/base/text.h"
#include "tests/fuzz/targets.h"

#include <set>

namespace fuzz {
namespace {

void check_path(std::string_view text) {
  const auto names =
      unless_refused({base::ErrorKind::usage}, [&] { return catalog::split_path(text); });
  if (!names) return;
  hold(catalog::split_path(catalog::join_path(*names)) == *names, "a printed path is read back");
  for (const std::string& name : *names) hold(!name.empty(), "no name of a path is empty");
}

// Ids are few, so that parents meet, and cycles too.
std::vector<store::FolderEntry> folders_of(InputReader& input) {
  std::vector<store::FolderEntry> folders(input.octet() % 12);
  for (store::FolderEntry& folder : folders) {
    const std::uint8_t ids = input.octet();
    folder.id = base::text("id-", ids % 16);
    if (ids / 16 != 15) folder.parent_id = base::text("id-", ids / 16);
    folder.display_name = base::as_text(input.take(input.octet() % 8));
    if (input.octet() % 8 == 0) folder.well_known_name = "inbox";
  }
  return folders;
}

void check_tree(const std::vector<store::FolderEntry>& folders) {
  const catalog::FolderPaths paths{folders};
  const auto root = paths.root();
  std::size_t shown = 0;
  for (const store::FolderEntry* folder : paths.ordered()) {
    ++shown;
    const std::string path = paths.path(folder->id);
    const auto chain = paths.chain(folder->id);
    hold(!chain.empty() && chain.back() == folder->id, "a chain ends at its folder");
    const auto below = paths.subtree(folder->id);
    hold(std::ranges::find(below, folder->id) != below.end(), "a folder is part of itself");
    const auto names = paths.names(folder->id);
    const bool nameless = std::ranges::any_of(names, &std::string::empty);
    if (nameless || names.empty()) continue;
    // An id is taken for one, whatever a folder is called.
    if (std::ranges::any_of(folders, [&](const auto& other) { return other.id == path; })) continue;
    const auto found = paths.find(path);
    hold(std::ranges::find(found, folder->id) != found.end(), "a folder is found by its path");
  }
  std::set<std::string> ids;
  for (const store::FolderEntry& folder : folders) ids.insert(folder.id);
  hold(shown + (root ? 1 : 0) == ids.size(), "no folder is lost, whatever its parents");
}

}  // namespace

void fuzz_folder_paths(base::ByteView input) {
  check_path(base::as_text(input));
  InputReader reader{input};
  check_tree(folders_of(reader));
}

}  // namespace fuzz
