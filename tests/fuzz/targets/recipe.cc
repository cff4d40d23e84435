#include "store/internal/recipe.h"

#include "tests/fuzz/targets.h"

namespace fuzz {

void fuzz_recipe(base::ByteView input) {
  const auto recipe =
      unless_refused({base::ErrorKind::corrupt}, [&] { return store::decode_recipe(input); });
  if (!recipe) return;
  hold(std::ranges::equal(store::encode(*recipe), input), "a recipe has one encoding");
  std::uint64_t sum = 0;
  for (const store::RecipePart& part : recipe->parts) {
    hold(part.size_bytes > 0 && sum + part.size_bytes > sum, "the length of a stream is a number");
    sum += part.size_bytes;
  }
  hold(recipe->size_bytes() == sum, "a recipe is as long as its parts");
}

}  // namespace fuzz
