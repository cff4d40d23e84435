#include "store/internal/pack_reader.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "store/internal/crc32c.h"
#include "store/internal/object_name.h"
#include "store/internal/sodium.h"

namespace store {
namespace {

[[noreturn]] void corrupt(const std::string& message) {
  throw base::Error{base::ErrorKind::corrupt, message};
}

// What the index promised and the backend no longer has is damage, not absence.
base::Bytes read_promised(const Backend& backend, const std::string& name, std::uint64_t offset,
                          std::size_t size_bytes) {
  try {
    return backend.read(name, offset, size_bytes);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::not_found) throw;
    corrupt(base::text("pack ", name, " is missing"));
  }
}

// By the copy of the header at the pack's end.
PackCipher open_by_copy(const Backend& backend, const PackRow& row, const std::string& name,
                        const RepositoryId& repository, const TenantKeys& keys) {
  base::Bytes end;
  const auto more = [&](std::uint64_t from) -> base::ByteView {
    end = read_promised(backend, name, from, static_cast<std::size_t>(row.size_bytes - from));
    return end;
  };
  const base::Bytes trailer =
      read_promised(backend, name, row.size_bytes - kTrailerBytes, kTrailerBytes);
  return read_tail(trailer, row.size_bytes, repository, row.chunk_class, always_those(keys), name,
                   more)
      .cipher;
}

PackCipher open_cipher(const Backend& backend, const PackRow& row, const std::string& name,
                       const RepositoryId& repository, const TenantKeys& keys) {
  try {
    return PackCipher::open(read_promised(backend, name, 0, kPackHeaderBytes), repository,
                            row.chunk_class, keys, name);
  } catch (const base::Error& error) {
    // A damaged format number reads as that of a newer program.
    if (error.kind() != base::ErrorKind::corrupt && error.kind() != base::ErrorKind::usage) throw;
  }
  // Damage to these few bytes must not cost every chunk of the pack.
  return open_by_copy(backend, row, name, repository, keys);
}

std::vector<ContentsEntry> open_contents(const PackCipher& cipher, const PackLayout& layout,
                                         base::ByteView record, const std::string& pack) {
  const auto header = cipher.open_header(layout.contents_offset, record.first(kRecordHeaderBytes));
  RecordHeader expected;
  expected.type = RecordType::contents;
  expected.sealed_bytes = layout.contents_sealed_bytes;
  expected.plain_bytes = static_cast<std::uint32_t>(layout.records * kContentsEntryBytes);
  if (!header || *header != expected) {
    corrupt(base::text("pack ", pack, " has no table of contents where it should lie"));
  }
  base::Bytes contents(expected.plain_bytes);
  if (!cipher.open(layout.contents_offset, expected,
                   record.subspan(kRecordHeaderBytes, expected.sealed_bytes), contents)) {
    corrupt(base::text("pack ", pack, " has a damaged table of contents"));
  }
  return decode_contents(contents, layout.contents_offset, pack);
}

}  // namespace

PackReader::PackReader(const Backend& backend, const PackRow& row, const RepositoryId& repository,
                       const TenantKeys& keys)
    : backend_(backend),
      name_(pack_name(row.chunk_class, row.id)),
      cipher_(open_cipher(backend, row, name_, repository, keys)) {}

PackReader::Record PackReader::read(const ChunkId& id, const ChunkLocation& location) const {
  if (location.sealed_bytes <= kSealTagBytes ||
      location.sealed_bytes > kMostChunkBytes + kSealTagBytes) {
    corrupt(base::text("the index gives chunk ", id.hex(), " an impossible length"));
  }
  Record record;
  record.bytes =
      read_promised(backend_, name_, location.offset, kRecordHeaderBytes + location.sealed_bytes);
  const base::MutableByteView whole = record.bytes;
  const auto header = cipher_.open_header(location.offset, whole.first(kRecordHeaderBytes));
  if (!header || header->type != RecordType::chunk || header->id != id ||
      header->sealed_bytes != location.sealed_bytes ||
      header->plain_bytes != location.plain_bytes) {
    corrupt(base::text("pack ", name_, " does not hold chunk ", id.hex(), " at ", location.offset));
  }
  record.header = *header;
  const base::MutableByteView sealed = whole.subspan(kRecordHeaderBytes);
  if (!cipher_.open(location.offset, *header, sealed,
                    sealed.first(sealed.size() - kSealTagBytes))) {
    corrupt(base::text("chunk ", id.hex(), " in pack ", name_, " is damaged"));
  }
  return record;
}

TenantOfTag always_those(const TenantKeys& keys) {
  std::shared_ptr<const TenantKeys> shared{std::shared_ptr<void>{}, &keys};  // not owned
  return [shared](base::ByteView) { return shared; };
}

PackTail read_tail(base::ByteView tail, std::uint64_t pack_bytes, const RepositoryId& repository,
                   ChunkClass chunk_class, const TenantOfTag& keys, const std::string& pack,
                   const std::function<base::ByteView(std::uint64_t from)>& more) {
  if (tail.size() < kTrailerBytes) corrupt(base::text("pack ", pack, " is cut short"));
  const base::ByteView trailer_bytes = tail.last(kTrailerBytes);
  const PackTrailer trailer = decode_trailer(trailer_bytes, pack_bytes, pack);
  const PackLayout& layout = trailer.layout;
  const std::uint64_t needed = pack_bytes - layout.contents_offset;
  if (needed > tail.size()) tail = more(layout.contents_offset);
  if (needed > tail.size()) corrupt(base::text("pack ", pack, " is cut short"));
  tail = tail.last(static_cast<std::size_t>(needed));
  const auto part = [&](std::uint64_t offset, std::uint64_t size_bytes) {
    return tail.subspan(static_cast<std::size_t>(offset - layout.contents_offset),
                        static_cast<std::size_t>(size_bytes));
  };
  const base::ByteView header = part(layout.header_copy_offset, kPackHeaderBytes);
  const auto tenant = keys(decode_header(header, pack).tenant_tag);
  PackCipher cipher = PackCipher::open(header, repository, chunk_class, *tenant, pack);
  const auto tag = cipher.trailer_tag(trailer_bytes.first(kTrailerTaggedBytes));
  if (!equal_in_constant_time(tag, trailer_bytes.subspan(kTrailerTaggedBytes, kPackTagBytes))) {
    corrupt(base::text("pack ", pack, " has a trailer that was changed"));
  }
  const base::ByteView checksums =
      part(layout.checksums_offset, layout.checksums * sizeof(std::uint32_t));
  if (crc32c(checksums) != trailer.checksums_crc) {
    corrupt(base::text("pack ", pack, " has a damaged table of checksums"));
  }
  const base::ByteView record =
      part(layout.contents_offset, layout.header_copy_offset - layout.contents_offset);
  std::vector<ContentsEntry> entries = open_contents(cipher, layout, record, pack);
  return {std::move(cipher), trailer, std::move(entries), base::to_bytes(checksums)};
}

std::vector<IndexedChunk> indexed_chunks(const std::vector<ContentsEntry>& entries) {
  std::vector<IndexedChunk> chunks;
  chunks.reserve(entries.size());
  for (const ContentsEntry& entry : entries) {
    IndexedChunk& chunk = chunks.emplace_back();
    chunk.id = entry.header.id;
    chunk.location.record_number = static_cast<std::uint16_t>(chunks.size() - 1);
    chunk.location.offset = entry.offset;
    chunk.location.sealed_bytes = entry.header.sealed_bytes;
    chunk.location.plain_bytes = entry.header.plain_bytes;
  }
  return chunks;
}

}  // namespace store
