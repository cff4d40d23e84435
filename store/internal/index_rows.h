// Keys and values of the index's own rows: chunks and packs.
//
// What is decoded may be damaged: Error(corrupt) says so.
#pragma once

#include "src/base/bytes.h"
#include "store/index.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace store {

inline constexpr std::size_t kChunkKeyBytes = 16 + ChunkId::kSizeBytes;

std::array<char, 4> number_key(std::uint32_t number);
std::uint32_t number_of_key(base::ByteView key);
std::array<std::byte, kChunkKeyBytes> chunk_key(base::ByteView tenant_tag, const ChunkId& id);
ChunkId chunk_of_key(base::ByteView key);

base::Bytes encode(const ChunkLocation& location);
ChunkLocation decode_location(base::ByteView value);

base::Bytes encode(const PackRow& pack);
PackRow decode_pack(base::ByteView value);

}  // namespace store
