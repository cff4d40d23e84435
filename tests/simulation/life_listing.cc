#include "tests/simulation/life_listing.h"

#include "src/backup/folder_tree.h"
#include "src/base/text.h"
#include "src/graph/mail_folders.h"
#include "tests/simulator/folder_stream.h"
#include "tests/simulator/item_stream.h"

#include <algorithm>
#include <optional>

namespace simulation {
namespace {

using simulator::Folder;
using simulator::Mailbox;
using simulator::Number;

std::string escaped(const std::string& name) {
  std::string text;
  for (const char each : name) {
    if (each == '/' || each == '\\') text += '\\';
    text += each;
  }
  return text;
}

bool is_backed_up(const Folder& folder) {
  graph::Folder seen;
  seen.well_known_name = folder.plan.well_known_name;
  seen.is_search_folder = folder.plan.search;
  return !backup::is_skipped_folder(seen);
}

std::string search_key_of(const simulator::Recipe& recipe) {
  return base::to_hex(simulator::facts_of(recipe).search_key);
}

// The documented form: folders that are backed up, and what they lie in.
void list_items(const Mailbox& mailbox, StreamHashes& hashes, Listing& listing) {
  for (const auto& [number, folder] : mailbox.folders()) {
    if (!is_backed_up(folder)) continue;
    for (std::optional<Number> above = number; above; above = mailbox.folder(*above).parent) {
      const Folder& one = mailbox.folder(*above);
      listing.folders[one.id] =
          one.parent ? ListedFolder{mailbox.folder(*one.parent).id, one.plan.display_name}
                     : ListedFolder{};
    }
  }
  for (const auto& [number, item] : mailbox.items()) {
    const Folder& folder = mailbox.folder(item.folder);
    if (!is_backed_up(folder)) continue;
    listing.items[{folder.id, item.id}] = {hashes.of_item(item.recipe),
                                           simulator::long_change_key(mailbox.change_key(item)),
                                           simulator::facts_of(item.recipe).subject,
                                           {search_key_of(item.recipe)}};
  }
}

bool is_mail_folder(const Folder& folder) {
  return !folder.plan.search &&
         (folder.plan.type.empty() || folder.plan.type.starts_with("IPF.Note"));
}

// The article's: a mail folder below mail folders is an item.
void list_folder_streams(const Mailbox& mailbox, Number parent, const std::string& parent_id,
                         StreamHashes& hashes, Listing& listing) {
  for (const Number number : mailbox.folder(parent).children) {
    const Folder& folder = mailbox.folder(number);
    if (!is_mail_folder(folder)) continue;
    listing.folders[folder.id] = {parent_id, folder.plan.display_name};
    ListedItem& stream = listing.items[{folder.id, folder.id}];
    stream.sha256 = hashes.of_folder(mailbox, folder);
    stream.change_key = stream.sha256;
    for (const Number item : folder.items) {
      stream.search_keys.push_back(search_key_of(mailbox.item(item).recipe));
    }
    list_folder_streams(mailbox, number, folder.id, hashes, listing);
  }
}

}  // namespace

const std::string& StreamHashes::of_item(const simulator::Recipe& recipe) {
  std::string& hash = known_[std::string{base::as_text(simulator::encode(recipe))}];
  if (hash.empty()) hash = simulator::summarize_stream(recipe).sha256.hex();
  return hash;
}

const std::string& StreamHashes::of_folder(const Mailbox& mailbox, const Folder& folder) {
  return of_recipes(simulator::recipes_in(mailbox, folder));
}

const std::string& StreamHashes::of_recipes(std::vector<simulator::Recipe> recipes) {
  std::string made_of = "folder";
  for (const simulator::Recipe& recipe : recipes) {
    made_of += base::as_text(simulator::encode(recipe));
  }
  std::string& hash = known_[made_of];
  if (hash.empty()) hash = simulator::digest_of_folder(std::move(recipes)).hex();
  return hash;
}

const ListedItem* Listing::find(const ItemPlace& place) const {
  const auto found = items.find(place);
  return found == items.end() ? nullptr : &found->second;
}

std::string Listing::path_of(const std::string& folder_id) const {
  std::string path;
  std::size_t depth = 0;
  for (auto folder = folders.find(folder_id);
       folder != folders.end() && !folder->second.display_name.empty() && depth < folders.size();
       folder = folders.find(folder->second.parent_id), ++depth) {
    const std::string name = escaped(folder->second.display_name);
    path = path.empty() ? name : base::text(name, "/", path);
  }
  return path;
}

std::set<std::string> Listing::subtree(const std::string& folder_id) const {
  std::set<std::string> found{folder_id};
  for (std::size_t before = 0; before != found.size();) {
    before = found.size();
    for (const auto& [id, folder] : folders) {
      if (found.contains(folder.parent_id)) found.insert(id);
    }
  }
  return found;
}

Listing present_listing(const Mailbox& mailbox, graph::ApiForm form, StreamHashes& hashes) {
  Listing listing;
  if (form == graph::ApiForm::items) {
    list_items(mailbox, hashes, listing);
  } else {
    listing.folders[graph::kMailRoot] = {};
    list_folder_streams(mailbox, mailbox.root(), graph::kMailRoot, hashes, listing);
  }
  return listing;
}

Listing stored_listing(const store::TenantStore& store, const store::Snapshot& snapshot) {
  Listing listing;
  const auto reader = store.open_snapshot(snapshot);
  for (const store::FolderEntry& folder : reader->folders()) {
    listing.folders[folder.id] = {folder.parent_id, folder.display_name};
  }
  reader->displayed_items(
      std::nullopt, [&](const store::ItemEntry& item, const store::ItemDisplay& display) {
        ListedItem& listed = listing.items[{item.folder_id, item.id}];
        listed = {item.content.sha256.hex(), item.change_key, display.subject};
        if (!display.search_key.empty()) {
          listed.search_keys.push_back(base::to_hex(base::as_bytes(display.search_key)));
        }
        return true;
      });
  return listing;
}

Contents contents_of(const Mailbox& mailbox, graph::ApiForm form, StreamHashes& hashes) {
  Contents contents;
  for (const auto& [number, folder] : mailbox.folders()) {
    if (folder.items.empty()) continue;
    std::multiset<Piece>& pieces = contents[mailbox.path_of(number)];
    if (form == graph::ApiForm::folder_jobs) {
      pieces.insert({"", hashes.of_folder(mailbox, folder)});
      continue;
    }
    for (const Number item : folder.items) {
      const simulator::Recipe& recipe = mailbox.item(item).recipe;
      pieces.insert({search_key_of(recipe), hashes.of_item(recipe)});
    }
  }
  return contents;
}

}  // namespace simulation
