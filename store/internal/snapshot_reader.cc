#include "src/base/error.h"
#include "store/internal/entries.h"
#include "store/internal/snapshot_maps.h"
#include "store/internal/tree_cursor.h"
#include "store/internal/tree_diff.h"

#include <utility>

namespace store {
namespace {

// The ids of the folders that keys of items stand for. Remembers the last one: items of a folder
// follow each other.
class FolderNames {
 public:
  FolderNames(const ChunkStore& chunks, const std::optional<ChunkId>& folders)
      : chunks_(&chunks), folders_(folders) {}

  const std::string& id_of(std::string_view key) {
    if (key_ != key) {
      const std::optional<base::Bytes> folder =
          find_in_tree(*chunks_, MapKind::folders, folders_, key);
      if (!folder) {
        throw base::Error{base::ErrorKind::corrupt, "an item lies in a folder that is not there"};
      }
      id_ = decode_folder(*folder).id;
      key_ = key;
    }
    return id_;
  }

 private:
  const ChunkStore* chunks_;
  std::optional<ChunkId> folders_;
  std::string key_;
  std::string id_;
};

// Display metadata beside a walk over items in ascending order.
class DisplayBeside {
 public:
  DisplayBeside(const ChunkStore& chunks, const std::optional<ChunkId>& display,
                std::string_view from)
      : cursor_(chunks, MapKind::display, display) {
    cursor_.seek(from);
  }

  ItemDisplay of(const std::string& key) {
    while (!cursor_.at_end() && cursor_.key() < key) cursor_.next();
    if (cursor_.at_end() || cursor_.key() != key) return {};
    return decode_display(cursor_.payload());
  }

 private:
  TreeCursor cursor_;
};

class TreeSnapshotReader final : public SnapshotReader {
 public:
  TreeSnapshotReader(const ChunkStore& chunks, Snapshot snapshot)
      : chunks_(&chunks), snapshot_(std::move(snapshot)) {}

  [[nodiscard]] const Snapshot& snapshot() const override { return snapshot_; }

  [[nodiscard]] std::vector<FolderEntry> folders() const override {
    std::vector<FolderEntry> folders;
    TreeCursor cursor{*chunks_, MapKind::folders, snapshot_.roots.folders};
    for (bool more = cursor.seek(""); more; more = cursor.next()) {
      folders.push_back(decode_folder(cursor.payload()));
    }
    return folders;
  }

  void items(const OnItem& on_item) const override { walk(std::nullopt, "", on_item); }

  void items_of_folder(const std::string& folder_id, const OnItem& on_item) const override {
    walk(folder_id, folder_key(folder_id), on_item);
  }

  void displayed_items(const std::optional<std::string>& folder_id,
                       const OnDisplayedItem& on_item) const override {
    const std::string from = folder_id ? folder_key(*folder_id) : std::string{};
    DisplayBeside display{*chunks_, snapshot_.roots.display, from};
    walk(folder_id, from, [&](const ItemEntry& item, const std::string& key) {
      return on_item(item, display.of(key));
    });
  }

  void displayed_items_behind(const ItemPlace& place, bool in_its_folder_only,
                              const OnDisplayedItem& on_item) const override {
    const std::string from = item_key(place.folder_id, place.item_id);
    const auto only = in_its_folder_only ? std::optional{place.folder_id} : std::nullopt;
    DisplayBeside display{*chunks_, snapshot_.roots.display, from};
    walk(only, from, [&](const ItemEntry& item, const std::string& key) {
      return key == from || on_item(item, display.of(key));
    });
  }

  [[nodiscard]] std::uint64_t count_items(const std::string& folder_id) const override {
    if (!snapshot_.roots.items) return 0;
    const std::string first = folder_key(folder_id);
    return count_between(read_node(*chunks_, MapKind::items, *snapshot_.roots.items), first,
                         end_of_folder(first));
  }

  [[nodiscard]] std::optional<ItemEntry> find(const std::string& folder_id,
                                              const std::string& item_id) const override {
    const std::string key = item_key(folder_id, item_id);
    const std::optional<base::Bytes> value =
        find_in_tree(*chunks_, MapKind::items, snapshot_.roots.items, key);
    if (!value) return std::nullopt;
    return decode_item(folder_id, key, *value);
  }

  void changes_since(const SnapshotReader& earlier, const OnChange& on_change) const override {
    const SnapshotRoots& before = earlier.snapshot().roots;
    FolderNames old_names{*chunks_, before.folders};
    FolderNames new_names{*chunks_, snapshot_.roots.folders};
    const auto decode = [](const std::string& key, const std::optional<base::ByteView>& value,
                           FolderNames& names) -> std::optional<ItemEntry> {
      if (!value) return std::nullopt;
      return decode_item(names.id_of(folder_part(key)), key, *value);
    };
    diff_trees(*chunks_, MapKind::items, before.items, snapshot_.roots.items,
               [&](const std::string& key, const auto& old_value, const auto& new_value) {
                 on_change(decode(key, old_value, old_names), decode(key, new_value, new_names));
               });
  }

 private:
  // `on_entry` takes the item, and its key if it wants it.
  template <typename OnEntry>
  void walk(const std::optional<std::string>& folder_id, std::string_view from,
            const OnEntry& on_entry) const {
    const std::string only = folder_id ? folder_key(*folder_id) : std::string{};
    FolderNames names{*chunks_, snapshot_.roots.folders};
    TreeCursor cursor{*chunks_, MapKind::items, snapshot_.roots.items};
    for (bool more = cursor.seek(from); more; more = cursor.next()) {
      const std::string& key = cursor.key();
      if (folder_id && folder_part(key) != only) return;
      const std::string& folder = folder_id ? *folder_id : names.id_of(folder_part(key));
      const ItemEntry item = decode_item(folder, key, cursor.payload());
      if constexpr (std::is_invocable_v<OnEntry, const ItemEntry&, const std::string&>) {
        if (!on_entry(item, key)) return;
      } else {
        if (!on_entry(item)) return;
      }
    }
  }

  // Entries whose keys are not below `first` and below `end`. Nodes that lie between them are
  // believed to hold what the node above says.
  [[nodiscard]] std::uint64_t count_between(const TreeNode& node, std::string_view first,
                                            std::string_view end) const {
    const std::size_t from = node.lower_bound(first);
    const std::size_t to = node.lower_bound(end);
    if (node.level() == 0) return to - from;
    std::uint64_t count = 0;
    for (std::size_t i = from; i <= to && i < node.entries().size(); ++i) {
      const bool is_whole = i != from && i != to;
      count += is_whole ? decode_node_ref(node.entries()[i].payload).totals.entries
                        : count_between(read_child(*chunks_, MapKind::items, node, i), first, end);
    }
    return count;
  }

  const ChunkStore* chunks_;
  Snapshot snapshot_;
};

}  // namespace

std::unique_ptr<SnapshotReader> read_snapshot(const ChunkStore& chunks, const Snapshot& snapshot) {
  return std::make_unique<TreeSnapshotReader>(chunks, snapshot);
}

}  // namespace store
