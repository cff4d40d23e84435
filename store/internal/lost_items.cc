#include "store/internal/lost_items.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "store/internal/pack_check.h"
#include "store/internal/snapshot_maps.h"
#include "store/internal/tree_check.h"

#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace store {
namespace {

// Answers for one content after the other; what contents share is read once.
class HeldContents {
 public:
  HeldContents(const ChunkStore& chunks, const Index& index, base::ByteView tenant_tag,
               const std::stop_token& stop)
      : check_(chunks, index, tenant_tag, verdicts_, stop, ignored_) {
    check_.stop_reporting();
  }

  [[nodiscard]] bool holds(const ContentRef& content) { return check_.is_content_sound(content); }

 private:
  ChunkVerdicts verdicts_;
  CheckReport ignored_;
  TreeCheck check_;
};

// Of a restore point, as far as its items can be listed.
std::vector<LostItem> find_lost_items(const ChunkStore& chunks, const Index& index,
                                      base::ByteView tenant_tag, const Snapshot& snapshot,
                                      const std::stop_token& stop) {
  HeldContents held{chunks, index, tenant_tag, stop};
  std::vector<LostItem> lost;
  try {
    read_snapshot(chunks, snapshot)->items([&](const ItemEntry& item) {
      if (!held.holds(item.content)) lost.push_back({item.folder_id, item.id});
      return true;
    });
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::corrupt) throw;
    // The next backup cannot read it either, and stores the whole mailbox again.
    base::log(base::LogLevel::warning, "the items of restore point ", snapshot.id, " of ",
              snapshot.address, " cannot be listed: ", error.what());
  }
  return lost;
}

}  // namespace

void note_lost_items(const std::vector<Snapshot>& shown, Index& index, const KeyRing& keys,
                     const StateRows& rows, const ChunksOf& chunks_of,
                     const std::stop_token& stop) {
  std::map<std::pair<TenantDomain, std::string>, Snapshot> newest;
  for (const Snapshot& snapshot : shown) {
    newest.insert_or_assign({snapshot.tenant, snapshot.mailbox_id}, snapshot);
  }
  for (const auto& [mailbox, snapshot] : newest) {
    const ChunkStore& chunks = chunks_of(snapshot.tenant);
    const base::ByteView tag = keys.tenant(snapshot.tenant).tag();
    std::vector<StateRow> lost;
    for (const LostItem& item : find_lost_items(chunks, index, tag, snapshot, stop)) {
      lost.push_back(rows.of_lost(snapshot.tenant, snapshot.mailbox_id, item));
    }
    if (!lost.empty()) index.apply(lost);
    // What an earlier repair noted may be whole again.
    settle_lost_items(chunks, index, rows, tag, snapshot);
  }
}

std::vector<LostItem> noted_lost_items(const Index& index, const StateRows& rows,
                                       const TenantDomain& tenant, const std::string& mailbox_id) {
  std::vector<LostItem> items;
  index.rows(Table::lost, rows.prefix(tenant, mailbox_id),
             [&](const std::string& key, base::ByteView value) {
               try {
                 items.push_back(rows.open_lost(key, value));
               } catch (const base::Error& error) {
                 if (error.kind() != base::ErrorKind::corrupt) throw;
                 base::log(base::LogLevel::warning, "a lost item is forgotten: ", error.what());
               }
             });
  return items;
}

void settle_lost_items(const ChunkStore& chunks, Index& index, const StateRows& rows,
                       base::ByteView tenant_tag, const Snapshot& snapshot) {
  std::vector<StateRow> settled;
  std::unique_ptr<SnapshotReader> reader;
  const std::stop_token never;
  HeldContents held{chunks, index, tenant_tag, never};
  try {
    for (const LostItem& item :
         noted_lost_items(index, rows, snapshot.tenant, snapshot.mailbox_id)) {
      if (!reader) reader = read_snapshot(chunks, snapshot);
      const std::optional<ItemEntry> entry = reader->find(item.folder_id, item.item_id);
      if (entry && !held.holds(entry->content)) continue;
      settled.push_back(
          {Table::lost, rows.lost_key(snapshot.tenant, snapshot.mailbox_id, item), {}});
    }
  } catch (const base::Error& error) {
    // The commit stands; an item that is exported once more costs nothing.
    if (error.kind() != base::ErrorKind::corrupt) throw;
    base::log(base::LogLevel::warning, "lost items of ", snapshot.address,
              " stay noted: ", error.what());
  }
  if (!settled.empty()) index.apply(settled);
}

}  // namespace store
