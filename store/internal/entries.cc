#include "store/internal/entries.h"

#include "src/base/digest.h"
#include "src/base/error.h"
#include "store/fields.h"

#include <utility>

namespace store {
namespace {

constexpr std::string_view kFolder = "a folder of a snapshot";
constexpr std::string_view kItem = "an item of a snapshot";
constexpr std::string_view kDisplay = "the metadata of an item of a snapshot";

// What of an item is there besides.
constexpr std::uint8_t kCreated = 1;
constexpr std::uint8_t kModified = 2;
constexpr std::uint8_t kRecipe = 4;
constexpr std::uint8_t kItemFlags = kCreated | kModified | kRecipe;

constexpr std::uint8_t kReceived = 1;
constexpr std::uint8_t kSent = 2;
constexpr std::uint8_t kAttachments = 4;
constexpr std::uint8_t kDisplayFlags = kReceived | kSent | kAttachments;

std::uint8_t flag(bool set, std::uint8_t value) { return set ? value : std::uint8_t{0}; }

std::uint8_t read_flags(FieldReader& fields, std::uint8_t known, std::string_view what) {
  const std::uint8_t flags = fields.octet();
  if ((flags & ~known) != 0) {
    throw base::Error{base::ErrorKind::corrupt, std::string{what} + " has unknown flags"};
  }
  return flags;
}

std::optional<base::Instant> instant_if(bool there, FieldReader& fields) {
  if (!there) return std::nullopt;
  return fields.instant();
}

// The size comes first: the totals of the map are made of it.
ContentRef decode_content(FieldReader& fields, std::uint8_t& flags) {
  ContentRef content;
  content.size_bytes = fields.number();
  flags = read_flags(fields, kItemFlags, kItem);
  content.is_recipe = (flags & kRecipe) != 0;
  content.chunk = fields.fixed<ChunkId>();
  content.sha256 = fields.fixed<base::Sha256>();
  return content;
}

}  // namespace

std::string folder_key(std::string_view folder_id) {
  const base::Sha256 digest = base::sha256(base::as_bytes(folder_id));
  return std::string{base::as_text(digest.view().first(kFolderKeyBytes))};
}

std::string end_of_folder(std::string_view folder_key) {
  std::string end{folder_key};
  while (!end.empty() && static_cast<std::uint8_t>(end.back()) == 0xff) end.pop_back();
  // A folder of sixteen times 0xff: no key begins with a seventeenth, forms of ids being small.
  if (end.empty()) return std::string(kFolderKeyBytes + 1, '\xff');
  end.back() = static_cast<char>(static_cast<std::uint8_t>(end.back()) + 1);
  return end;
}

std::string item_key(std::string_view folder_id, std::string_view item_id) {
  const PackedText id = pack_text(item_id);
  std::string key = folder_key(folder_id);
  key.push_back(static_cast<char>(id.form));
  key += base::as_text(id.bytes);
  return key;
}

std::string_view folder_part(std::string_view item_key) {
  if (item_key.size() <= kFolderKeyBytes) {
    throw base::Error{base::ErrorKind::corrupt, "the key of an item of a snapshot is too short"};
  }
  return item_key.substr(0, kFolderKeyBytes);
}

std::string item_id(std::string_view item_key) {
  const std::string_view rest = item_key.substr(folder_part(item_key).size());
  const auto form = static_cast<std::uint8_t>(rest.front());
  if (form > static_cast<std::uint8_t>(TextForm::padded_base64url)) {
    throw base::Error{base::ErrorKind::corrupt, "the key of an item of a snapshot is unknown"};
  }
  return unpack_text(static_cast<TextForm>(form), base::as_bytes(rest.substr(1)));
}

base::Bytes encode(const FolderEntry& folder) {
  FieldWriter fields;
  fields.packed_text(folder.id);
  fields.packed_text(folder.parent_id);
  fields.text(folder.display_name);
  fields.text(folder.item_class);
  fields.text(folder.well_known_name);
  return fields.take();
}

FolderEntry decode_folder(base::ByteView value) {
  FieldReader fields{value, kFolder};
  FolderEntry folder;
  folder.id = fields.packed_text();
  folder.parent_id = fields.packed_text();
  folder.display_name = fields.text();
  folder.item_class = fields.text();
  folder.well_known_name = fields.text();
  fields.finish();
  return folder;
}

base::Bytes encode(const ItemEntry& item) {
  FieldWriter fields;
  fields.number(item.content.size_bytes);
  fields.octet(static_cast<std::uint8_t>(flag(item.created.has_value(), kCreated) |
                                         flag(item.modified.has_value(), kModified) |
                                         flag(item.content.is_recipe, kRecipe)));
  fields.raw(item.content.chunk.view());
  fields.raw(item.content.sha256.view());
  fields.number(item.size_bytes);
  if (item.created) fields.instant(*item.created);
  if (item.modified) fields.instant(*item.modified);
  fields.packed_text(item.change_key);
  fields.text(item.item_class);
  return fields.take();
}

ItemEntry decode_item(std::string folder_id, std::string_view key, base::ByteView value) {
  FieldReader fields{value, kItem};
  ItemEntry item;
  std::uint8_t flags = 0;
  item.folder_id = std::move(folder_id);
  item.id = item_id(key);
  item.content = decode_content(fields, flags);
  item.size_bytes = fields.number();
  item.created = instant_if((flags & kCreated) != 0, fields);
  item.modified = instant_if((flags & kModified) != 0, fields);
  item.change_key = fields.packed_text();
  item.item_class = fields.text();
  fields.finish();
  return item;
}

ContentRef decode_item_content(base::ByteView value) {
  FieldReader fields{value, kItem};
  std::uint8_t flags = 0;
  return decode_content(fields, flags);
}

base::Bytes encode(const ItemDisplay& display) {
  FieldWriter fields;
  fields.octet(static_cast<std::uint8_t>(flag(display.received.has_value(), kReceived) |
                                         flag(display.sent.has_value(), kSent) |
                                         flag(display.has_attachments, kAttachments)));
  if (display.received) fields.instant(*display.received);
  if (display.sent) fields.instant(*display.sent);
  fields.text(display.subject);
  fields.text(display.sender_name);
  fields.text(display.sender_address);
  fields.text(display.search_key);
  return fields.take();
}

ItemDisplay decode_display(base::ByteView value) {
  FieldReader fields{value, kDisplay};
  ItemDisplay display;
  const std::uint8_t flags = read_flags(fields, kDisplayFlags, kDisplay);
  display.received = instant_if((flags & kReceived) != 0, fields);
  display.sent = instant_if((flags & kSent) != 0, fields);
  display.has_attachments = (flags & kAttachments) != 0;
  display.subject = fields.text();
  display.sender_name = fields.text();
  display.sender_address = fields.text();
  display.search_key = fields.text();
  fields.finish();
  return display;
}

}  // namespace store
