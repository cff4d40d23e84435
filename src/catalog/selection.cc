#include "src/catalog/selection.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <utility>

namespace catalog {
namespace {

using base::Error;
using base::ErrorKind;
using base::text;

// The folders of the items; every item must be found.
std::map<std::string, std::set<std::string>> folders_of(const store::SnapshotReader& point,
                                                        const std::set<std::string>& items) {
  std::map<std::string, std::set<std::string>> found;
  std::set<std::string> missing = items;
  if (items.empty()) return found;
  point.items([&](const store::ItemEntry& item) {
    if (items.contains(item.id)) {
      found[item.folder_id].insert(item.id);
      missing.erase(item.id);
    }
    return true;
  });
  if (!missing.empty()) {
    throw Error{
        ErrorKind::not_found,
        text("restore point ", point.snapshot().id, " has no item ",
             base::printable(*missing.begin()),
             missing.size() > 1 ? text(", nor ", missing.size() - 1, " others asked for") : "")};
  }
  return found;
}

}  // namespace

Selected select(const store::SnapshotReader& point, const FolderPaths& paths,
                const std::vector<std::string>& folders, const std::set<std::string>& items) {
  Selected selected;
  selected.everything = folders.empty() && items.empty();
  std::set<std::string> whole;
  std::set<std::string> below;  // some other selected folder
  for (const std::string& folder : folders) {
    const std::vector<std::string> subtree = paths.subtree(folder);
    whole.insert(subtree.begin(), subtree.end());
    below.insert(subtree.begin() + 1, subtree.end());
  }
  std::map<std::string, std::set<std::string>> single = folders_of(point, items);

  std::vector<std::string> order;
  if (const auto root = paths.root()) order.push_back(*root);
  for (const store::FolderEntry* folder : paths.ordered()) order.push_back(folder->id);
  for (const std::string& id : order) {
    if (selected.everything || whole.contains(id)) {
      selected.folders.push_back({id, true, {}});
    } else if (const auto some = single.find(id); some != single.end()) {
      selected.folders.push_back({id, false, std::move(some->second)});
    } else {
      continue;
    }
    if (whole.contains(id) && !below.contains(id)) selected.tops.insert(id);
  }
  return selected;
}

SelectedSize size_of(const store::SnapshotReader& point, const Selected& selected) {
  SelectedSize size;
  for (const SelectedFolder& folder : selected.folders) {
    point.items_of_folder(folder.id, [&](const store::ItemEntry& item) {
      if (folder.whole || folder.items.contains(item.id)) {
        ++size.items;
        size.bytes += item.content.size_bytes;
      }
      return true;
    });
  }
  return size;
}

}  // namespace catalog
