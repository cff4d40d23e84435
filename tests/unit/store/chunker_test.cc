#include "store/internal/chunker.h"

#include "tests/support/catch.h"

#include <algorithm>
#include <functional>
#include <random>
#include <set>
#include <vector>

namespace {

using Random = std::mt19937_64;

base::Bytes random_bytes(Random& random, std::size_t size) {
  base::Bytes bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

base::Bytes key(std::uint8_t filling) { return base::Bytes(32, static_cast<std::byte>(filling)); }

std::size_t between(Random& random, std::size_t least, std::size_t most) {
  return std::uniform_int_distribution<std::size_t>{least, most}(random);
}

// The ends of the chunks, the last one included.
std::vector<std::size_t> cuts(const store::GearTable& gear, base::ByteView stream,
                              const std::function<std::size_t()>& piece_size) {
  std::vector<std::size_t> ends;
  store::Chunker chunker{gear};
  std::size_t offset = 0;
  while (offset < stream.size()) {
    base::ByteView piece = stream.subspan(offset, std::min(piece_size(), stream.size() - offset));
    while (!piece.empty()) {
      const store::Chunker::Step step = chunker.take(piece);
      offset += step.taken_bytes;
      piece = piece.subspan(step.taken_bytes);
      if (step.cut) ends.push_back(offset);
    }
  }
  if (ends.empty() || ends.back() != stream.size()) ends.push_back(stream.size());
  return ends;
}

std::vector<std::size_t> cuts(const store::GearTable& gear, base::ByteView stream) {
  return cuts(gear, stream, [&] { return stream.size(); });
}

// As store-design section 4 says it, byte by byte.
std::vector<std::size_t> slow_cuts(const store::GearTable& gear, base::ByteView stream) {
  std::vector<std::size_t> ends;
  std::size_t begin = 0;
  while (begin < stream.size()) {
    const store::ChunkSizes sizes = store::chunk_sizes_at(begin);
    std::size_t end = begin + std::min(sizes.least_bytes, stream.size() - begin);
    while (end < stream.size() && end - begin < sizes.most_bytes) {
      ++end;
      std::uint64_t hash = 0;
      for (std::size_t i = end - std::min<std::size_t>(end - begin, 64); i < end; ++i) {
        hash = (hash << 1) + gear[stream[i]];
      }
      const double rarity = static_cast<double>(sizes.average_bytes) *
                            (end - begin <= sizes.average_bytes ? 4.0 : 0.25);
      if (static_cast<double>(hash) < 18446744073709551616.0 / rarity) break;
    }
    ends.push_back(end);
    begin = end;
  }
  return ends;
}

}  // namespace

TEST_CASE("cuts are those of the definition", "[store][chunker]") {
  Random random{7};
  const store::GearTable gear{key(1)};
  const base::Bytes stream = random_bytes(random, 3 << 20);

  CHECK(cuts(gear, stream) == slow_cuts(gear, stream));
}

TEST_CASE("cuts do not depend on the pieces in which a stream arrives", "[store][chunker]") {
  const auto seed = GENERATE(range(std::uint64_t{0}, std::uint64_t{30}));
  CAPTURE(seed);
  Random random{seed};
  const store::GearTable gear{key(1)};
  const base::Bytes stream = random_bytes(random, between(random, 1, 3 << 20));
  const std::size_t longest = between(random, 1, 1 << 17);

  CHECK(cuts(gear, stream, [&] { return between(random, 1, longest); }) == cuts(gear, stream));
}

TEST_CASE("chunks keep to the sizes of their offset", "[store][chunker]") {
  Random random{3};
  const store::GearTable gear{key(2)};
  const base::Bytes stream = random_bytes(random, std::size_t{24} << 20);

  std::size_t begin = 0;
  std::size_t in_first_mib = 0;
  for (const std::size_t end : cuts(gear, stream)) {
    const store::ChunkSizes sizes = store::chunk_sizes_at(begin);
    CAPTURE(begin, end);
    if (end != stream.size()) CHECK(end - begin >= sizes.least_bytes);
    CHECK(end - begin <= sizes.most_bytes);
    if (begin < std::size_t{1} << 20) ++in_first_mib;
    begin = end;
  }
  CHECK(begin == stream.size());
  CHECK(in_first_mib > 40);
  CHECK(in_first_mib < 100);
}

TEST_CASE("sizes grow with the offset in the stream", "[store][chunker]") {
  constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
  CHECK(store::chunk_sizes_at(0).average_bytes == 16 * 1024);
  CHECK(store::chunk_sizes_at(kMiB - 1).average_bytes == 16 * 1024);
  CHECK(store::chunk_sizes_at(kMiB).average_bytes == 64 * 1024);
  CHECK(store::chunk_sizes_at(16 * kMiB - 1).average_bytes == 64 * 1024);
  CHECK(store::chunk_sizes_at(16 * kMiB).average_bytes == 256 * 1024);
}

TEST_CASE("small streams are one chunk", "[store][chunker]") {
  Random random{11};
  const store::GearTable gear{key(3)};
  const std::size_t size =
      GENERATE(std::size_t{1}, std::size_t{100}, std::size_t{4095}, std::size_t{4096});
  CHECK(cuts(gear, random_bytes(random, size)) == std::vector<std::size_t>{size});
}

TEST_CASE("a stream without variety is cut at the largest size", "[store][chunker]") {
  const store::GearTable gear{key(4)};
  const base::Bytes zeros(std::size_t{1} << 20);
  const std::vector<std::size_t> ends = cuts(gear, zeros);
  CHECK(std::all_of(ends.begin(), ends.end(), [](std::size_t end) { return end % 65536 == 0; }));
}

TEST_CASE("an insertion moves the cuts behind it, and changes few", "[store][chunker]") {
  Random random{5};
  const store::GearTable gear{key(5)};
  const base::Bytes before = random_bytes(random, 1 << 20);
  base::Bytes after = before;
  const base::Bytes inserted = random_bytes(random, 777);
  after.insert(after.begin() + 200'000, inserted.begin(), inserted.end());

  const std::vector<std::size_t> old_cuts = cuts(gear, before);
  std::set<std::size_t> moved;
  for (const std::size_t end : old_cuts) moved.insert(end < 200'000 ? end : end + 777);
  std::size_t kept = 0;
  for (const std::size_t end : cuts(gear, after)) kept += moved.count(end);
  CHECK(kept + 4 >= old_cuts.size());
}

TEST_CASE("another key cuts elsewhere", "[store][chunker]") {
  Random random{6};
  const base::Bytes stream = random_bytes(random, 1 << 20);
  CHECK(cuts(store::GearTable{key(1)}, stream) != cuts(store::GearTable{key(2)}, stream));
}

TEST_CASE("a hint ends a chunk that is long enough", "[store][chunker]") {
  Random random{8};
  const store::GearTable gear{key(1)};
  const base::Bytes stream = random_bytes(random, 5000);
  store::Chunker chunker{gear};

  CHECK_FALSE(chunker.cut_here());
  REQUIRE_FALSE(chunker.take(base::ByteView{stream}.first(100)).cut);
  CHECK_FALSE(chunker.cut_here());
  REQUIRE_FALSE(chunker.take(base::ByteView{stream}.first(1000)).cut);
  CHECK(chunker.cut_here());
  // The chunk after a hinted cut is cut as a stream that begins there.
  CHECK_FALSE(chunker.take(base::ByteView{stream}.first(4096)).cut);
}
