#include "store/internal/pack_format.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "store/internal/crc32c.h"
#include "store/internal/fixed_fields.h"
#include "store/internal/repository_config.h"
#include "store/internal/self_checked.h"
#include "store/internal/sodium.h"

#include <algorithm>

namespace store {
namespace {

constexpr std::size_t kTrailerTagOffset = kTrailerTaggedBytes;
constexpr std::size_t kTrailerChecksumOffset = kTrailerBytes - sizeof(std::uint32_t);

const Magic& header_magic() {
  static const Magic magic = make_magic("CFRPACK");
  return magic;
}

const Magic& trailer_magic() {
  static const Magic magic = make_magic("CFRTAIL");
  return magic;
}

template <std::size_t size_bytes>
std::array<std::byte, size_bytes> to_array(base::ByteView bytes) {
  base::check(bytes.size() == size_bytes, "the fields fill their place");
  std::array<std::byte, size_bytes> array;
  std::memcpy(array.data(), bytes.data(), size_bytes);
  return array;
}

void take_magic(FixedFieldReader& fields, const Magic& magic) {
  if (!std::ranges::equal(fields.raw(magic.size()), magic))
    fields.damaged("has a wrong magic number");
}

// What cannot be is refused here once, for record headers and for entries of the table of contents.
void check_record(const RecordHeader& header, std::uint8_t type, const FixedFieldReader& fields) {
  if (type != static_cast<std::uint8_t>(RecordType::chunk) &&
      type != static_cast<std::uint8_t>(RecordType::contents)) {
    fields.damaged("is of an unknown type");
  }
  if (header.flags > kRecordCompressed) fields.damaged("has unknown flags");
  if (header.dictionary != 0) fields.damaged("names an unknown dictionary");
  if (header.plain_bytes == 0 || header.plain_bytes > kMostChunkBytes ||
      header.sealed_bytes <= kSealTagBytes ||
      header.sealed_bytes > kMostChunkBytes + kSealTagBytes) {
    fields.damaged("has an impossible length");
  }
  const std::uint64_t payload = header.sealed_bytes - kSealTagBytes;
  const bool compressed = (header.flags & kRecordCompressed) != 0;
  if (compressed ? payload >= header.plain_bytes : payload != header.plain_bytes) {
    fields.damaged("has lengths that do not agree");
  }
}

}  // namespace

std::array<std::byte, kPackHeaderBytes> encode_header(const PackHeader& header) {
  FixedFieldWriter fields;
  fields.raw(header_magic())
      .number(kFormatVersion)
      .number(static_cast<std::uint8_t>(kAeadXChaCha20Poly1305))
      .number(static_cast<std::uint8_t>(kHashSha256))
      .number(static_cast<std::uint8_t>(header.chunk_class))
      .fill_to(20)
      .number(header.generation)
      .raw(header.repository.view())
      .raw(header.salt)
      .raw(header.tenant_tag)
      .raw(header.writer.view())
      .number(header.sequence)
      .fill_to(kPackHeaderBytes);
  return to_array<kPackHeaderBytes>(fields.view());
}

PackHeader decode_header(base::ByteView bytes, const std::string& pack) {
  FixedFieldReader fields{bytes, base::text("the header of pack ", pack)};
  take_magic(fields, header_magic());
  check_format(fields.number<std::uint16_t>(), base::text("pack ", pack));
  const base::ByteView algorithms = fields.raw(2);
  if (algorithms[0] != kAeadXChaCha20Poly1305 || algorithms[1] != kHashSha256) {
    fields.damaged("names unknown algorithms");
  }
  PackHeader header;
  const auto chunk_class = fields.number<std::uint8_t>();
  if (chunk_class > 1) fields.damaged("has an unknown class");
  header.chunk_class = static_cast<ChunkClass>(chunk_class);
  fields.zeros(3);
  header.generation = fields.number<std::uint32_t>();
  if (header.generation == 0 || header.generation > kMostGeneration) {
    fields.damaged("has an impossible key generation");
  }
  header.repository = fields.fixed<RepositoryId>();
  header.salt = to_array<sizeof(PackSalt)>(fields.raw(sizeof(PackSalt)));
  header.tenant_tag = to_array<16>(fields.raw(16));
  header.writer = fields.fixed<WriterId>();
  header.sequence = fields.number<std::uint64_t>();
  return header;
}

std::array<std::byte, kRecordHeaderBytes> encode_record_header(const RecordHeader& header) {
  FixedFieldWriter fields;
  fields.number(static_cast<std::uint8_t>(header.type))
      .number(header.flags)
      .number(header.dictionary)
      .number(header.sealed_bytes)
      .number(header.plain_bytes)
      .fill_to(16)
      .raw(header.id.view())
      .fill_to(kRecordHeaderBytes);
  return to_array<kRecordHeaderBytes>(fields.view());
}

RecordHeader decode_record_header(base::ByteView bytes, const std::string& pack) {
  FixedFieldReader fields{bytes, base::text("a record header of pack ", pack)};
  RecordHeader header;
  const auto type = fields.number<std::uint8_t>();
  header.flags = fields.number<std::uint8_t>();
  header.dictionary = fields.number<std::uint16_t>();
  header.sealed_bytes = fields.number<std::uint32_t>();
  header.plain_bytes = fields.number<std::uint32_t>();
  fields.zeros(4);
  header.id = fields.fixed<ChunkId>();
  fields.zeros(8);
  check_record(header, type, fields);
  header.type = static_cast<RecordType>(type);
  return header;
}

std::uint64_t aligned(std::uint64_t bytes) {
  return (bytes + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
}

std::uint64_t record_bytes(std::uint32_t sealed_bytes) {
  return aligned(kRecordHeaderBytes + std::uint64_t{sealed_bytes});
}

base::Bytes encode_contents(const std::vector<ContentsEntry>& entries) {
  FixedFieldWriter fields;
  for (const ContentsEntry& entry : entries) {
    fields.raw(entry.header.id.view())
        .number(static_cast<std::uint32_t>(entry.offset / kRecordAlignment))
        .number(entry.header.sealed_bytes)
        .number(entry.header.plain_bytes)
        .number(static_cast<std::uint8_t>(entry.header.type))
        .number(entry.header.flags)
        .number(entry.header.dictionary);
  }
  return fields.take();
}

std::vector<ContentsEntry> decode_contents(base::ByteView bytes, std::uint64_t contents_offset,
                                           const std::string& pack) {
  FixedFieldReader fields{bytes, base::text("the table of contents of pack ", pack)};
  if (bytes.size() % kContentsEntryBytes != 0) fields.damaged("has a wrong size");
  std::vector<ContentsEntry> entries;
  entries.reserve(bytes.size() / kContentsEntryBytes);
  std::uint64_t free_from = kPackHeaderBytes;
  while (entries.size() < bytes.size() / kContentsEntryBytes) {
    ContentsEntry entry;
    entry.header.id = fields.fixed<ChunkId>();
    entry.offset = std::uint64_t{fields.number<std::uint32_t>()} * kRecordAlignment;
    entry.header.sealed_bytes = fields.number<std::uint32_t>();
    entry.header.plain_bytes = fields.number<std::uint32_t>();
    const auto type = fields.number<std::uint8_t>();
    entry.header.flags = fields.number<std::uint8_t>();
    entry.header.dictionary = fields.number<std::uint16_t>();
    check_record(entry.header, type, fields);
    if (type != static_cast<std::uint8_t>(RecordType::chunk)) fields.damaged("names no chunk");
    if (entry.offset < free_from) fields.damaged("has records that overlap");
    free_from = entry.offset + record_bytes(entry.header.sealed_bytes);
    if (free_from > contents_offset) fields.damaged("has records beyond the pack's end");
    entries.push_back(entry);
  }
  return entries;
}

PackLayout::PackLayout(std::uint64_t offset, std::uint32_t count)
    : contents_offset(offset),
      records(count),
      contents_sealed_bytes(
          static_cast<std::uint32_t>(count * kContentsEntryBytes + kSealTagBytes)),
      header_copy_offset(offset + record_bytes(contents_sealed_bytes)),
      checksums_offset(header_copy_offset + kPackHeaderBytes),
      checksums(static_cast<std::uint32_t>((checksums_offset + kChecksumBlockBytes - 1) /
                                           kChecksumBlockBytes)),
      trailer_offset(checksums_offset + checksums * sizeof(std::uint32_t)),
      pack_bytes(trailer_offset + kTrailerBytes) {}

std::array<std::byte, kTrailerBytes> encode_trailer(const PackLayout& layout,
                                                    std::uint32_t checksums_crc) {
  FixedFieldWriter fields;
  fields.raw(trailer_magic())
      .number(kFormatVersion)
      .fill_to(16)
      .number(layout.pack_bytes)
      .number(layout.contents_offset)
      .number(layout.contents_sealed_bytes)
      .number(layout.records)
      .number(layout.checksums_offset)
      .number(layout.checksums)
      .number(checksums_crc)
      .fill_to(kTrailerBytes);
  return to_array<kTrailerBytes>(fields.view());
}

void seal_trailer(std::array<std::byte, kTrailerBytes>& trailer,
                  const std::array<std::byte, kPackTagBytes>& tag) {
  std::ranges::copy(tag, trailer.begin() + kTrailerTagOffset);
  const base::ByteView checked = base::ByteView{trailer}.first(kTrailerChecksumOffset);
  base::store_le(trailer.data() + kTrailerChecksumOffset, crc32c(checked));
}

PackTrailer decode_trailer(base::ByteView bytes, std::uint64_t pack_bytes,
                           const std::string& pack) {
  FixedFieldReader fields{bytes, base::text("the trailer of pack ", pack)};
  take_magic(fields, trailer_magic());
  check_format(fields.number<std::uint16_t>(), base::text("pack ", pack));
  fields.zeros(2);
  const auto stated_bytes = fields.number<std::uint64_t>();
  const auto contents_offset = fields.number<std::uint64_t>();
  const auto contents_sealed_bytes = fields.number<std::uint32_t>();
  const auto records = fields.number<std::uint32_t>();
  const auto checksums_offset = fields.number<std::uint64_t>();
  const auto checksums = fields.number<std::uint32_t>();
  const auto checksums_crc = fields.number<std::uint32_t>();
  fields.zeros(kTrailerTagOffset - 56);
  fields.raw(kPackTagBytes);
  fields.zeros(4);
  if (fields.number<std::uint32_t>() != crc32c(bytes.first(kTrailerChecksumOffset))) {
    fields.damaged("fails its checksum");
  }
  if (records == 0 || records > kMostPackRecords || contents_offset < kPackHeaderBytes ||
      contents_offset > kMostPackBytes || contents_offset % kRecordAlignment != 0) {
    fields.damaged("has impossible numbers");
  }
  const PackLayout layout{contents_offset, records};
  if (layout.pack_bytes != pack_bytes || stated_bytes != pack_bytes ||
      layout.contents_sealed_bytes != contents_sealed_bytes ||
      layout.checksums_offset != checksums_offset || layout.checksums != checksums) {
    fields.damaged("does not fit the size of the pack");
  }
  return {layout, checksums_crc};
}

base::Bytes checksums_of(base::ByteView bytes) {
  FixedFieldWriter fields;
  while (!bytes.empty()) {
    const base::ByteView block = bytes.first(std::min(bytes.size(), kChecksumBlockBytes));
    fields.number(crc32c(block));
    bytes = bytes.subspan(block.size());
  }
  return fields.take();
}

}  // namespace store
