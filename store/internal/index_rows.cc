#include "store/internal/index_rows.h"

#include "src/base/error.h"
#include "store/internal/fixed_fields.h"

#include <cstring>

namespace store {

std::array<char, 4> number_key(std::uint32_t number) {
  // Big-endian, so that the order of keys is that of numbers.
  return {static_cast<char>(number >> 24), static_cast<char>(number >> 16),
          static_cast<char>(number >> 8), static_cast<char>(number)};
}

std::uint32_t number_of_key(base::ByteView key) {
  if (key.size() != 4) throw base::Error{base::ErrorKind::corrupt, "an index key of a pack"};
  std::uint32_t number = 0;
  for (const std::byte byte : key) number = number << 8 | static_cast<std::uint32_t>(byte);
  return number;
}

std::array<std::byte, kChunkKeyBytes> chunk_key(base::ByteView tenant_tag, const ChunkId& id) {
  base::check(tenant_tag.size() == 16, "a tenant's tag has 16 bytes");
  std::array<std::byte, kChunkKeyBytes> key;
  std::memcpy(key.data(), tenant_tag.data(), tenant_tag.size());
  std::memcpy(key.data() + tenant_tag.size(), id.bytes.data(), id.bytes.size());
  return key;
}

ChunkId chunk_of_key(base::ByteView key) {
  if (key.size() != kChunkKeyBytes) {
    throw base::Error{base::ErrorKind::corrupt, "an index key of a chunk"};
  }
  return ChunkId::from(key.last(ChunkId::kSizeBytes));
}

base::Bytes encode(const ChunkLocation& location) {
  base::check(location.offset % 64 == 0 && location.offset / 64 <= 0xffffffffU,
              "records lie at multiples of 64 bytes");
  FixedFieldWriter fields;
  fields.number(location.pack_number)
      .number(location.record_number)
      .number(static_cast<std::uint32_t>(location.offset / 64))
      .number(location.sealed_bytes)
      .number(location.plain_bytes);
  return fields.take();
}

ChunkLocation decode_location(base::ByteView value) {
  FixedFieldReader fields{value, "a chunk's row"};
  ChunkLocation location;
  location.pack_number = fields.number<std::uint32_t>();
  location.record_number = fields.number<std::uint16_t>();
  location.offset = std::uint64_t{fields.number<std::uint32_t>()} * 64;
  location.sealed_bytes = fields.number<std::uint32_t>();
  location.plain_bytes = fields.number<std::uint32_t>();
  return location;
}

base::Bytes encode(const PackRow& pack) {
  base::check(pack.tenant_tag.size() == 16, "a tenant's tag has 16 bytes");
  FixedFieldWriter fields;
  fields.raw(pack.id.view())
      .number(static_cast<std::uint8_t>(pack.chunk_class))
      .raw(pack.tenant_tag)
      .number(pack.generation)
      .number(pack.size_bytes)
      .number(pack.chunks)
      .number(pack.plain_bytes);
  return fields.take();
}

PackRow decode_pack(base::ByteView value) {
  FixedFieldReader fields{value, "an index row of a pack"};
  PackRow pack;
  pack.id = fields.fixed<PackId>();
  const auto chunk_class = fields.number<std::uint8_t>();
  if (chunk_class > 1) fields.damaged("has an unknown class");
  pack.chunk_class = static_cast<ChunkClass>(chunk_class);
  pack.tenant_tag = base::to_bytes(fields.raw(16));
  pack.generation = fields.number<std::uint32_t>();
  pack.size_bytes = fields.number<std::uint64_t>();
  pack.chunks = fields.number<std::uint32_t>();
  pack.plain_bytes = fields.number<std::uint64_t>();
  return pack;
}

}  // namespace store
