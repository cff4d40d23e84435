#include "tests/simulator/mailbox.h"

#include "src/base/base64.h"
#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/text.h"
#include "tests/simulator/random.h"

#include <algorithm>
#include <array>

namespace simulator {
namespace {

constexpr std::array<std::byte, 8> kChangeKeyPrefix = {
    std::byte{0x09}, std::byte{0}, std::byte{0}, std::byte{0},
    std::byte{0x16}, std::byte{0}, std::byte{0}, std::byte{0}};

// The service's store counts less than it exports, and not always by the same factor.
std::uint64_t counted_size(const Recipe& recipe, Number number) {
  const std::uint64_t percent = 60 + mix({recipe.message, number}) % 25;
  return 400 + recipe.content_bytes / 100 * percent + recipe.revision;
}

std::string escaped(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c == '/' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

}  // namespace

bool looks_like_id(std::string_view text) {
  return text.size() >= 80 && text.starts_with("AAMk") &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '=';
         });
}

std::string long_change_key(base::ByteView change_key) {
  base::Bytes bytes = base::to_bytes(kChangeKeyPrefix);
  base::append(bytes, change_key);
  return base::base64_encode(bytes);
}

std::string short_change_key(base::ByteView change_key) { return base::base64_encode(change_key); }

Mailbox::Mailbox(std::string id, std::uint64_t identity, std::uint32_t viewer)
    : id_(std::move(id)), identity_(identity), viewer_(viewer) {
  root_ = next_number_++;
  Folder root;
  root.number = root_;
  root.id = make_id('f', root_, 0);
  root.plan.display_name = "Top of Information Store";
  root.plan.type = "IPF";
  root.plan.well_known_name = "msgfolderroot";
  folder_ids_.emplace(root.id, root_);
  log_folder(folders_.emplace(root_, std::move(root)).first->second, false);
}

// Like the service's: a common start for all ids of a mailbox, '-' and '_' inside, '=' at the end.
std::string Mailbox::make_id(char kind, Number number, std::uint32_t moves) const {
  base::Bytes bytes = {std::byte{0x00}, std::byte{0x03}, std::byte{0x24}};
  base::append(bytes, base::sha256(base::as_bytes(base::text("mailbox ", identity_))).view());
  base::append(
      bytes, base::sha256(base::as_bytes(base::text(identity_, " ", kind, " ", number, " ", moves)))
                 .view());
  std::string id = base::base64_encode(bytes);
  std::replace(id.begin(), id.end(), '+', '-');
  std::replace(id.begin(), id.end(), '/', '_');
  return id;
}

base::Bytes Mailbox::change_key(const Item& item) const {
  const base::Sha256 digest = base::sha256(
      base::as_bytes(base::text(identity_, " change ", item.number, " ", item.version)));
  return base::to_bytes(digest.view().first(22));
}

const Folder* Mailbox::find_folder(std::string_view id_or_name) const {
  if (const auto found = folder_ids_.find(std::string{id_or_name}); found != folder_ids_.end()) {
    return &folders_.at(found->second);
  }
  for (const auto& [number, folder] : folders_) {
    if (!folder.plan.well_known_name.empty() &&
        base::equals_ignoring_case(folder.plan.well_known_name, id_or_name)) {
      return &folder;
    }
  }
  return nullptr;
}

const Item* Mailbox::find_item(std::string_view id) const {
  const auto found = item_ids_.find(std::string{id});
  return found == item_ids_.end() ? nullptr : &items_.at(found->second);
}

const Folder* Mailbox::find_child(Number parent, std::string_view display_name) const {
  for (const Number child : folders_.at(parent).children) {
    const Folder& folder = folders_.at(child);
    if (base::equals_ignoring_case(folder.plan.display_name, display_name)) return &folder;
  }
  return nullptr;
}

std::string Mailbox::path_of(Number number) const {
  const Folder& folder = folders_.at(number);
  if (!folder.parent) return "";
  const std::string above = path_of(*folder.parent);
  return above.empty() ? escaped(folder.plan.display_name)
                       : above + "/" + escaped(folder.plan.display_name);
}

