#include "src/catalog/difference.h"

#include "src/base/error.h"
#include "src/catalog/moves.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace catalog {
namespace {

using What = ItemDifference::What;
using store::ItemEntry;
using store::SnapshotReader;

// Waiting for their metadata: each walk through a folder costs the folder, each item here memory.
constexpr std::size_t kMostWaiting = 10'000;

void stop_if_asked(const std::stop_token& stop) {
  if (stop.stop_requested()) {
    throw base::Error{base::ErrorKind::cancelled, "the comparison was stopped"};
  }
}

std::map<std::string, std::string> paths_of(const FolderPaths& folders) {
  std::map<std::string, std::string> paths;
  for (const store::FolderEntry* folder : folders.ordered()) {
    paths.emplace(folder->id, folders.path(folder->id));
  }
  return paths;
}

DifferenceCounts::Folders compare_folders(const ComparedPoint& from, const ComparedPoint& to,
                                          const OnDifference& on_difference) {
  using FolderWhat = FolderDifference::What;
  const std::map<std::string, std::string> before = paths_of(from.paths);
  const std::map<std::string, std::string> after = paths_of(to.paths);
  std::vector<FolderDifference> differences;
  DifferenceCounts::Folders counts;
  for (const auto& [id, path] : after) {
    const auto old = before.find(id);
    if (old == before.end()) {
      ++counts.added;
      differences.push_back({FolderWhat::added, to.paths.folder(id), path, ""});
    } else if (old->second != path) {
      ++counts.renamed;
      differences.push_back({FolderWhat::renamed, to.paths.folder(id), path, old->second});
    }
  }
  for (const auto& [id, path] : before) {
    if (after.contains(id)) continue;
    ++counts.removed;
    differences.push_back({FolderWhat::removed, from.paths.folder(id), path, ""});
  }
  std::ranges::stable_sort(differences, {}, &FolderDifference::path);
  for (const FolderDifference& difference : differences) on_difference.folder(difference);
  return counts;
}

// The items whose entries differ; in the same order each time.
void for_each_change(const SnapshotReader& from, const SnapshotReader& to,
                     const std::stop_token& stop, const SnapshotReader::OnChange& on_change) {
  if (from.snapshot().tenant == to.snapshot().tenant) {
    to.changes_since(from, [&](const auto& before, const auto& after) {
      stop_if_asked(stop);
      on_change(before, after);
    });
    return;
  }
  // Made under another name of the tenant: its trees are those of another store.
  to.items([&](const ItemEntry& after) {
    stop_if_asked(stop);
    const std::optional<ItemEntry> before = from.find(after.folder_id, after.id);
    if (before != after) on_change(before, after);
    return true;
  });
  from.items([&](const ItemEntry& before) {
    stop_if_asked(stop);
    if (!to.find(before.folder_id, before.id)) on_change(before, std::nullopt);
    return true;
  });
}

bool is_changed(const ItemEntry& before, const ItemEntry& after) {
  return before.change_key != after.change_key || before.content.sha256 != after.content.sha256;
}

const ItemEntry& shown(const ItemDifference& difference) {
  return difference.after ? *difference.after : *difference.before;
}

class ItemComparison {
 public:
  ItemComparison(const SnapshotReader& from, const SnapshotReader& to,
                 const OnDifference& on_difference, std::stop_token stop)
      : from_(from), to_(to), on_difference_(on_difference), stop_(std::move(stop)) {}

  DifferenceCounts::Items run() {
    for_each_change(from_, to_, stop_, [&](const auto& before, const auto& after) {
      if (before && !after) moves_.went(*before);
      if (after && !before) moves_.came(*after);
    });
    moves_.pair();
    if (moves_.gave_other_ids()) remember_ids();
    tell();
    const std::uint64_t differing = counts_.added + counts_.changed + counts_.moved;
    counts_.unchanged = to_.snapshot().items - std::min(differing, to_.snapshot().items);
    return counts_;
  }

 private:
  // Of the items that have another id since.
  void remember_ids() {
    Moves::Number went = 0;
    for_each_change(from_, to_, stop_, [&](const auto& before, const auto& after) {
      if (!before || after) return;
      if (moves_.has_another_id(went)) old_ids_[went] = before->id;
      ++went;
    });
  }

  void tell() {
    Moves::Number went = 0;
    Moves::Number came = 0;
    for_each_change(from_, to_, stop_, [&](const auto& before, const auto& after) {
      if (before && after) {
        if (is_changed(*before, *after)) add({What::changed, before, after, {}, false});
      } else if (before) {
        if (!moves_.is_origin(went++)) add({What::removed, before, {}, {}, false});
      } else {
        add(came_or_moved(came++, *after));
      }
    });
    tell_waiting();
  }

  ItemDifference came_or_moved(Moves::Number came, const ItemEntry& after) const {
    const std::optional<Moves::Origin> origin = moves_.origin(came);
    if (!origin) return {What::added, std::nullopt, after, {}, false};
    const std::string& id = origin->by_id ? after.id : old_ids_.at(origin->went);
    const std::string& folder = moves_.folder(origin->went);
    std::optional<ItemEntry> before = from_.find(folder, id);
    if (!before) {
      throw base::Error{base::ErrorKind::corrupt, "an item is listed in a folder, and not found"};
    }
    return {What::moved, std::move(before), after, {}, !origin->by_id};
  }

  void add(ItemDifference difference) {
    const bool is_elsewhere =
        !waiting_.empty() && shown(waiting_.front()).folder_id != shown(difference).folder_id;
    if (is_elsewhere || waiting_.size() == kMostWaiting) tell_waiting();
    waiting_.push_back(std::move(difference));
  }

  void tell_waiting() {
    fill_in(from_, false);
    fill_in(to_, true);
    for (const ItemDifference& difference : waiting_) {
      count(difference.what);
      on_difference_.item(difference);
    }
    waiting_.clear();
  }

  // The metadata of those whose place is in this restore point.
  void fill_in(const SnapshotReader& point, bool is_after) {
    std::unordered_map<std::string_view, ItemDifference*> wanted;
    for (ItemDifference& difference : waiting_) {
      if (difference.after.has_value() == is_after) {
        wanted.emplace(shown(difference).id, &difference);
      }
    }
    if (wanted.empty()) return;
    point.displayed_items(shown(waiting_.front()).folder_id,
                          [&](const ItemEntry& item, const store::ItemDisplay& display) {
                            stop_if_asked(stop_);
                            const auto found = wanted.find(item.id);
                            if (found == wanted.end()) return true;
                            found->second->display = display;
                            wanted.erase(found);
                            return !wanted.empty();
                          });
  }

  void count(What what) {
    switch (what) {
      case What::added:
        ++counts_.added;
        break;
      case What::removed:
        ++counts_.removed;
        break;
      case What::changed:
        ++counts_.changed;
        break;
      case What::moved:
        ++counts_.moved;
        break;
    }
  }

  const SnapshotReader& from_;
  const SnapshotReader& to_;
  const OnDifference& on_difference_;
  std::stop_token stop_;
  Moves moves_;
  std::unordered_map<Moves::Number, std::string> old_ids_;
  std::vector<ItemDifference> waiting_;  // all of one folder
  DifferenceCounts::Items counts_;
};

}  // namespace

DifferenceCounts compare(const ComparedPoint& from, const ComparedPoint& to,
                         const OnDifference& on_difference, std::stop_token stop) {
  DifferenceCounts counts;
  counts.folders = compare_folders(from, to, on_difference);
  counts.items = ItemComparison{from.reader, to.reader, on_difference, std::move(stop)}.run();
  return counts;
}

}  // namespace catalog
