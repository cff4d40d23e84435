#include "tests/simulator/item_stream.h"

#include "src/base/text.h"
#include "tests/simulator/random.h"
#include "tests/support/catch.h"

#include <algorithm>

namespace {

using simulator::Recipe;

Recipe recipe_of(std::uint64_t message, std::uint64_t content_bytes) {
  Recipe recipe;
  recipe.seed = 9;
  recipe.message = message;
  recipe.viewer = 1;
  recipe.received = base::from_milliseconds(1'770'000'000'000);
  recipe.content_bytes = content_bytes;
  return recipe;
}

bool is_accepted(base::ByteView bytes, std::size_t piece_bytes) {
  simulator::StreamVerifier verifier;
  while (!bytes.empty()) {
    const std::size_t count = std::min(piece_bytes, bytes.size());
    verifier.receive(bytes.first(count));
    bytes = bytes.subspan(count);
  }
  return verifier.finish().has_value();
}

std::size_t find(base::ByteView whole, base::ByteView part) {
  return base::as_text(whole).find(base::as_text(part));
}

}  // namespace

TEST_CASE("a stream is the same each time, however it is read", "[simulator]") {
  const Recipe recipe = recipe_of(4, 300'000);
  const base::Bytes whole = simulator::whole_stream(recipe);

  simulator::ItemStream stream{recipe};
  base::Bytes again;
  base::Bytes buffer(977);
  while (const std::size_t count = stream.read(buffer)) {
    base::append(again, base::ByteView{buffer}.first(count));
  }
  CHECK(again == whole);
  const simulator::StreamSummary summary = simulator::summarize_stream(recipe);
  CHECK(summary.sha256 == base::sha256(whole));
  CHECK(summary.size_bytes == whole.size());
  CHECK(whole.size() > recipe.content_bytes);
}

TEST_CASE("a stream begins like the service's", "[simulator]") {
  const base::Bytes whole = simulator::whole_stream(recipe_of(1, 1000));

  CHECK(base::to_hex(base::ByteView{whole}.first(8)) == "0100000008000000");
  const std::string_view name{"I\0P\0M\0.\0N\0o\0t\0e\0", 16};
  CHECK(base::as_text(whole).substr(0, 400).find(name) != std::string_view::npos);
}

TEST_CASE("copies of a message share body and attachments at shifted offsets", "[simulator]") {
  Recipe recipe = recipe_of(5, 200'000);
  const base::Bytes mine = simulator::whole_stream(recipe);
  recipe.viewer = 2;
  const base::Bytes yours = simulator::whole_stream(recipe);

  const std::size_t offset = mine.size() - 100'000;
  const std::size_t found = find(yours, base::ByteView{mine}.subspan(offset, 4000));
  REQUIRE(found != std::string_view::npos);
  CHECK(found != offset);
}

TEST_CASE("an edit keeps what stands before and after it", "[simulator]") {
  Recipe recipe = recipe_of(6, 100'000);
  const base::Bytes before = simulator::whole_stream(recipe);
  ++recipe.revision;
  const base::Bytes after = simulator::whole_stream(recipe);

  CHECK(before != after);
  CHECK(find(after, base::ByteView{before}.subspan(before.size() - 60'000, 4000)) !=
        std::string_view::npos);
}

TEST_CASE("a whole stream is recognised in pieces of any size", "[simulator]") {
  const base::Bytes whole = simulator::whole_stream(recipe_of(7, 150'000));
  const auto piece_bytes =
      GENERATE(std::size_t{1}, std::size_t{87}, std::size_t{65'536}, std::size_t{1'000'000});
  CHECK(is_accepted(whole, piece_bytes));
}

TEST_CASE("no altered stream is recognised", "[simulator]") {
  const base::Bytes whole = simulator::whole_stream(recipe_of(8, 9'000));
  simulator::Random random{1};

  SECTION("one bit flipped, in each of the first bytes and at random after them") {
    for (std::size_t i = 0; i < 600; ++i) {
      base::Bytes altered = whole;
      const std::size_t position = i < 200 ? i : random.below(whole.size());
      altered[position] ^= static_cast<std::byte>(1U << random.below(8));
      CAPTURE(position);
      REQUIRE_FALSE(is_accepted(altered, 4096));
    }
  }
  SECTION("cut short") {
    for (const std::size_t missing : {std::size_t{1}, std::size_t{20}, whole.size() - 10}) {
      CHECK_FALSE(is_accepted(base::ByteView{whole}.first(whole.size() - missing), 4096));
    }
  }
  SECTION("longer") {
    base::Bytes longer = whole;
    longer.push_back(std::byte{0});
    CHECK_FALSE(is_accepted(longer, 4096));
  }
  SECTION("empty") { CHECK_FALSE(is_accepted({}, 1)); }
}

TEST_CASE("the search key stays with a message's copy through edits", "[simulator]") {
  Recipe recipe = recipe_of(9, 1000);
  const base::Bytes key = simulator::facts_of(recipe).search_key;
  ++recipe.revision;
  CHECK(simulator::facts_of(recipe).search_key == key);
  recipe.viewer = 2;
  CHECK(simulator::facts_of(recipe).search_key != key);
}
