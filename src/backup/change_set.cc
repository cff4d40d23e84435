#include "src/backup/change_set.h"

#include "src/backup/accounting.h"
#include "src/base/id_set.h"
#include "src/base/text.h"

#include <optional>
#include <utility>
#include <variant>

namespace backup {
namespace {

using base::text;

// A new version starts with a clean record.
std::uint32_t attempts_of(const graph::Item& item, const RetryItems& retry) {
  const auto known = retry.find(item.id);
  if (known == retry.end() || known->second.item.change_key != item.change_key) return 0;
  return known->second.attempts;
}

// An item that nobody told of, as it was when it was stored.
graph::Item item_of(const store::ItemEntry& entry) {
  graph::Item item;
  item.id = entry.id;
  item.change_key = entry.change_key;
  item.item_class = entry.item_class;
  item.created = entry.created;
  item.modified = entry.modified;
  item.size_bytes = entry.size_bytes;
  return item;
}

}  // namespace

void ToldItems::tell(graph::ItemChange change) {
  Told told;
  if (auto* removed = std::get_if<graph::ItemRemoved>(&change)) {
    told.item.id = std::move(removed->id);
    told.removed = true;
  } else {
    told.item = std::move(std::get<graph::Item>(change));
  }
  const auto known = index_.find(told.item.id);
  if (known == index_.end()) {
    told_.push_back(std::move(told));
    index_.emplace(told_.back().item.id, &told_.back());
    return;
  }
  // Field by field: the id stays where it is, because the index views it.
  Told& slot = *known->second;
  slot.removed = told.removed;
  slot.item.change_key = std::move(told.item.change_key);
  slot.item.item_class = std::move(told.item.item_class);
  slot.item.created = told.item.created;
  slot.item.modified = told.item.modified;
  slot.item.size_bytes = told.item.size_bytes;
}

const ToldItems::Told* ToldItems::find(std::string_view id) const {
  const auto found = index_.find(id);
  return found == index_.end() ? nullptr : found->second;
}

ChangeSet compare_incremental(ToldItems told, const store::SnapshotReader* base,
                              const std::string& folder_id, std::uint64_t stored_items,
                              const RetryItems& retry, const LostItems& lost) {
  ChangeSet changes;
  changes.stored_before = stored_items;
  const auto stored = [&](const std::string& id) {
    return base == nullptr ? std::nullopt : base->find(folder_id, id);
  };
  std::vector<Wanted> untold;
  for (const auto& [id, known] : retry) {
    if (told.find(id) != nullptr) continue;
    untold.push_back({known.item, stored(id).has_value(), known.attempts});
  }
  for (const std::string& id : lost) {
    if (told.find(id) != nullptr || retry.contains(id)) continue;
    if (const auto entry = stored(id)) untold.push_back({item_of(*entry), true, 0});
  }
  told.consume([&](ToldItems::Told next) {
    graph::Item& item = next.item;
    const std::optional<store::ItemEntry> entry = stored(item.id);
    const std::uint32_t attempts = attempts_of(item, retry);
    if (next.removed) {
      if (entry) changes.gone.push_back(std::move(item.id));
    } else if (!entry) {
      changes.arrived.push_back({std::move(item), false, attempts});
    } else if (entry->change_key != item.change_key || lost.contains(item.id)) {
      changes.wanted.push_back({std::move(item), true, attempts});
    }
  });
  for (Wanted& wanted : untold) changes.wanted.push_back(std::move(wanted));
  std::uint64_t replaced = 0;
  for (const Wanted& wanted : changes.wanted) replaced += wanted.stored_before ? 1 : 0;
  if (changes.gone.size() + replaced > stored_items) {
    throw BrokenAccount{text("folder ", folder_id, " lost ", changes.gone.size(), " and changed ",
                             replaced, " of only ", stored_items, " stored items")};
  }
  changes.unchanged = stored_items - changes.gone.size() - replaced;
  changes.listed = changes.unchanged + changes.wanted.size() + changes.arrived.size();
  return changes;
}

ChangeSet compare_full(ToldItems told, const store::SnapshotReader* base,
                       const std::string& folder_id, const RetryItems& retry,
                       const LostItems& lost) {
  ChangeSet changes;
  base::IdSet stored;
  const auto compare = [&](const store::ItemEntry& entry) {
    ++changes.stored_before;
    const ToldItems::Told* found = told.find(entry.id);
    if (found == nullptr || found->removed) {
      changes.gone.push_back(entry.id);
      return true;
    }
    stored.insert(entry.id);
    if (found->item.change_key == entry.change_key && !lost.contains(entry.id)) {
      ++changes.unchanged;
    } else {
      changes.wanted.push_back({found->item, true, attempts_of(found->item, retry)});
    }
    return true;
  };
  if (base != nullptr) base->items_of_folder(folder_id, compare);
  told.consume([&](ToldItems::Told next) {
    if (next.removed) return;
    ++changes.listed;
    if (stored.contains(next.item.id)) return;
    const std::uint32_t attempts = attempts_of(next.item, retry);
    changes.arrived.push_back({std::move(next.item), false, attempts});
  });
  return changes;
}

}  // namespace backup
