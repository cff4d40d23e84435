// Recipes: how a stream is put together of chunks. A long list of chunks is a tree of recipes, so
// that none is ever large and equal stretches of two streams share theirs.
#pragma once

#include "src/base/bytes.h"
#include "src/base/digest.h"
#include "store/chunk_store.h"
#include "store/ids.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace store {

// A stretch of a stream: a chunk of it, or what a recipe one level below puts together.
struct RecipePart {
  ChunkId id;
  std::uint64_t size_bytes = 0;
};

struct Recipe {
  unsigned level = 0;  // 0: the parts are chunks of the stream
  std::vector<RecipePart> parts;
  // Of the whole stream; in its topmost recipe only.
  std::optional<base::Sha256> sha256;

  [[nodiscard]] std::uint64_t size_bytes() const;
};

base::Bytes encode(const Recipe& recipe);
// Throws Error(corrupt) unless `bytes` is a recipe that holds together.
Recipe decode_recipe(base::ByteView bytes);

// Collects the chunks of a stream and stores its recipes. Memory: a list of bounded length a level.
class RecipeBuilder {
 public:
  // `chunks` outlives the builder.
  explicit RecipeBuilder(ChunkStore& chunks) : chunks_(&chunks) {}

  void add(const RecipePart& part);
  // The number of chunks so far is one: there is no need of a recipe.
  [[nodiscard]] bool is_single() const;
  [[nodiscard]] const RecipePart& single() const { return levels_.front().front(); }
  // Stores what is left; the id of the topmost recipe.
  ChunkId finish(const base::Sha256& sha256);
  // What the recipes take in packs.
  [[nodiscard]] std::uint64_t stored_bytes() const { return stored_bytes_; }

 private:
  void add_at(std::size_t level, const RecipePart& part);
  RecipePart store(const Recipe& recipe);

  ChunkStore* chunks_;
  std::vector<std::vector<RecipePart>> levels_;
  std::uint64_t stored_bytes_ = 0;
};

}  // namespace store
