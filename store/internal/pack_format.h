// The bytes of a pack (FORMAT.md, packs), without their meaning: fields, sizes, bounds.
//
// Everything decoded may be hostile: decoding throws Error(corrupt) naming what is wrong, before
// anything is allocated.
#pragma once

#include "src/base/bytes.h"
#include "store/chunk_store.h"
#include "store/ids.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace store {

inline constexpr std::size_t kPackHeaderBytes = 128;
inline constexpr std::size_t kRecordHeaderBytes = 64;
inline constexpr std::size_t kRecordAlignment = 64;
inline constexpr std::size_t kContentsEntryBytes = 48;
inline constexpr std::size_t kTrailerBytes = 128;
inline constexpr std::size_t kPackTagBytes = 16;
inline constexpr std::size_t kChecksumBlockBytes = std::size_t{1} << 20;
inline constexpr std::uint64_t kMostPackBytes = std::uint64_t{64} << 20;
inline constexpr std::uint32_t kMostPackRecords = 16'384;
inline constexpr std::uint32_t kMostChunkBytes = std::uint32_t{16} << 20;
inline constexpr std::uint32_t kMostGeneration = 65'535;

using PackSalt = std::array<std::byte, 32>;

struct PackHeader {
  ChunkClass chunk_class = ChunkClass::data;
  std::uint32_t generation = 1;
  RepositoryId repository;
  PackSalt salt{};
  std::array<std::byte, 16> tenant_tag{};
  WriterId writer;
  std::uint64_t sequence = 0;  // milliseconds since 1970 when it was begun; tells packs of a writer
                               // apart, decides nothing
};
inline constexpr std::size_t kPackHeaderTaggedBytes = kPackHeaderBytes - kPackTagBytes;

// Without the tag, which is zero.
std::array<std::byte, kPackHeaderBytes> encode_header(const PackHeader& header);
// The tag is not checked. `pack` is for messages.
PackHeader decode_header(base::ByteView bytes, const std::string& pack);

enum class RecordType : std::uint8_t { chunk = 1, contents = 2 };
inline constexpr std::uint8_t kRecordCompressed = 1;  // the only flag

struct RecordHeader {
  RecordType type = RecordType::chunk;
  std::uint8_t flags = 0;
  std::uint16_t dictionary = 0;  // none; others are refused until there are any
  std::uint32_t sealed_bytes = 0;
  std::uint32_t plain_bytes = 0;
  ChunkId id;  // zeros for the table of contents

  bool operator==(const RecordHeader&) const = default;
};
inline constexpr std::size_t kRecordHeaderCheckedBytes = kRecordHeaderBytes - sizeof(std::uint64_t);

// In the clear, without the check, which is zero.
std::array<std::byte, kRecordHeaderBytes> encode_record_header(const RecordHeader& header);
// The check is not looked at. Lengths that cannot be are refused.
RecordHeader decode_record_header(base::ByteView bytes, const std::string& pack);

// A record as the table of contents tells it.
struct ContentsEntry {
  std::uint64_t offset = 0;
  RecordHeader header;
};

// What a record takes in the pack, with header and padding.
std::uint64_t record_bytes(std::uint32_t sealed_bytes);
std::uint64_t aligned(std::uint64_t bytes);

base::Bytes encode_contents(const std::vector<ContentsEntry>& entries);
// Entries lie one after the other between the header and `contents_offset`, or it is refused.
std::vector<ContentsEntry> decode_contents(base::ByteView bytes, std::uint64_t contents_offset,
                                           const std::string& pack);

// Where the parts of a pack lie that come after its records; all follows from two numbers.
struct PackLayout {
  PackLayout(std::uint64_t contents_offset, std::uint32_t records);

  std::uint64_t contents_offset;
  std::uint32_t records;
  std::uint32_t contents_sealed_bytes;
  std::uint64_t header_copy_offset;
  std::uint64_t checksums_offset;
  std::uint32_t checksums;
  std::uint64_t trailer_offset;
  std::uint64_t pack_bytes;
};

inline constexpr std::size_t kTrailerTaggedBytes = 104;

// `checksums_crc`: CRC-32C of the table of checksums. The tag is zero; seal_trailer() completes it.
std::array<std::byte, kTrailerBytes> encode_trailer(const PackLayout& layout,
                                                    std::uint32_t checksums_crc);
void seal_trailer(std::array<std::byte, kTrailerBytes>& trailer,
                  const std::array<std::byte, kPackTagBytes>& tag);

struct PackTrailer {
  PackLayout layout;
  std::uint32_t checksums_crc = 0;
};
// Its own checksum is checked, its tag is not. `pack_bytes` is the size of the whole object.
PackTrailer decode_trailer(base::ByteView bytes, std::uint64_t pack_bytes, const std::string& pack);

// CRC-32C of each MiB.
base::Bytes checksums_of(base::ByteView bytes);

}  // namespace store
