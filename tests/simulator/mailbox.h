// One mailbox: folders, items, and the logs of changes from which delta rounds are answered.
#pragma once

#include "src/base/bytes.h"
#include "src/base/clock.h"
#include "tests/simulator/recipe.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace simulator {

using Number = std::uint64_t;  // of a folder or item within its mailbox; never used twice

struct FolderPlan {
  std::string display_name;
  std::string type;             // "IPF.Note"; empty for folders that have none
  std::string well_known_name;  // empty for folders that users made
  bool hidden = false;
  bool search = false;
  std::uint64_t unlisted_items = 0;  // counted by the service, never listed
};

struct Folder {
  Number number = 0;
  std::string id;
  std::optional<Number> parent;
  FolderPlan plan;
  std::vector<std::pair<std::string, std::string>> properties;  // extended, as a client set them
  std::set<Number> items;
  std::set<Number> children;
};

struct Item {
  Number number = 0;
  std::string id;            // changes with each move
  std::string immutable_id;  // survives moves
  Number folder = 0;
  std::uint32_t moves = 0;
  std::uint64_t version = 0;
  base::Instant created{};
  base::Instant modified{};
  Recipe recipe;
  std::uint64_t size_bytes = 0;  // as the store counts: less than the stream
};

// An item as a delta round reports it: what happened to it in one folder.
struct ItemChange {
  std::uint64_t sequence = 0;
  Number item = 0;
  std::string id;
  std::string immutable_id;
  enum class What : std::uint8_t { present, moved_away, deleted } what = What::present;
};

struct FolderChange {
  std::uint64_t sequence = 0;
  Number folder = 0;
  std::string id;
  std::optional<Number> parent;  // at that time
  bool deleted = false;
};

// Not thread-safe.
class Mailbox {
 public:
  // `identity` makes its ids different from those of all other mailboxes. The root folder is there.
  Mailbox(std::string id, std::uint64_t identity, std::uint32_t viewer);

  [[nodiscard]] const std::string& id() const { return id_; }
  // Which copy of a message is this mailbox's.
  [[nodiscard]] std::uint32_t viewer() const { return viewer_; }
  [[nodiscard]] Number root() const { return root_; }
  [[nodiscard]] const std::map<Number, Folder>& folders() const { return folders_; }
  [[nodiscard]] const std::map<Number, Item>& items() const { return items_; }
  [[nodiscard]] const Folder& folder(Number number) const { return folders_.at(number); }
  [[nodiscard]] const Item& item(Number number) const { return items_.at(number); }

  // By id or well-known name; null if there is none.
  [[nodiscard]] const Folder* find_folder(std::string_view id_or_name) const;
  // By either form of the id; null if there is none.
  [[nodiscard]] const Item* find_item(std::string_view id) const;
  // Without regard to case; null if there is none.
  [[nodiscard]] const Folder* find_child(Number parent, std::string_view display_name) const;
  // Names from the root down, joined by '/'; '/' and '\' in a name are escaped by '\'.
  [[nodiscard]] std::string path_of(Number folder) const;

  Number add_folder(Number parent, FolderPlan plan);
  void rename_folder(Number folder, std::string display_name);
  void move_folder(Number folder, Number parent);
  void set_folder_properties(Number folder,
                             std::vector<std::pair<std::string, std::string>> properties);
  // With all that is in it.
  void remove_folder(Number folder);

  Number add_item(Number folder, const Recipe& recipe, base::Instant now);
  void change_item(Number item, const Recipe& recipe, base::Instant now);
  void move_item(Number item, Number folder, base::Instant now);
  void remove_item(Number item);

  // Of the newest change.
  [[nodiscard]] std::uint64_t sequence() const { return sequence_; }
  // Oldest first. Empty for unknown folders.
  [[nodiscard]] const std::vector<ItemChange>& item_changes(Number folder) const;
  [[nodiscard]] const std::vector<FolderChange>& folder_changes() const { return folder_changes_; }

  // The 22 bytes that name an item's state.
  [[nodiscard]] base::Bytes change_key(const Item& item) const;

 private:
  [[nodiscard]] std::string make_id(char kind, Number number, std::uint32_t moves) const;
  void log_item(const Item& item, ItemChange::What what);
  void log_folder(const Folder& folder, bool deleted);

  std::string id_;
  std::uint64_t identity_;
  std::uint32_t viewer_;
  Number root_ = 0;
  Number next_number_ = 1;
  std::uint64_t sequence_ = 0;
  std::map<Number, Folder> folders_;
  std::map<Number, Item> items_;
  std::unordered_map<std::string, Number> folder_ids_;
  std::unordered_map<std::string, Number> item_ids_;
  std::map<Number, std::vector<ItemChange>> item_changes_;
  std::vector<FolderChange> folder_changes_;
};

// Whether a text could be an id at all; the service answers differently to what could not.
bool looks_like_id(std::string_view text);
// The two spellings of a change key: lists, delta and export; and the import answer.
std::string long_change_key(base::ByteView change_key);
std::string short_change_key(base::ByteView change_key);

}  // namespace simulator
