#include "store/content.h"

#include "src/base/error.h"
#include "store/internal/recipe.h"
#include "store/internal/stream_content.h"
#include "tests/support/catch.h"
#include "tests/support/memory_chunk_store.h"

#include <algorithm>
#include <functional>
#include <random>

namespace {

using Random = std::mt19937_64;

base::Bytes random_bytes(Random& random, std::size_t size) {
  base::Bytes bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

const store::GearTable& gear() {
  static const store::GearTable table{base::Bytes(32, std::byte{9})};
  return table;
}

store::StoredContent put(store::ChunkStore& chunks, base::ByteView stream,
                         const std::function<std::size_t()>& piece_size) {
  const auto writer = store::write_content(chunks, gear());
  while (!stream.empty()) {
    const std::size_t size = std::min(piece_size(), stream.size());
    writer->append(stream.first(size));
    stream = stream.subspan(size);
  }
  return writer->finish();
}

store::StoredContent put(store::ChunkStore& chunks, base::ByteView stream) {
  return put(chunks, stream, [&] { return stream.size(); });
}

base::Bytes get(store::ContentReader& reader, std::size_t piece_size = 100'000) {
  base::Bytes whole;
  base::Bytes piece(piece_size);
  while (const std::size_t size = reader.read(piece)) {
    base::append(whole, base::ByteView{piece}.first(size));
  }
  return whole;
}

base::Bytes get(const store::ChunkStore& chunks, const store::ContentRef& ref) {
  return get(*store::read_content(chunks, ref));
}

bool is_corrupt(const base::Error& error) { return error.kind() == base::ErrorKind::corrupt; }

}  // namespace

TEST_CASE("a content comes back whatever the pieces in which it came", "[store][content]") {
  const auto seed = GENERATE(range(std::uint64_t{0}, std::uint64_t{25}));
  CAPTURE(seed);
  Random random{seed};
  const std::size_t size = GENERATE(std::size_t{1}, std::size_t{4096}, std::size_t{4097},
                                    std::size_t{70'000}, std::size_t{3'000'000});
  const base::Bytes stream = random_bytes(random, size);
  test::MemoryChunkStore chunks;
  const std::size_t longest = std::uniform_int_distribution<std::size_t>{1, size}(random);
  const auto piece_size = [&] {
    return std::uniform_int_distribution<std::size_t>{longest / 100 + 1, longest + 1}(random);
  };

  const store::StoredContent content = put(chunks, stream, piece_size);

  CHECK(content.ref.size_bytes == size);
  CHECK(content.ref.sha256 == base::sha256(stream));
  CHECK(content.new_bytes == size);
  CHECK(content.stored_bytes >= size);
  CHECK(content.ref == put(chunks, stream).ref);
  CHECK(get(*store::read_content(chunks, content.ref), longest) == stream);
}

TEST_CASE("an empty content is one", "[store][content]") {
  test::MemoryChunkStore chunks;
  const store::StoredContent content = put(chunks, {});

  CHECK(content.ref.size_bytes == 0);
  CHECK(content.ref.sha256 == base::sha256({}));
  CHECK(chunks.figures().chunks == 0);
  CHECK(get(chunks, content.ref).empty());
}

TEST_CASE("a small content is one chunk without a recipe", "[store][content]") {
  test::MemoryChunkStore chunks;
  const base::Bytes stream(4096, std::byte{'x'});
  const store::StoredContent content = put(chunks, stream);

  CHECK_FALSE(content.ref.is_recipe);
  CHECK(chunks.figures().chunks == 1);
  CHECK(chunks.get(content.ref.chunk) == stream);
}

TEST_CASE("a content stored again is not new", "[store][content]") {
  Random random{1};
  test::MemoryChunkStore chunks;
  const base::Bytes stream = random_bytes(random, 500'000);
  const store::StoredContent first = put(chunks, stream);
  const store::StoredContent again = put(chunks, stream);

  CHECK(first.new_bytes == stream.size());
  CHECK(again.new_bytes == 0);
  CHECK(again.stored_bytes == 0);
  CHECK(again.ref == first.ref);
}

TEST_CASE("streams share what they have in common at other offsets", "[store][content]") {
  Random random{2};
  test::MemoryChunkStore chunks;
  const base::Bytes attachment = random_bytes(random, 600'000);
  base::Bytes first = random_bytes(random, 3'000);
  base::append(first, attachment);
  base::Bytes second = random_bytes(random, 7'000);
  base::append(second, attachment);

  put(chunks, first);
  CHECK(put(chunks, second).new_bytes < 150'000);
}

TEST_CASE("a hint at the boundary shares the whole attachment", "[store][content]") {
  Random random{2};
  test::MemoryChunkStore chunks;
  const base::Bytes attachment = random_bytes(random, 600'000);
  const auto put_message = [&](std::size_t header_bytes) {
    const auto writer = store::write_content(chunks, gear());
    writer->append(random_bytes(random, header_bytes));
    writer->hint_boundary();
    writer->append(attachment);
    return writer->finish();
  };

  put_message(3'000);
  CHECK(put_message(2'500).new_bytes == 2'500);
}

TEST_CASE("rewinding gives the stream again", "[store][content]") {
  Random random{3};
  const std::size_t size = GENERATE(std::size_t{0}, std::size_t{1000}, std::size_t{5'000'000});
  test::MemoryChunkStore chunks;
  const base::Bytes stream = random_bytes(random, size);
  const store::ContentRef ref = put(chunks, stream).ref;
  const auto reader = store::read_content(chunks, ref);
  base::Bytes some(size / 2);
  reader->read(some);

  reader->rewind();
  CHECK(get(*reader) == stream);
  reader->rewind();
  CHECK(get(*reader) == stream);
  base::Bytes more(10);
  CHECK(reader->read(more) == 0);
}

TEST_CASE("a reader that is dropped halfway stops reading ahead", "[store][content]") {
  Random random{4};
  test::MemoryChunkStore chunks;
  const store::ContentRef ref = put(chunks, random_bytes(random, 20'000'000)).ref;
  {
    const auto reader = store::read_content(chunks, ref);
    base::Bytes some(1'000'000);
    reader->read(some);
  }
  CHECK(chunks.figures().gets < chunks.figures().chunks / 2);
}

TEST_CASE("recipes of huge streams are a tree of small ones", "[store][content]") {
  test::MemoryChunkStore chunks;
  store::RecipeBuilder builder{chunks};
  constexpr std::uint64_t kParts = 450'000;  // 100 GB in chunks of 256 KiB
  for (std::uint64_t i = 0; i < kParts; ++i) {
    std::array<std::byte, 8> number{};
    base::store_le(number.data(), i);
    builder.add({store::ChunkId::from(base::sha256(number).view()), 256 * 1024});
  }
  const base::Sha256 sha256 = base::sha256(base::as_bytes("all of it"));
  const store::Recipe top = store::decode_recipe(*chunks.get(builder.finish(sha256)));

  CHECK(top.level >= 1);
  CHECK(top.sha256 == sha256);
  CHECK(top.size_bytes() == kParts * 256 * 1024);
  std::size_t largest = 0;
  chunks.for_each([&](const store::ChunkId&, base::ByteView bytes) {
    largest = std::max(largest, bytes.size());
  });
  CHECK(largest < 80'000);
}

TEST_CASE("a content of many recipes is put together again", "[store][content]") {
  Random random{12};
  test::MemoryChunkStore chunks;
  store::RecipeBuilder builder{chunks};
  base::Sha256Stream digest;
  base::Bytes whole;
  for (int i = 0; i < 6000; ++i) {
    const base::Bytes chunk = random_bytes(random, 300);
    builder.add({chunks.put(store::ChunkClass::data, chunk).id, chunk.size()});
    base::append(whole, chunk);
  }
  store::ContentRef ref;
  ref.sha256 = base::sha256(whole);
  ref.chunk = builder.finish(ref.sha256);
  ref.is_recipe = true;
  ref.size_bytes = whole.size();

  CHECK(store::decode_recipe(*chunks.get(ref.chunk)).level == 1);
  CHECK(get(chunks, ref) == whole);
}

TEST_CASE("damage is told, never returned", "[store][content]") {
  Random random{5};
  test::MemoryChunkStore chunks;
  const std::size_t size =
      GENERATE(std::size_t{3000}, std::size_t{300'000}, std::size_t{4'000'000});
  CAPTURE(size);
  const base::Bytes stream = random_bytes(random, size);
  const store::ContentRef ref = put(chunks, stream).ref;
  std::vector<store::ChunkId> ids;
  chunks.for_each([&](const store::ChunkId& id, base::ByteView) { ids.push_back(id); });
  const store::ChunkId victim = ids[random() % ids.size()];

  SECTION("a chunk is missing") { chunks.remove(victim); }
  SECTION("a chunk is altered") {
    chunks.alter(victim, [](base::Bytes& bytes) { bytes[bytes.size() / 2] ^= std::byte{1}; });
  }
  SECTION("a chunk is longer") {
    chunks.alter(victim, [](base::Bytes& bytes) { bytes.push_back({}); });
  }
  SECTION("a chunk is shorter") {
    chunks.alter(victim, [](base::Bytes& bytes) { bytes.pop_back(); });
  }
  CHECK_THROWS_MATCHES(get(chunks, ref), base::Error, Catch::Predicate<base::Error>(is_corrupt));
}

TEST_CASE("a reference that is not that of the content is noticed", "[store][content]") {
  Random random{6};
  test::MemoryChunkStore chunks;
  const std::size_t size = GENERATE(std::size_t{3000}, std::size_t{300'000});
  store::ContentRef ref = put(chunks, random_bytes(random, size)).ref;

  SECTION("another length") { ref.size_bytes += 1; }
  SECTION("another hash") { ref.sha256.bytes[0] ^= std::byte{1}; }
  CHECK_THROWS_MATCHES(get(chunks, ref), base::Error, Catch::Predicate<base::Error>(is_corrupt));
}

TEST_CASE("hostile recipes are refused", "[store][content]") {
  Random random{7};
  test::MemoryChunkStore chunks;
  const store::ContentRef ref = put(chunks, random_bytes(random, 300'000)).ref;
  const base::Bytes recipe = *chunks.get(ref.chunk);
  std::size_t refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    base::Bytes altered = recipe;
    for (auto flips = random() % 4 + 1; flips > 0; --flips) {
      altered[random() % std::min<std::size_t>(altered.size(), random() % 2 ? 60 : 100'000)] =
          static_cast<std::byte>(random());
    }
    if (random() % 2 == 0) altered.resize(random() % altered.size());
    try {
      store::decode_recipe(altered);
    } catch (const base::Error& error) {
      CHECK(error.kind() == base::ErrorKind::corrupt);
      ++refused;
    }
  }
  CHECK(refused > 10'000);
}
