// Extended properties: how they are asked for, and how the service spells them in answers.
#pragma once

#include "tests/simulator/mailbox.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

struct PropertyTag {
  std::string type;  // "String", "SystemTime", "Binary", ...
  std::uint32_t tag = 0;

  bool operator==(const PropertyTag&) const = default;
  // As answers spell it: no leading zeros, lower case.
  [[nodiscard]] std::string spelled() const;
};

// "String 0x0037"; empty if it is not of that form.
std::optional<PropertyTag> parse_property_tag(std::string_view text);

// The tags named in $expand=singleValueExtendedProperties($filter=(id eq '...') or ...).
// Throws Refusal(400) for anything else.
std::vector<PropertyTag> parse_expand(std::string_view expand);

// Empty when the item or folder has no such property.
std::optional<std::string> property_of(const Item& item, const PropertyTag& tag);
std::optional<std::string> property_of(const Folder& folder, const PropertyTag& tag);

}  // namespace simulator
