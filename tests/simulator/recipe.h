// What an item's stream is made from. The whole item follows from it, so a tenant of any size is a
// list of recipes, and an imported stream can be checked byte by byte against the recipe it
// carries.
#pragma once

#include "src/base/bytes.h"
#include "src/base/clock.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace simulator {

enum class ItemKind : std::uint32_t {
  mail,
  meeting_request,
  appointment,
  contact,
  task,
  sticky_note,
  journal
};
inline constexpr std::uint32_t kItemKindCount = 7;

// "IPM.Note", ...
std::string_view message_class(ItemKind kind);

struct Recipe {
  std::uint64_t seed = 0;      // of the tenant in which the message was made
  std::uint64_t message = 0;   // equal for all recipients of one message
  std::uint32_t viewer = 0;    // whose copy it is
  std::uint32_t revision = 0;  // counts edits
  ItemKind kind = ItemKind::mail;
  bool scrambled = false;  // overwritten by damage
  base::Instant received{};
  std::uint64_t content_bytes = 0;  // body and attachments together

  bool operator==(const Recipe&) const = default;
};

// The first bytes of each stream: format marks, then the recipe.
inline constexpr std::size_t kRecipeBytes = 88;
base::Bytes encode(const Recipe& recipe);
// Empty unless `start` begins with a well-formed recipe.
std::optional<Recipe> parse_recipe(base::ByteView start);

// What a mail program would show; also what the service gives as extended properties.
struct Facts {
  std::string subject;
  std::string sender_name;
  std::string sender_address;
  std::string display_to;
  std::string display_cc;
  std::string internet_message_id;
  base::Bytes search_key;  // 16 bytes; survives edits, moves and import
  bool has_attachments = false;
  bool read = false;
};
Facts facts_of(const Recipe& recipe);

}  // namespace simulator
