#include "store/internal/pack_format.h"

#include "store/internal/crc32c.h"
#include "tests/fuzz/targets.h"

namespace fuzz {
namespace {

using base::ErrorKind;

void check_header(base::ByteView bytes) {
  const auto header = unless_refused({ErrorKind::corrupt, ErrorKind::usage},
                                     [&] { return store::decode_header(bytes, "p"); });
  if (!header) return;
  const auto again = store::encode_header(*header);
  hold(std::ranges::equal(base::ByteView{again}.first(store::kPackHeaderTaggedBytes),
                          bytes.first(store::kPackHeaderTaggedBytes)),
       "a pack's header has one encoding");
}

void check_record_header(base::ByteView bytes) {
  const auto header =
      unless_refused({ErrorKind::corrupt}, [&] { return store::decode_record_header(bytes, "p"); });
  if (!header) return;
  const auto again = store::encode_record_header(*header);
  hold(std::ranges::equal(base::ByteView{again}.first(store::kRecordHeaderCheckedBytes),
                          bytes.first(store::kRecordHeaderCheckedBytes)),
       "a record header has one encoding");
}

void check_contents(base::ByteView bytes, std::uint64_t contents_offset) {
  const auto entries = unless_refused(
      {ErrorKind::corrupt}, [&] { return store::decode_contents(bytes, contents_offset, "p"); });
  if (!entries) return;
  std::uint64_t free_from = store::kPackHeaderBytes;
  for (const store::ContentsEntry& entry : *entries) {
    hold(entry.offset >= free_from, "records do not overlap");
    free_from = entry.offset + store::record_bytes(entry.header.sealed_bytes);
    hold(free_from <= contents_offset, "records end before the table of contents");
  }
  hold(std::ranges::equal(store::encode_contents(*entries), bytes),
       "a table of contents has one encoding");
}

// With its checksum put right on demand: nobody guesses it.
void check_trailer(base::ByteView input, std::uint64_t pack_bytes, bool with_checksum) {
  base::Bytes bytes = base::to_bytes(input);
  if (with_checksum && bytes.size() >= store::kTrailerBytes) {
    const base::ByteView checked =
        base::ByteView{bytes}.first(store::kTrailerBytes - sizeof(std::uint32_t));
    base::store_le(bytes.data() + checked.size(), store::crc32c(checked));
  }
  const auto trailer = unless_refused({ErrorKind::corrupt, ErrorKind::usage}, [&] {
    return store::decode_trailer(bytes, pack_bytes, "p");
  });
  if (!trailer) return;
  hold(trailer->layout.pack_bytes == pack_bytes, "a trailer tells the size of its pack");
  auto again = store::encode_trailer(trailer->layout, trailer->checksums_crc);
  hold(std::ranges::equal(base::ByteView{again}.first(store::kTrailerTaggedBytes),
                          base::ByteView{bytes}.first(store::kTrailerTaggedBytes)),
       "a trailer has one encoding");
}

}  // namespace

// Which part, a number that the part is read with, the part.
void fuzz_pack_format(base::ByteView input) {
  InputReader reader{input};
  const std::uint8_t part = reader.octet();
  const auto number = reader.number<std::uint32_t>();
  const base::ByteView bytes = reader.rest();
  switch (part % 4) {
    case 0:
      return check_header(bytes);
    case 1:
      return check_record_header(bytes);
    case 2:
      return check_contents(bytes, std::uint64_t{number} * store::kRecordAlignment);
    default:
      return check_trailer(bytes, number, (part & 4) != 0);
  }
}

}  // namespace fuzz
