#include "tests/simulator/recipe.h"

#include "src/base/text.h"
#include "tests/simulator/vocabulary.h"

#include <array>

namespace simulator {
namespace {

constexpr std::uint64_t kFormatMark = 0x0000000100000000u;  // bytes 00 00 00 00 01 00 00 00

template <typename Unsigned>
void put(base::Bytes& target, Unsigned value) {
  std::array<std::byte, sizeof(Unsigned)> bytes;
  base::store_le(bytes.data(), value);
  base::append(target, bytes);
}

std::uint64_t check_value(base::ByteView bytes) { return mix_text(base::as_text(bytes)); }

}  // namespace

std::string_view message_class(ItemKind kind) {
  switch (kind) {
    case ItemKind::mail:
      return "IPM.Note";
    case ItemKind::meeting_request:
      return "IPM.Schedule.Meeting.Request";
    case ItemKind::appointment:
      return "IPM.Appointment";
    case ItemKind::contact:
      return "IPM.Contact";
    case ItemKind::task:
      return "IPM.Task";
    case ItemKind::sticky_note:
      return "IPM.StickyNote";
    case ItemKind::journal:
      return "IPM.Activity";
  }
  return "IPM";
}

base::Bytes encode(const Recipe& recipe) {
  base::Bytes bytes;
  bytes.reserve(kRecipeBytes);
  put<std::uint32_t>(bytes, 1);
  put<std::uint32_t>(bytes, 8);
  put<std::uint64_t>(bytes, kFormatMark);
  put<std::uint32_t>(bytes, 3);
  put<std::uint32_t>(bytes, 24);
  put<std::uint64_t>(bytes, recipe.seed);
  put<std::uint64_t>(bytes, recipe.message);
  put<std::uint64_t>(bytes, static_cast<std::uint64_t>(base::to_milliseconds(recipe.received)));
  put<std::uint32_t>(bytes, 4);
  put<std::uint32_t>(bytes, 32);
  put<std::uint32_t>(bytes, recipe.viewer);
  put<std::uint32_t>(bytes, recipe.revision);
  put<std::uint32_t>(bytes, static_cast<std::uint32_t>(recipe.kind));
  put<std::uint32_t>(bytes, recipe.scrambled ? 1 : 0);
  put<std::uint64_t>(bytes, recipe.content_bytes);
  put<std::uint64_t>(bytes, check_value(bytes));
  return bytes;
}

std::optional<Recipe> parse_recipe(base::ByteView start) {
  if (start.size() < kRecipeBytes) return std::nullopt;
  const std::byte* data = start.data();
  Recipe recipe;
  recipe.seed = base::load_le<std::uint64_t>(data + 24);
  recipe.message = base::load_le<std::uint64_t>(data + 32);
  recipe.received =
      base::from_milliseconds(static_cast<std::int64_t>(base::load_le<std::uint64_t>(data + 40)));
  recipe.viewer = base::load_le<std::uint32_t>(data + 56);
  recipe.revision = base::load_le<std::uint32_t>(data + 60);
  const auto kind = base::load_le<std::uint32_t>(data + 64);
  if (kind >= kItemKindCount) return std::nullopt;
  recipe.kind = static_cast<ItemKind>(kind);
  recipe.scrambled = base::load_le<std::uint32_t>(data + 68) == 1;
  recipe.content_bytes = base::load_le<std::uint64_t>(data + 72);
  // Encoding again checks the marks, the flags and the check value in one comparison.
  const base::Bytes expected = encode(recipe);
  if (base::as_text(start.first(kRecipeBytes)) != base::as_text(expected)) return std::nullopt;
  return recipe;
}

Facts facts_of(const Recipe& recipe) {
  const std::uint64_t root = mix({recipe.seed, recipe.message});
  Random random{root};
  Facts facts;
  facts.subject = subject_line(random);
  if (recipe.message % 3 != 0) facts.subject = "Re: " + facts.subject;
  if (recipe.scrambled) facts.subject = base::text("!LOCKED! ", root, ".crypt");
  if (recipe.revision > 0 && !recipe.scrambled) {
    facts.subject += base::text(" (edited ", recipe.revision, ")");
  }
  const Person sender = person(random.below(500));
  facts.sender_name = sender.name;
  facts.sender_address = sender.address;
  facts.display_to = person(random.below(500)).name;
  if (random.chance(0.3)) facts.display_cc = person(random.below(500)).name;
  facts.internet_message_id =
      base::text("<", base::to_hex(encode(recipe)).substr(48, 32), "@", kDomain, ">");
  for (const std::uint64_t half : {mix({root, recipe.viewer, 1}), mix({root, recipe.viewer, 2})}) {
    std::array<std::byte, 8> bytes;
    base::store_le(bytes.data(), half);
    base::append(facts.search_key, bytes);
  }
  facts.has_attachments = recipe.content_bytes > 24 * 1024;
  facts.read = ((root ^ recipe.revision) & 1) != 0;
  return facts;
}

}  // namespace simulator
