// The parity of a pack (FORMAT.md, parity): two blocks more, from which any two damaged blocks of
// pack and parity can be made again. Needs no key, and nothing of the pack that may be damaged.
//
// What is decoded may be hostile: it is bounded before anything is allocated, and bytes that come
// out of healing are proven by the pack's name.
#pragma once

#include "src/base/bytes.h"
#include "store/chunk_store.h"
#include "store/ids.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace store {

inline constexpr std::size_t kParityBlocks = 2;
inline constexpr std::size_t kMostParityBlockBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMostPackBlocks = 64;
inline constexpr std::size_t kParityHeadBytes = 384;
inline constexpr std::uint64_t kMostParityBytes =
    2 * kParityHeadBytes + kParityBlocks * kMostParityBlockBytes;

struct ParityHead {
  PackId pack;
  ChunkClass chunk_class = ChunkClass::data;
  std::uint64_t pack_bytes = 0;
  std::vector<std::uint32_t> pack_checksums;  // CRC-32C of each block
  std::array<std::uint32_t, kParityBlocks> parity_checksums{};

  bool operator==(const ParityHead&) const = default;
};

// All blocks have this size but the pack's last one, which may be shorter.
std::size_t parity_block_bytes(std::uint64_t pack_bytes);
std::size_t pack_blocks(std::uint64_t pack_bytes);

// A parity object that was computed.
struct Parity {
  std::array<std::byte, kParityHeadBytes> head{};
  std::array<base::Bytes, kParityBlocks> blocks;

  // The object's bytes, in order; views of this.
  [[nodiscard]] std::array<base::ByteView, 4> parts() const {
    return {head, blocks[0], blocks[1], head};
  }
  // Whether `object` is these bytes.
  [[nodiscard]] bool is_stored_as(base::ByteView object) const;
};

// Computes parity from the blocks of a pack, one after the other; holds the parity blocks alone.
class ParityEncoder {
 public:
  // `pack_bytes`: 1 byte to 64 MiB.
  ParityEncoder(ChunkClass chunk_class, std::uint64_t pack_bytes);
  ~ParityEncoder();
  ParityEncoder(const ParityEncoder&) = delete;
  ParityEncoder& operator=(const ParityEncoder&) = delete;

  // The pack's next block, of parity_block_bytes(), or what is left at the end.
  void add(base::ByteView block);
  // After the last block.
  [[nodiscard]] Parity finish(const PackId& pack);

 private:
  struct Tables;
  ParityHead head_;
  std::array<base::Bytes, kParityBlocks> blocks_;
  std::unique_ptr<Tables> tables_;
};

Parity encode_parity(ChunkClass chunk_class, const PackId& pack, base::ByteView bytes);

// What of a stored parity object can be used.
struct StoredParity {
  ParityHead head;
  std::array<base::Bytes, kParityBlocks> blocks;  // empty where one is damaged
  bool is_whole = false;                          // every byte is as it was written
};

// Empty if both of its heads are damaged, or they are not of this pack.
std::optional<StoredParity> decode_parity(const PackId& pack, base::ByteView object);

// The pack as it was, from what is left of it (nothing, if it is gone) and its parity. Empty if
// more is damaged than parity makes up for; what is given has the pack's name as its SHA-256.
std::optional<base::Bytes> heal_pack(const StoredParity& parity, base::Bytes left);

}  // namespace store
