#include "src/backup/relocation.h"

#include <utility>

namespace backup {

// Empty if something is missing that would tell an item from an edited one.
template <typename Item>
std::optional<Relocations::Facts> Relocations::facts_of(const Item& item) {
  if (item.change_key.empty() || !item.created || !item.modified || item.size_bytes == 0) {
    return std::nullopt;
  }
  return Facts{item.change_key, item.item_class, item.size_bytes, *item.created, *item.modified};
}

void Relocations::arrived(const graph::Item& item) {
  if (auto facts = facts_of(item)) known_.try_emplace(*std::move(facts));
}

void Relocations::left(const store::ItemEntry& item) {
  const auto facts = facts_of(item);
  if (!facts) return;
  if (const auto found = known_.find(*facts); found != known_.end()) {
    found->second.push_back({item, {}});
  }
}

bool Relocations::resembles_any(const graph::Item& item) const {
  const auto facts = facts_of(item);
  if (!facts) return false;
  const auto found = known_.find(*facts);
  return found != known_.end() && !found->second.empty();
}

std::optional<store::ItemEntry> Relocations::find(const graph::Item& item,
                                                  const std::string& search_key) {
  if (search_key.empty() || !resembles_any(item)) return std::nullopt;
  read_search_keys();
  for (const Candidate& candidate : known_.at(*facts_of(item))) {
    if (candidate.search_key == search_key) return candidate.entry;
  }
  return std::nullopt;
}

// In one pass over each folder that a candidate left.
void Relocations::read_search_keys() {
  if (std::exchange(keys_read_, true)) return;
  std::map<std::string, std::map<std::string, Candidate*>> by_folder;
  for (auto& [facts, candidates] : known_) {
    for (Candidate& candidate : candidates) {
      by_folder[candidate.entry.folder_id][candidate.entry.id] = &candidate;
    }
  }
  for (auto& [folder_id, candidates] : by_folder) {
    base_.displayed_items(
        folder_id, [&, &candidates = candidates](const store::ItemEntry& item,
                                                 const store::ItemDisplay& display) {
          if (const auto found = candidates.find(item.id); found != candidates.end()) {
            found->second->search_key = display.search_key;
            candidates.erase(found);
          }
          return !candidates.empty();
        });
  }
}

}  // namespace backup
