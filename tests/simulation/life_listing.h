// What a mailbox holds at one moment, item by item: as the tenant has it, and as a restore point
// says it was.
#pragma once

#include "src/graph/api_form.h"
#include "store/repository.h"
#include "tests/simulator/mailbox.h"

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace simulation {

// Hashes of streams (hexadecimal); each is made once, however often it is asked for.
class StreamHashes {
 public:
  const std::string& of_item(const simulator::Recipe& recipe);
  const std::string& of_folder(const simulator::Mailbox& mailbox, const simulator::Folder& folder);
  const std::string& of_empty_folder() { return of_recipes({}); }

 private:
  const std::string& of_recipes(std::vector<simulator::Recipe> recipes);

  std::unordered_map<std::string, std::string> known_;  // by what the stream is made of
};

struct ListedFolder {
  std::string parent_id;
  std::string display_name;

  bool operator==(const ListedFolder&) const = default;
};

struct ListedItem {
  std::string sha256;
  std::string change_key;
  std::string subject;
  // Of the item; of all that lie in it where a folder is an item.
  std::vector<std::string> search_keys{};

  [[nodiscard]] bool is_version_of(const ListedItem& other) const {
    return sha256 == other.sha256 && change_key == other.change_key;
  }
};

using ItemPlace = std::pair<std::string, std::string>;  // ids of the folder and of the item

struct Listing {
  std::map<std::string, ListedFolder> folders;  // by id
  std::map<ItemPlace, ListedItem> items;

  // Null if it is not there.
  [[nodiscard]] const ListedItem* find(const ItemPlace& place) const;
  // Names from the root down, written as coffer writes them; empty for the root.
  [[nodiscard]] std::string path_of(const std::string& folder_id) const;
  // The folder and all below it.
  [[nodiscard]] std::set<std::string> subtree(const std::string& folder_id) const;
};

// All that is to be backed up.
Listing present_listing(const simulator::Mailbox& mailbox, graph::ApiForm form,
                        StreamHashes& hashes);
Listing stored_listing(const store::TenantStore& store, const store::Snapshot& snapshot);

// A stream that lies in a folder, whatever its ids.
struct Piece {
  std::string search_key;  // empty where a folder is an item
  std::string sha256;

  auto operator<=>(const Piece&) const = default;
};
using Contents = std::map<std::string, std::multiset<Piece>>;  // by folder path

// Of all folders; those without items are left out.
Contents contents_of(const simulator::Mailbox& mailbox, graph::ApiForm form, StreamHashes& hashes);

}  // namespace simulation
