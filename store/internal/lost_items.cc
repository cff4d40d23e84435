#include "store/internal/lost_items.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "store/internal/entries.h"
#include "store/internal/pack_check.h"
#include "store/internal/snapshot_maps.h"
#include "store/internal/tree_check.h"
#include "store/internal/tree_cursor.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace store {
namespace {

// Walks the damaged parts of item maps; what cannot be read of them costs no more than itself.
class LostItemWalk {
 public:
  LostItemWalk(const ChunkStore& chunks, const Index& index, base::ByteView tenant_tag,
               const std::stop_token& stop)
      : chunks_(&chunks), check_(chunks, index, tenant_tag, verdicts_, stop, ignored_) {
    check_.stop_reporting();
  }

  void run(const Snapshot& snapshot) {
    if (check_.is_map_sound(MapKind::items, snapshot.roots.items)) return;
    snapshot_ = &snapshot;
    try_to([&] { look_into(read_node(*chunks_, MapKind::items, *snapshot.roots.items)); });
  }

  [[nodiscard]] const std::vector<LostItem>& lost() const { return lost_; }
  // False if items may be lost of which nobody can tell the names.
  [[nodiscard]] bool is_complete() const { return is_complete_; }

 private:
  void look_into(const TreeNode& node) {
    for (std::size_t i = 0; i < node.entries().size(); ++i) {
      const TreeEntry& entry = node.entries()[i];
      if (node.level() == 0) {
        if (!check_.is_entry_sound(MapKind::items, entry)) try_to([&] { note(entry.key); });
      } else if (!check_.is_child_sound(MapKind::items, node, i)) {
        try_to([&] { look_into(read_child(*chunks_, MapKind::items, node, i)); });
      }
    }
  }

  void note(const std::string& key) {
    const std::optional<base::Bytes> folder =
        find_in_tree(*chunks_, MapKind::folders, snapshot_->roots.folders, folder_part(key));
    if (!folder) throw base::Error{base::ErrorKind::corrupt, "its folder is not there"};
    lost_.push_back({decode_folder(*folder).id, item_id(key)});
  }

  // The next backup cannot read it either where it has to, and stores the whole mailbox again.
  template <typename Act>
  void try_to(Act act) {
    try {
      act();
    } catch (const base::Error& error) {
      if (error.kind() == base::ErrorKind::cancelled) throw;
      base::log(base::LogLevel::warning, "some items of restore point ", snapshot_->id, " of ",
                snapshot_->address, " cannot be listed: ", error.what());
      is_complete_ = false;
    }
  }

  const ChunkStore* chunks_;
  ChunkVerdicts verdicts_;
  CheckReport ignored_;
  TreeCheck check_;
  const Snapshot* snapshot_ = nullptr;
  std::vector<LostItem> lost_;
  bool is_complete_ = true;
};

// No mailbox's rows begin like this.
constexpr const char* kSurveyed = "surveyed";
constexpr const char* kDamagedSince = "damaged-since";

}  // namespace

void note_lost_items(const RepositoryState& state, Index& index, const KeyRing& keys,
                     const StateRows& rows, const ChunksOf& chunks_of,
                     const std::stop_token& stop) {
  for (const auto& [mailbox, bases] : state.possible_bases()) {
    const auto& [tenant, mailbox_id] = mailbox;
    LostItemWalk walk{chunks_of(tenant), index, keys.tenant(tenant).tag(), stop};
    for (const Snapshot& base : bases) walk.run(base);
    std::map<std::string, StateRow> changes;
    if (walk.is_complete()) {
      // What an earlier repair noted may be whole again.
      for (const LostItem& item : noted_lost_items(index, rows, tenant, mailbox_id)) {
        const std::string key = rows.lost_key(tenant, mailbox_id, item);
        changes[key] = {Table::lost, key, {}};
      }
    }
    for (const LostItem& item : walk.lost()) {
      StateRow row = rows.of_lost(tenant, mailbox_id, item);
      const std::string key = row.key;
      changes.insert_or_assign(key, std::move(row));
    }
    std::vector<StateRow> batch;
    for (auto& [key, row] : changes) batch.push_back(std::move(row));
    if (!batch.empty()) index.apply(batch);
  }
}

void survey_once(const RepositoryState& state, Index& index, const KeyRing& keys,
                 const StateRows& rows, const ChunksOf& chunks_of) {
  bool is_surveyed = false;
  index.rows(Table::lost, kSurveyed,
             [&](const std::string&, base::ByteView) { is_surveyed = true; });
  if (is_surveyed) return;
  note_lost_items(state, index, keys, rows, chunks_of, {});
  const StateRow mark{Table::lost, kSurveyed, base::Bytes{1}};
  index.apply({&mark, 1});
}

void note_damaged_since(Index& index, std::optional<base::Instant> since) {
  StateRow row{Table::lost, kDamagedSince, {}};
  if (since) {
    row.value.emplace(sizeof(std::int64_t));
    base::store_le(row.value->data(), base::to_milliseconds(*since));
  }
  index.apply({&row, 1});
}

std::optional<base::Instant> damaged_since(const Index& index) {
  std::optional<base::Instant> since;
  index.rows(Table::lost, kDamagedSince, [&](const std::string&, base::ByteView value) {
    if (value.size() != sizeof(std::int64_t)) return;
    since = base::from_milliseconds(base::load_le<std::int64_t>(value.data()));
  });
  return since;
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
  const ChunkVerdicts verdicts;
  const std::stop_token never;
  CheckReport ignored;
  TreeCheck held{chunks, index, tenant_tag, verdicts, never, ignored};
  try {
    for (const LostItem& item :
         noted_lost_items(index, rows, snapshot.tenant, snapshot.mailbox_id)) {
      if (!reader) reader = read_snapshot(chunks, snapshot);
      const std::optional<ItemEntry> entry = reader->find(item.folder_id, item.item_id);
      if (entry && !held.is_content_sound(entry->content)) continue;
      settled.push_back(
          {Table::lost, rows.lost_key(snapshot.tenant, snapshot.mailbox_id, item), {}});
    }
    if (!settled.empty()) index.apply(settled);
  } catch (const base::Error& error) {
    // The commit stands; an item that is exported once more costs nothing.
    base::log(base::LogLevel::warning, "lost items of ", snapshot.address,
              " stay noted: ", error.what());
  }
}

}  // namespace store
