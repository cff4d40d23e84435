// Where streams are cut: FastCDC, so that equal stretches of two streams become equal chunks
// wherever they lie. The Gear table is keyed: lengths of chunks tell nothing about known content.
#pragma once

#include "src/base/bytes.h"
#include "src/base/secret.h"

#include <cstddef>
#include <cstdint>

namespace store {

// 256 pseudo-random numbers made of a tenant's chunker key.
class GearTable {
 public:
  explicit GearTable(base::ByteView chunker_key);
  [[nodiscard]] std::uint64_t operator[](std::byte value) const {
    return numbers_[std::to_integer<std::size_t>(value)];
  }

 private:
  base::Secret table_;
  const std::uint64_t* numbers_;  // of the table
};

struct ChunkSizes {
  std::size_t least_bytes = 0;
  std::size_t average_bytes = 0;  // a power of two
  std::size_t most_bytes = 0;
};

// Of a chunk that begins at `offset` of its stream: small where mail shares most, larger further
// in.
ChunkSizes chunk_sizes_at(std::uint64_t offset);

// Finds the cuts of one stream that arrives in pieces. The cuts depend on the stream's bytes and
// hints alone, not on how it is cut into pieces. Not thread-safe.
class Chunker {
 public:
  // `gear` outlives the chunker.
  explicit Chunker(const GearTable& gear);

  struct Step {
    std::size_t taken_bytes = 0;  // of the piece; the rest is to be given again
    bool cut = false;             // the chunk ends there
  };
  // Takes the front of `piece`, up to and including the end of the current chunk.
  Step take(base::ByteView piece);

  // A boundary inside the content lies here: whether the current chunk ends. Too short ones go on.
  [[nodiscard]] bool cut_here();

 private:
  void start_chunk();

  const GearTable* gear_;
  std::uint64_t stream_offset_ = 0;
  ChunkSizes sizes_;
  std::size_t chunk_bytes_ = 0;
  std::uint64_t hash_ = 0;
};

}  // namespace store
