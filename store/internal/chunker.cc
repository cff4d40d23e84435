#include "store/internal/chunker.h"

#include "src/base/digest.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace store {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
// A byte leaves the hash after so many shifts; that many are hashed before the first test, so that
// a cut depends on the bytes before it only.
constexpr std::size_t kWindowBytes = 64;
// FastCDC's normalisation: tests that are 4 times rarer before the average size, and 4 times more
// frequent after it.
constexpr std::size_t kNormalisation = 4;
constexpr std::size_t kLeastHintedBytes = 512;

// The hash is below it once in so many places, a power of two. The highest bits depend on the whole
// window, and what passes a rare test passes each more frequent one: sizes may grow without new cut
// points.
std::uint64_t threshold(std::size_t places) {
  return std::numeric_limits<std::uint64_t>::max() / places + 1;  // 2^64 / places
}

// Hashes until the hash falls below `limit`: the number of bytes taken.
std::size_t scan(const GearTable& gear, base::ByteView bytes, std::uint64_t limit,
                 std::uint64_t& hash, bool& found) {
  std::uint64_t running = hash;
  const std::byte* const begin = bytes.data();
  const std::size_t size = bytes.size();
  for (std::size_t i = 0; i < size; ++i) {
    running = (running << 1) + gear[begin[i]];
    if (running < limit) {
      hash = running;
      found = true;
      return i + 1;
    }
  }
  hash = running;
  return size;
}

base::Secret make_table(base::ByteView chunker_key) {
  constexpr std::size_t kNumbers = 256;
  constexpr std::size_t kBlockBytes = base::Sha256::kSizeBytes;
  static_assert(std::endian::native == std::endian::little, "digests are read as numbers in place");
  return base::Secret::filled(kNumbers * sizeof(std::uint64_t), [&](base::MutableByteView table) {
    for (std::size_t block = 0; block < table.size() / kBlockBytes; ++block) {
      base::Bytes label = base::to_bytes(base::as_bytes("coffer gear table"));
      label.push_back(static_cast<std::byte>(block));
      const base::Secret numbers = base::hmac_sha256_key(chunker_key, label);
      std::ranges::copy(numbers.bytes(),
                        table.begin() + static_cast<std::ptrdiff_t>(block * kBlockBytes));
    }
  });
}

}  // namespace

GearTable::GearTable(base::ByteView chunker_key)
    : table_(make_table(chunker_key)),
      numbers_(reinterpret_cast<const std::uint64_t*>(table_.bytes().data())) {}

ChunkSizes chunk_sizes_at(std::uint64_t offset) {
  constexpr std::size_t kKiB = 1024;
  if (offset < kMiB) return {4 * kKiB, 16 * kKiB, 64 * kKiB};
  if (offset < 16 * kMiB) return {16 * kKiB, 64 * kKiB, 256 * kKiB};
  return {64 * kKiB, 256 * kKiB, 1024 * kKiB};
}

Chunker::Chunker(const GearTable& gear) : gear_(&gear) { start_chunk(); }

void Chunker::start_chunk() {
  sizes_ = chunk_sizes_at(stream_offset_);
  chunk_bytes_ = 0;
  hash_ = 0;
}

Chunker::Step Chunker::take(base::ByteView piece) {
  // A stretch of the chunk ends at its first number of bytes and is tested against the second.
  struct Stretch {
    std::size_t end;
    std::uint64_t limit;
  };
  const std::array<Stretch, 4> stretches{{
      {sizes_.least_bytes - kWindowBytes, 0},  // not hashed at all
      {sizes_.least_bytes, 0},
      {sizes_.average_bytes, threshold(sizes_.average_bytes * kNormalisation)},
      {sizes_.most_bytes, threshold(sizes_.average_bytes / kNormalisation)},
  }};
  Step step;
  for (std::size_t i = 0; i < stretches.size() && !step.cut; ++i) {
    const Stretch& stretch = stretches[i];
    if (chunk_bytes_ >= stretch.end) continue;
    const std::size_t size = std::min(stretch.end - chunk_bytes_, piece.size() - step.taken_bytes);
    const base::ByteView bytes = piece.subspan(step.taken_bytes, size);
    const std::size_t taken = i == 0 ? size : scan(*gear_, bytes, stretch.limit, hash_, step.cut);
    step.taken_bytes += taken;
    chunk_bytes_ += taken;
  }
  step.cut = step.cut || chunk_bytes_ == sizes_.most_bytes;
  stream_offset_ += step.taken_bytes;
  if (step.cut) start_chunk();
  return step;
}

bool Chunker::cut_here() {
  if (chunk_bytes_ < kLeastHintedBytes) return false;
  start_chunk();
  return true;
}

}  // namespace store