Number Mailbox::add_folder(Number parent, FolderPlan plan) {
  const Number number = next_number_++;
  Folder folder;
  folder.number = number;
  folder.id = make_id('f', number, 0);
  folder.parent = parent;
  folder.plan = std::move(plan);
  folder_ids_.emplace(folder.id, number);
  folders_.at(parent).children.insert(number);
  log_folder(folders_.emplace(number, std::move(folder)).first->second, false);
  return number;
}

void Mailbox::rename_folder(Number number, std::string display_name) {
  Folder& folder = folders_.at(number);
  folder.plan.display_name = std::move(display_name);
  log_folder(folder, false);
}

void Mailbox::move_folder(Number number, Number parent) {
  Folder& folder = folders_.at(number);
  base::check(folder.parent.has_value(), "the root folder is never moved");
  for (std::optional<Number> above = parent; above; above = folders_.at(*above).parent) {
    base::check(*above != number, "a folder is never moved below itself");
  }
  log_folder(folder, true);  // gone for those who watch the old parent
  folders_.at(*folder.parent).children.erase(number);
  folders_.at(parent).children.insert(number);
  folder.parent = parent;
  log_folder(folder, false);
}

void Mailbox::set_folder_properties(Number number,
                                    std::vector<std::pair<std::string, std::string>> properties) {
  Folder& folder = folders_.at(number);
  folder.properties = std::move(properties);
  log_folder(folder, false);
}

void Mailbox::remove_folder(Number number) {
  base::check(number != root_, "the root folder is never removed");
  while (!folders_.at(number).children.empty()) {
    remove_folder(*folders_.at(number).children.begin());
  }
  while (!folders_.at(number).items.empty()) remove_item(*folders_.at(number).items.begin());
  const auto found = folders_.find(number);
  log_folder(found->second, true);
  folders_.at(*found->second.parent).children.erase(number);
  folder_ids_.erase(found->second.id);
  item_changes_.erase(number);
  folders_.erase(found);
}

Number Mailbox::add_item(Number folder, const Recipe& recipe, base::Instant now) {
  const Number number = next_number_++;
  Item item;
  item.number = number;
  item.id = make_id('i', number, 0);
  item.immutable_id = make_id('m', number, 0);
  item.folder = folder;
  item.created = now;
  item.modified = now;
  item.recipe = recipe;
  item.size_bytes = counted_size(recipe, number);
  item_ids_.emplace(item.id, number);
  item_ids_.emplace(item.immutable_id, number);
  folders_.at(folder).items.insert(number);
  log_item(items_.emplace(number, std::move(item)).first->second, ItemChange::What::present);
  return number;
}

void Mailbox::change_item(Number number, const Recipe& recipe, base::Instant now) {
  Item& item = items_.at(number);
  item.recipe = recipe;
  item.size_bytes = counted_size(recipe, number);
  item.modified = now;
  ++item.version;
  log_item(item, ItemChange::What::present);
}

void Mailbox::move_item(Number number, Number folder, base::Instant now) {
  Item& item = items_.at(number);
  if (item.folder == folder) return;
  log_item(item, ItemChange::What::moved_away);
  folders_.at(item.folder).items.erase(number);
  item_ids_.erase(item.id);
  item.id = make_id('i', number, ++item.moves);
  item.folder = folder;
  item.modified = now;
  ++item.version;
  item_ids_.emplace(item.id, number);
  folders_.at(folder).items.insert(number);
  log_item(item, ItemChange::What::present);
}

void Mailbox::remove_item(Number number) {
  const auto found = items_.find(number);
  const Item& item = found->second;
  log_item(item, ItemChange::What::deleted);
  folders_.at(item.folder).items.erase(number);
  item_ids_.erase(item.id);
  item_ids_.erase(item.immutable_id);
  items_.erase(found);
}

const std::vector<ItemChange>& Mailbox::item_changes(Number folder) const {
  static const std::vector<ItemChange> kNone;
  const auto found = item_changes_.find(folder);
  return found == item_changes_.end() ? kNone : found->second;
}

void Mailbox::log_item(const Item& item, ItemChange::What what) {
  item_changes_[item.folder].push_back(
      {++sequence_, item.number, item.id, item.immutable_id, what});
}

void Mailbox::log_folder(const Folder& folder, bool deleted) {
  folder_changes_.push_back({++sequence_, folder.number, folder.id, folder.parent, deleted});
}

}  // namespace simulator
