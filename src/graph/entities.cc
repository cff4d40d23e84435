#include "src/graph/entities.h"

#include "src/base/base64.h"
#include "src/base/error.h"
#include "src/base/text.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

namespace graph {
namespace {

constexpr std::uint32_t kSubject = 0x0037;
constexpr std::uint32_t kReceived = 0x0E06;
constexpr std::uint32_t kSent = 0x0039;
constexpr std::uint32_t kSenderName = 0x0C1A;
constexpr std::uint32_t kSenderAddress = 0x0C1F;
constexpr std::uint32_t kSenderSmtpAddress = 0x5D01;
constexpr std::uint32_t kHasAttachments = 0x0E1B;
constexpr std::uint32_t kSearchKey = 0x300B;
constexpr std::uint32_t kIsHidden = 0x10F4;
constexpr std::uint32_t kFolderKind = 0x3601;
constexpr std::string_view kSearchFolder = "2";
// Exchange's have a few dozen bytes; a longer one would cost its mailbox.
constexpr std::size_t kLongestSearchKey = 4096;

// "String 0x37", "SystemTime 0xE06": the service drops leading zeros and changes the case, so tags
// are numbers.
std::optional<std::uint32_t> property_tag(std::string_view id) {
  const std::size_t blank = id.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const std::string_view tag = id.substr(blank + 1);
  if (!tag.starts_with("0x") && !tag.starts_with("0X")) return std::nullopt;
  std::uint32_t value = 0;
  const auto* end = tag.data() + tag.size();
  if (std::from_chars(tag.data() + 2, end, value, 16).ptr != end) return std::nullopt;
  return value;
}

std::string_view property(const Json& json, std::uint32_t tag) {
  for (const Json& entry : json["singleValueExtendedProperties"].elements()) {
    if (property_tag(entry["id"].text()) == tag) return entry["value"].text_or_nothing();
  }
  return {};
}

// Texts that people read: what is longer than anything a client shows is cut, at a character's end,
// so that one strange item does not cost its mailbox. Exchange keeps subjects to 255 characters.
std::string shown(std::string_view text) {
  constexpr std::size_t kLongestBytes = 16 * 1024;
  if (text.size() <= kLongestBytes) return std::string{text};
  std::size_t end = kLongestBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string{text.substr(0, end)};
}

std::optional<base::Instant> instant(std::string_view text) {
  return text.empty() ? std::nullopt : base::parse_rfc3339(text);
}

std::string expand_properties(const std::vector<std::string_view>& ids) {
  std::string filter;
  for (const std::string_view id : ids) {
    if (!filter.empty()) filter += " or ";
    filter += base::text("(id eq '", id, "')");
  }
  return "$expand=" + base::percent_encode("singleValueExtendedProperties($filter=" + filter + ")");
}

std::string required_id(const Json& json) {
  if (!json.is_object()) {
    throw base::Error{base::ErrorKind::protocol,
                      "a list of the service holds something else than objects"};
  }
  return std::string{json.required_text("id")};
}

}  // namespace

bool is_removed(const Json& entry) { return !entry["@removed"].is_null(); }

Folder read_folder(const Json& json) {
  Folder folder;
  folder.id = required_id(json);
  folder.parent_id = json["parentFolderId"].text();
  folder.display_name = shown(json["displayName"].text());
  folder.item_class = shown(json["type"].text());
  folder.well_known_name = shown(json["wellKnownName"].text());
  folder.is_hidden = base::equals_ignoring_case(property(json, kIsHidden), "true");
  folder.is_search_folder = property(json, kFolderKind) == kSearchFolder;
  return folder;
}

Item read_item(const Json& json) {
  Item item;
  item.id = required_id(json);
  item.change_key = shown(json["changeKey"].text());
  item.item_class = shown(json["type"].text());
  item.created = instant(json["createdDateTime"].text());
  item.modified = instant(json["lastModifiedDateTime"].text());
  item.size_bytes =
      static_cast<std::uint64_t>(std::max<std::int64_t>(json["size"].integer().value_or(0), 0));
  return item;
}

ItemDetails read_details(const Json& json) {
  ItemDetails details;
  details.item_id = required_id(json);
  details.subject = shown(property(json, kSubject));
  details.sender_name = shown(property(json, kSenderName));
  details.sender_address = shown(property(json, kSenderSmtpAddress));
  // Inside an organisation this one is an X.500 name, which tells people nothing; still better than
  // nothing.
  if (details.sender_address.empty()) {
    details.sender_address = shown(property(json, kSenderAddress));
  }
  details.received = instant(property(json, kReceived));
  details.sent = instant(property(json, kSent));
  const auto key = base::base64_decode(property(json, kSearchKey));
  if (key && key->size() <= kLongestSearchKey) {
    details.search_key = base::as_text(*key);
  }
  details.has_attachments = base::equals_ignoring_case(property(json, kHasAttachments), "true");
  return details;
}

User read_user(const Json& json) {
  User user;
  user.id = required_id(json);
  user.user_principal_name = json["userPrincipalName"].text();
  user.mail = json["mail"].text();
  user.display_name = shown(json["displayName"].text());
  user.account_enabled = json["accountEnabled"].boolean().value_or(true);
  return user;
}

std::string details_query(DetailLevel level) {
  switch (level) {
    case DetailLevel::all:
      return expand_properties({"String 0x0037", "SystemTime 0x0E06", "SystemTime 0x0039",
                                "String 0x0C1A", "String 0x0C1F", "String 0x5D01", "Boolean 0x0E1B",
                                "Binary 0x300B"});
    case DetailLevel::few:
      return expand_properties(
          {"String 0x0037", "SystemTime 0x0E06", "String 0x0C1F", "Binary 0x300B"});
    case DetailLevel::none:
      break;
  }
  return {};
}

std::string folder_details_query() {
  return expand_properties({"Boolean 0x10F4", "Integer 0x3601"});
}

}  // namespace graph
