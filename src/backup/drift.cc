#include "src/backup/drift.h"

#include "src/base/id_set.h"

namespace backup {

void add(std::optional<Drift>& sum, const Drift& drift) {
  if (!sum) sum.emplace();
  sum->missing += drift.missing;
  sum->outdated += drift.outdated;
  sum->remaining += drift.remaining;
}

Drift measure_drift(const ToldItems& listed, const ToldItems& fed, const ToldItems& meanwhile,
                    const store::SnapshotReader& base, const std::string& folder_id,
                    const RetryItems& retry) {
  Drift drift;
  base::IdSet stored;
  const auto compare = [&](const std::string& id, const std::string& known_version) {
    const ToldItems::Told* there = listed.find(id);
    if (meanwhile.find(id) != nullptr || retry.contains(id)) return;
    if (there == nullptr || there->removed) {
      ++drift.remaining;
    } else if (there->item.change_key != known_version) {
      ++drift.outdated;
    }
  };
  base.items_of_folder(folder_id, [&](const store::ItemEntry& entry) {
    if (fed.find(entry.id) != nullptr) return true;
    stored.insert(entry.id);
    compare(entry.id, entry.change_key);
    return true;
  });
  fed.each([&](const ToldItems::Told& told) {
    if (!told.removed) compare(told.item.id, told.item.change_key);
  });
  listed.each([&](const ToldItems::Told& there) {
    const std::string& id = there.item.id;
    if (there.removed || stored.contains(id) || retry.contains(id)) return;
    const ToldItems::Told* told = fed.find(id);
    if (told != nullptr && !told->removed) return;
    if (meanwhile.find(id) == nullptr) ++drift.missing;
  });
  return drift;
}

}  // namespace backup
