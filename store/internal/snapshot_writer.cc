#include "src/base/error.h"
#include "src/base/text.h"
#include "store/internal/entries.h"
#include "store/internal/snapshot_maps.h"
#include "store/internal/tree_cursor.h"
#include "store/internal/tree_update.h"

#include <set>
#include <utility>

namespace store {
namespace {

// About what the containers need besides the bytes of a change.
constexpr std::size_t kChangeOverheadBytes = 160;

// One map of the snapshot, and the changes to it that are still in memory.
class PendingMap {
 public:
  PendingMap(ChunkStore& chunks, MapKind kind, std::optional<ChunkId> root)
      : chunks_(&chunks), kind_(kind), root_(root) {}

  void put(std::string key, base::Bytes value) { set(std::move(key), std::move(value)); }
  void remove(std::string key) { set(std::move(key), std::nullopt); }

  void remove_range(const std::string& from, const std::string& to) {
    const auto begin = edits_.entries.lower_bound(from);
    edits_.entries.erase(begin, edits_.entries.lower_bound(to));
    if (ranges_.insert({from, to}).second) pending_bytes_ += from.size() + to.size();
  }

  [[nodiscard]] std::size_t pending_bytes() const { return pending_bytes_; }

  void apply() {
    for (const auto& [from, to] : std::exchange(ranges_, {})) {
      edits_.removed_ranges.push_back({from, to});
    }
    root_ = update_tree(*chunks_, kind_, root_, std::exchange(edits_, {}));
    pending_bytes_ = 0;
  }

  [[nodiscard]] const std::optional<ChunkId>& root() const { return root_; }
  // Changes that wait are not looked at.
  [[nodiscard]] bool contains(std::string_view key) const {
    return find_in_tree(*chunks_, kind_, root_, key).has_value();
  }

 private:
  void set(std::string key, std::optional<base::Bytes> value) {
    pending_bytes_ += key.size() + (value ? value->size() : 0) + kChangeOverheadBytes;
    edits_.entries.insert_or_assign(std::move(key), std::move(value));
  }

  ChunkStore* chunks_;
  MapKind kind_;
  std::optional<ChunkId> root_;
  TreeEdits edits_;
  std::set<std::pair<std::string, std::string>> ranges_;  // whole folders: apart from each other
  std::size_t pending_bytes_ = 0;
};

void require_size(std::size_t size_bytes, std::size_t most_bytes, std::string_view what,
                  std::string_view id) {
  if (size_bytes <= most_bytes) return;
  throw base::Error{base::ErrorKind::protocol,
                    base::text(what, " ", id.substr(0, 200), " is described by ", size_bytes,
                               " bytes; the store takes ", most_bytes)};
}

class TreeSnapshotWriter final : public SnapshotWriter {
 public:
  TreeSnapshotWriter(ChunkStore& chunks, const SnapshotRoots& base, std::size_t buffer_bytes)
      : chunks_(&chunks),
        buffer_bytes_(buffer_bytes),
        folders_(chunks, MapKind::folders, base.folders),
        items_(chunks, MapKind::items, base.items),
        display_(chunks, MapKind::display, base.display) {}

  void put_folder(const FolderEntry& folder) override {
    base::Bytes value = encode(folder);
    require_size(value.size(), kLongestPayloadBytes, "folder", folder.id);
    std::string key = folder_key(folder.id);
    folders_.put(key, std::move(value));
    unnamed_.erase(key);
    named_.insert(std::move(key));
    after_change();
  }

  void remove_folder(const std::string& folder_id) override {
    const std::string key = folder_key(folder_id);
    folders_.remove(key);
    items_.remove_range(key, end_of_folder(key));
    display_.remove_range(key, end_of_folder(key));
    named_.erase(key);
    unnamed_.erase(key);
    last_folder_.clear();
    after_change();
  }

  void put_item(const ItemEntry& item, const ItemDisplay& display) override {
    std::string key = item_key(item.folder_id, item.id);
    base::Bytes value = encode(item);
    base::Bytes shown = encoded(display, item.id);
    require_size(key.size(), kLongestKeyBytes, "item", item.id);
    require_size(value.size(), kLongestPayloadBytes, "item", item.id);
    note_folder_of(item, key);
    items_.put(key, std::move(value));
    set_display(std::move(key), std::move(shown));
  }

  void put_display(const std::string& folder_id, const std::string& item_id,
                   const ItemDisplay& display) override {
    set_display(item_key(folder_id, item_id), encoded(display, item_id));
  }

  void remove_item(const std::string& folder_id, const std::string& item_id) override {
    const std::string key = item_key(folder_id, item_id);
    items_.remove(key);
    display_.remove(key);
    after_change();
  }

  Built finish() override {
    base::check(!finished_, "a snapshot is finished once");
    folders_.apply();
    name_folders();
    items_.apply();
    display_.apply();
    finished_ = true;
    const TreeTotals totals = tree_totals(*chunks_, MapKind::items, items_.root());
    return {{folders_.root(), items_.root(), display_.root()}, totals.entries, totals.bytes};
  }

 private:
  // Empty for what shows nothing.
  static base::Bytes encoded(const ItemDisplay& display, const std::string& item_id) {
    if (display == ItemDisplay{}) return {};
    base::Bytes shown = encode(display);
    require_size(shown.size(), kLongestPayloadBytes, "item", item_id);
    return shown;
  }

  void set_display(std::string key, base::Bytes shown) {
    if (shown.empty()) {
      display_.remove(std::move(key));  // nothing to show takes no room
    } else {
      display_.put(std::move(key), std::move(shown));
    }
    after_change();
  }

  // An item keeps its folder's id by the folder's entry: each folder must have one in the end.
  void note_folder_of(const ItemEntry& item, std::string_view key) {
    const std::string_view folder = folder_part(key);
    if (folder == last_folder_) return;
    last_folder_ = folder;
    if (!named_.contains(folder)) unnamed_.insert_or_assign(last_folder_, item.folder_id);
  }

  void name_folders() {
    for (const auto& [key, id] : unnamed_) {
      if (folders_.contains(key)) continue;
      FolderEntry folder;
      folder.id = id;
      folders_.put(key, encode(folder));
    }
    folders_.apply();
  }

  void after_change() {
    base::check(!finished_, "a finished snapshot takes no more");
    if (folders_.pending_bytes() + items_.pending_bytes() + display_.pending_bytes() <
        buffer_bytes_) {
      return;
    }
    folders_.apply();
    items_.apply();
    display_.apply();
  }

  ChunkStore* chunks_;
  std::size_t buffer_bytes_;
  PendingMap folders_;
  PendingMap items_;
  PendingMap display_;
  std::string last_folder_;
  std::set<std::string, std::less<>> named_;                 // keys of folders put in this run
  std::map<std::string, std::string, std::less<>> unnamed_;  // keys of the others with items, ids
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<SnapshotWriter> write_snapshot(ChunkStore& chunks, const SnapshotRoots& base,
                                               std::size_t buffer_bytes) {
  return std::make_unique<TreeSnapshotWriter>(chunks, base, buffer_bytes);
}

}  // namespace store
