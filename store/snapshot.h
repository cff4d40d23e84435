// Restore points of mailboxes: what a mailbox held at a moment, as an immutable map.
//
// An unchanged mailbox costs one commit entry, k changes about themselves. Every snapshot is a full
// view.
#pragma once

#include "src/base/clock.h"
#include "store/content.h"
#include "store/ids.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace store {

struct FolderEntry {
  std::string id;
  std::string parent_id;  // empty for the mailbox root
  std::string display_name;
  std::string item_class;
  std::string well_known_name;

  bool operator==(const FolderEntry&) const = default;
};

// What backup, restore and verification need of an item.
struct ItemEntry {
  std::string folder_id;
  std::string id;
  std::string change_key;
  std::string item_class;
  std::optional<base::Instant> created;
  std::optional<base::Instant> modified;
  std::uint64_t size_bytes = 0;  // as the service counts
  ContentRef content;

  bool operator==(const ItemEntry&) const = default;
};

// What people look for; in a tree beside, so that nothing else need read it.
struct ItemDisplay {
  std::string subject;
  std::string sender_name;
  std::string sender_address;
  std::optional<base::Instant> received;
  std::optional<base::Instant> sent;
  std::string search_key;  // binary
  bool has_attachments = false;

  bool operator==(const ItemDisplay&) const = default;
};

// The roots of the three maps; absent where a map is empty.
struct SnapshotRoots {
  std::optional<ChunkId> folders;
  std::optional<ChunkId> items;
  std::optional<ChunkId> display;

  bool operator==(const SnapshotRoots&) const = default;
};

// How every listed item ended: listed = stored + unchanged + skipped + failed.
struct ItemCounts {
  std::uint64_t listed = 0;
  std::uint64_t stored = 0;
  std::uint64_t unchanged = 0;
  std::uint64_t skipped = 0;
  std::uint64_t failed = 0;
};

// A restore point as the commit log tells it.
struct Snapshot {
  std::string id;  // a ULID
  TenantDomain tenant;
  std::string mailbox_id;  // its identity: addresses change
  std::string address;
  std::string display_name;
  std::string purpose;  // "user", "shared", ...
  std::string policy;
  base::Instant time;  // when the run began to look at the mailbox
  bool complete = false;
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;  // of all its streams
  ItemCounts counts;        // of the run that made it
  SnapshotRoots roots;
  // The engine's own notes for the next run (cursors, retry list); opaque here. It commits with the
  // roots, so a cursor can never pass data that is not stored.
  std::optional<ContentRef> state;
};

// A snapshot that is complete in packs but not yet acknowledged; time, id and counts are the
// engine's.
using PreparedSnapshot = Snapshot;

// An item whose content the store lost: it is to be exported again, changed or not.
struct LostItem {
  std::string folder_id;
  std::string item_id;

  auto operator<=>(const LostItem&) const = default;
};

// A version of an item whose stream was stored, and that no restore point names yet.
struct ExportedItem {
  std::string item_id;
  std::string change_key;
  ContentRef content;
};

// Of an item in key order, whether or not there is one of that id. Without an id: before the first
// of the folder.
struct ItemPlace {
  std::string folder_id;
  std::string item_id;
};

// Thread-safe.
class SnapshotReader {
 public:
  virtual ~SnapshotReader() = default;

  [[nodiscard]] virtual const Snapshot& snapshot() const = 0;
  [[nodiscard]] virtual std::vector<FolderEntry> folders() const = 0;

  // Items in key order (folder, then id), streamed: memory stays at a few nodes. Visiting ends when
  // `on_item` returns false.
  using OnItem = std::function<bool(const ItemEntry&)>;
  virtual void items(const OnItem& on_item) const = 0;
  virtual void items_of_folder(const std::string& folder_id, const OnItem& on_item) const = 0;
  // The same with display metadata; empty metadata for items that have none.
  using OnDisplayedItem = std::function<bool(const ItemEntry&, const ItemDisplay&)>;
  virtual void displayed_items(const std::optional<std::string>& folder_id,
                               const OnDisplayedItem& on_item) const = 0;
  // The same from behind a place on, at the cost of finding it: a few nodes, however many items lie
  // before it.
  virtual void displayed_items_behind(const ItemPlace& place, bool in_its_folder_only,
                                      const OnDisplayedItem& on_item) const = 0;
  // At the cost of a few nodes, however many there are.
  [[nodiscard]] virtual std::uint64_t count_items(const std::string& folder_id) const = 0;

  [[nodiscard]] virtual std::optional<ItemEntry> find(const std::string& folder_id,
                                                      const std::string& item_id) const = 0;

  // The items that are not the same as in an earlier snapshot of the mailbox, in key order; the
  // side that lacks the item is empty. Reads only what differs.
  using OnChange = std::function<void(const std::optional<ItemEntry>& before,
                                      const std::optional<ItemEntry>& after)>;
  virtual void changes_since(const SnapshotReader& earlier, const OnChange& on_change) const = 0;
};

// Builds the next snapshot of a mailbox from an earlier one (or from nothing). Calls come in any
// order; the last word on a key wins. An item may name a folder that is never put: the snapshot
// then holds a folder with that id and nothing else. Memory: up to 32 MiB of changes, however many
// there are; then they are written into the trees. Used by one thread. Nothing is visible before
// Repository::commit().
class SnapshotWriter {
 public:
  virtual ~SnapshotWriter() = default;

  virtual void put_folder(const FolderEntry& folder) = 0;
  // The folder and every item in it.
  virtual void remove_folder(const std::string& folder_id) = 0;
  virtual void put_item(const ItemEntry& item, const ItemDisplay& display) = 0;
  // Of an item that is there.
  virtual void put_display(const std::string& folder_id, const std::string& item_id,
                           const ItemDisplay& display) = 0;
  virtual void remove_item(const std::string& folder_id, const std::string& item_id) = 0;

  struct Built {
    SnapshotRoots roots;
    std::uint64_t items = 0;
    std::uint64_t bytes = 0;
  };
  // The writer takes no more.
  virtual Built finish() = 0;
};

}  // namespace store
