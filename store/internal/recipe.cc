#include "store/internal/recipe.h"

#include "src/base/error.h"
#include "store/fields.h"

#include <utility>

namespace store {
namespace {

constexpr std::string_view kWhat = "the recipe of an item";
constexpr std::uint8_t kMagic = 'R';
constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kTopmost = 1;
// 256^8 chunks are more than any stream has.
constexpr unsigned kHighestLevel = 8;
constexpr std::uint64_t kLongestStream = std::uint64_t{1} << 56;
constexpr std::uint64_t kLargestChunk = std::uint64_t{16} << 20;
// A list ends after a part whose id says so, hence at the same place of equal content.
constexpr std::size_t kFewestParts = 256;
constexpr std::size_t kMostParts = 2048;
constexpr unsigned kEndMask = 0x1ff;

bool ends_list(const RecipePart& part) {
  return (base::load_le<std::uint16_t>(part.id.bytes.data()) & kEndMask) == 0;
}

}  // namespace

std::uint64_t Recipe::size_bytes() const {
  std::uint64_t sum = 0;
  for (const RecipePart& part : parts) sum += part.size_bytes;
  return sum;
}

base::Bytes encode(const Recipe& recipe) {
  FieldWriter fields;
  fields.octet(kMagic);
  fields.octet(kVersion);
  fields.octet(static_cast<std::uint8_t>(recipe.level));
  fields.octet(recipe.sha256 ? kTopmost : 0);
  if (recipe.sha256) fields.raw(recipe.sha256->view());
  fields.number(recipe.parts.size());
  for (const RecipePart& part : recipe.parts) {
    fields.number(part.size_bytes);
    fields.raw(part.id.view());
  }
  return fields.take();
}

Recipe decode_recipe(base::ByteView bytes) {
  FieldReader fields{bytes, kWhat};
  if (fields.octet() != kMagic || fields.octet() != kVersion) {
    throw base::Error{base::ErrorKind::corrupt, "a chunk that should be a recipe is none"};
  }
  Recipe recipe;
  recipe.level = fields.octet();
  const std::uint8_t flags = fields.octet();
  if (recipe.level > kHighestLevel || flags > kTopmost) {
    throw base::Error{base::ErrorKind::corrupt, "the recipe of an item has a damaged head"};
  }
  if (flags == kTopmost) recipe.sha256 = fields.fixed<base::Sha256>();
  const std::uint64_t count = fields.number_up_to(kMostParts);
  recipe.parts.reserve(count);
  const std::uint64_t largest = recipe.level == 0 ? kLargestChunk : kLongestStream;
  for (std::uint64_t i = 0; i < count; ++i) {
    RecipePart part;
    part.size_bytes = fields.number_up_to(largest);
    part.id = fields.fixed<ChunkId>();
    if (part.size_bytes == 0) {
      throw base::Error{base::ErrorKind::corrupt, "the recipe of an item has an empty part"};
    }
    recipe.parts.push_back(part);
  }
  fields.finish();
  if (recipe.parts.empty()) {
    throw base::Error{base::ErrorKind::corrupt, "the recipe of an item is empty"};
  }
  return recipe;
}

void RecipeBuilder::add(const RecipePart& part) { add_at(0, part); }

bool RecipeBuilder::is_single() const { return levels_.size() == 1 && levels_.front().size() == 1; }

void RecipeBuilder::add_at(std::size_t level, const RecipePart& part) {
  if (level == levels_.size()) levels_.emplace_back();
  std::vector<RecipePart>& parts = levels_[level];
  parts.push_back(part);
  if (parts.size() < kMostParts && (parts.size() < kFewestParts || !ends_list(part))) return;
  const RecipePart stored = store({static_cast<unsigned>(level), std::exchange(parts, {}), {}});
  add_at(level + 1, stored);
}

ChunkId RecipeBuilder::finish(const base::Sha256& sha256) {
  base::check(!levels_.empty(), "an empty stream has no recipe");
  for (std::size_t level = 0; level + 1 < levels_.size(); ++level) {
    if (levels_[level].empty()) continue;
    const RecipePart stored =
        store({static_cast<unsigned>(level), std::exchange(levels_[level], {}), {}});
    add_at(level + 1, stored);
  }
  const auto top = static_cast<unsigned>(levels_.size() - 1);
  return store({top, std::exchange(levels_.back(), {}), sha256}).id;
}

RecipePart RecipeBuilder::store(const Recipe& recipe) {
  const ChunkStore::PutResult result = chunks_->put(ChunkClass::metadata, encode(recipe));
  stored_bytes_ += result.stored_bytes;
  return {result.id, recipe.size_bytes()};
}

}  // namespace store
