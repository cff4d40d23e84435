#include "tests/simulator/extended_properties.h"

#include "src/base/base64.h"
#include "src/base/text.h"
#include "tests/simulator/refusal.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace simulator {
namespace {

constexpr std::array<std::string_view, 9> kTypes = {
    "String", "SystemTime", "Binary", "Boolean", "Integer", "Long", "Double", "CLSID", "Short"};

[[noreturn]] void refuse(std::string_view expand) {
  throw Refusal{400, "invalidRequest", base::text("The expand expression is not valid: ", expand)};
}

void skip_spaces(std::string_view& rest) {
  while (rest.starts_with(' ')) rest.remove_prefix(1);
}

bool take(std::string_view& rest, std::string_view token) {
  skip_spaces(rest);
  if (!rest.starts_with(token)) return false;
  rest.remove_prefix(token.size());
  return true;
}

std::optional<PropertyTag> take_comparison(std::string_view& rest) {
  if (!take(rest, "id") || !take(rest, "eq") || !take(rest, "'")) return std::nullopt;
  const std::size_t end = rest.find('\'');
  if (end == std::string_view::npos) return std::nullopt;
  auto tag = parse_property_tag(rest.substr(0, end));
  rest.remove_prefix(end + 1);
  return tag;
}

}  // namespace

std::string PropertyTag::spelled() const { return fmt::format("{} 0x{:x}", type, tag); }

std::optional<PropertyTag> parse_property_tag(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  PropertyTag result;
  result.type = std::string{text.substr(0, space)};
  if (std::find(kTypes.begin(), kTypes.end(), result.type) == kTypes.end()) return std::nullopt;
  const std::string digits = base::to_lower(base::trim(text.substr(space)));
  if (!digits.starts_with("0x") || digits.size() > 6 || digits.size() < 3) return std::nullopt;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data() + 2, end, result.tag, 16);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return result;
}

std::vector<PropertyTag> parse_expand(std::string_view expand) {
  std::string_view rest = expand;
  if (!take(rest, "singleValueExtendedProperties") || !take(rest, "(") || !take(rest, "$filter") ||
      !take(rest, "=")) {
    refuse(expand);
  }
  std::vector<PropertyTag> tags;
  do {
    const bool parenthesis = take(rest, "(");
    const auto tag = take_comparison(rest);
    if (!tag || (parenthesis && !take(rest, ")"))) refuse(expand);
    tags.push_back(*tag);
  } while (take(rest, "or"));
  if (!take(rest, ")") || !base::trim(rest).empty()) refuse(expand);
  return tags;
}

std::optional<std::string> property_of(const Item& item, const PropertyTag& tag) {
  const Facts facts = facts_of(item.recipe);
  const std::string received = base::format_rfc3339(item.recipe.received);
  const bool mail =
      item.recipe.kind == ItemKind::mail || item.recipe.kind == ItemKind::meeting_request;
  const auto is = [&](std::string_view type, std::uint32_t number) {
    return tag.type == type && tag.tag == number;
  };
  if (is("String", 0x0037)) return facts.subject;
  if (is("Binary", 0x300b)) return base::base64_encode(facts.search_key);
  if (is("SystemTime", 0x3007)) return base::format_rfc3339(item.created);
  if (is("Boolean", 0x0e1b)) return facts.has_attachments ? "true" : "false";
  if (is("Integer", 0x0e07)) return facts.read ? "1" : "0";
  if (is("String", 0x1000)) return facts.subject + " ...";  // the first words
  // Contacts, tasks and notes were never sent or received.
  if (!mail) return std::nullopt;
  if (is("SystemTime", 0x0e06) || is("SystemTime", 0x0039)) return received;
  if (is("String", 0x0c1a)) return facts.sender_name;
  if (is("String", 0x0c1f) || is("String", 0x5d01)) return facts.sender_address;
  if (is("String", 0x0e04)) return facts.display_to;
  if (is("String", 0x0e03) && !facts.display_cc.empty()) return facts.display_cc;
  if (is("String", 0x1035)) return facts.internet_message_id;
  if (is("String", 0x007d)) return base::text("Message-ID: ", facts.internet_message_id, "\r\n");
  return std::nullopt;
}

std::optional<std::string> property_of(const Folder& folder, const PropertyTag& tag) {
  for (const auto& [id, value] : folder.properties) {
    if (parse_property_tag(id) == tag) return value;
  }
  if (tag == PropertyTag{"Boolean", 0x10f4}) return folder.plan.hidden ? "true" : "false";
  if (tag == PropertyTag{"Integer", 0x3601}) {
    if (!folder.parent) return "0";
    return folder.plan.search ? "2" : "1";
  }
  if (tag == PropertyTag{"String", 0x3001}) return folder.plan.display_name;
  return std::nullopt;
}

}  // namespace simulator
