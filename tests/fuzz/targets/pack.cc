// A whole pack, sealed with known keys after the input has said what lies in it, then damaged as
// the input says: what stands behind the seals is reached, and so is what stands before.
#include "src/base/digest.h"
#include "store/internal/chunk_encoder.h"
#include "store/internal/codec.h"
#include "store/internal/crc32c.h"
#include "store/internal/object_name.h"
#include "store/internal/pack_reader.h"
#include "store/memory_backend.h"
#include "store/packs.h"
#include "tests/fuzz/fixed_keys.h"
#include "tests/fuzz/targets.h"

namespace fuzz {
namespace {

using base::ErrorKind;

constexpr unsigned kMostRecords = 8;
constexpr std::size_t kMostPayloadBytes = 4096;

struct Sealed {
  base::Bytes bytes;
  std::vector<store::ContentsEntry> entries;
};

void seal_record(const store::PackCipher& cipher, const store::RecordHeader& header,
                 base::ByteView payload, base::Bytes& pack) {
  const std::uint64_t offset = pack.size();
  pack.resize(offset + store::record_bytes(header.sealed_bytes));
  const base::MutableByteView place =
      base::MutableByteView{pack}.subspan(offset, store::kRecordHeaderBytes + header.sealed_bytes);
  std::ranges::copy(payload, place.begin() + store::kRecordHeaderBytes);
  cipher.seal(offset, header, place);
}

// Payload and stated length are the input's; the id is true, or zeros.
store::ContentsEntry add_record(const store::PackCipher& cipher, store::ChunkClass chunk_class,
                                const store::ChunkEncoder& encoder, InputReader& input,
                                base::Bytes& pack) {
  store::ContentsEntry entry;
  const std::uint8_t form = input.octet();
  const auto plain_bytes = input.number<std::uint32_t>();
  const base::ByteView payload = input.take(input.number<std::uint16_t>() % kMostPayloadBytes);
  entry.offset = pack.size();
  entry.header.type = (form & 1) != 0 ? store::RecordType::contents : store::RecordType::chunk;
  entry.header.flags = (form >> 1) & 3;
  entry.header.plain_bytes =
      (form & 8) != 0 ? plain_bytes : static_cast<std::uint32_t>(payload.size());
  entry.header.sealed_bytes = static_cast<std::uint32_t>(payload.size() + store::kSealTagBytes);
  if ((form & 16) == 0) entry.header.id = encoder.id_of(chunk_class, payload);
  seal_record(cipher, entry.header, payload, pack);
  return entry;
}

Sealed seal_pack(const store::PackHeader& header, const store::Codec& codec, InputReader& input) {
  const store::PackCipher cipher{header, fixed_tenant()};
  const store::ChunkEncoder encoder{fixed_tenant().id_key(), codec};
  Sealed sealed;
  sealed.bytes = base::to_bytes(cipher.encoded_header());
  const unsigned records = input.octet() % (kMostRecords + 1);
  for (unsigned i = 0; i < records; ++i) {
    sealed.entries.push_back(add_record(cipher, header.chunk_class, encoder, input, sealed.bytes));
  }
  base::Bytes contents = store::encode_contents(sealed.entries);
  patch(contents, input);
  const store::PackLayout layout{sealed.bytes.size(), records};
  store::RecordHeader contents_header;
  contents_header.type = store::RecordType::contents;
  contents_header.plain_bytes = static_cast<std::uint32_t>(contents.size());
  contents_header.sealed_bytes = layout.contents_sealed_bytes;
  seal_record(cipher, contents_header, contents, sealed.bytes);
  base::append(sealed.bytes, cipher.encoded_header());
  const base::Bytes checksums = store::checksums_of(sealed.bytes);
  base::append(sealed.bytes, checksums);
  auto trailer = store::encode_trailer(layout, store::crc32c(checksums));
  patch(base::MutableByteView{trailer}.first(store::kTrailerTaggedBytes), input);
  store::seal_trailer(
      trailer, cipher.trailer_tag(base::ByteView{trailer}.first(store::kTrailerTaggedBytes)));
  base::append(sealed.bytes, trailer);
  return sealed;
}

// Every chunk that a pack offers is read, or refused.
void read_chunks(const store::MemoryBackend& backend, const store::PackContents& contents,
                 const store::Codec& codec, const store::PackFindings& findings) {
  const store::ChunkEncoder encoder{fixed_tenant().id_key(), codec};
  const store::PackReader reader{backend, contents.row, fixed_repository(), fixed_tenant()};
  for (const store::IndexedChunk& chunk : contents.chunks) {
    const auto plain = unless_refused({ErrorKind::corrupt}, [&] {
      const auto record = reader.read(chunk.id, chunk.location);
      base::Bytes bytes(record.header.plain_bytes);
      encoder.decode(record.header, record.payload(), bytes);
      return bytes;
    });
    // A chunk's id binds it to the record by the seal; only who has the keys can lie, and verifying
    // tells.
    const bool is_true = plain && encoder.id_of(contents.row.chunk_class, *plain) == chunk.id;
    hold(is_true || !findings.errors.empty(), "verifying finds every chunk that cannot be read");
  }
}

}  // namespace

void fuzz_pack(base::ByteView input) {
  InputReader reader{input};
  const auto codec = store::make_zstd_codec();
  const std::uint8_t form = reader.octet();
  store::PackHeader header;
  header.chunk_class = static_cast<store::ChunkClass>(form & 1);
  header.generation = 1 + ((form >> 1) & 1);
  header.repository = fixed_repository();
  if ((form & 4) != 0) header.repository.bytes.front() ^= std::byte{1};
  std::ranges::copy(fixed_tenant().tag(), header.tenant_tag.begin());
  if ((form & 8) != 0) header.tenant_tag.front() ^= std::byte{1};
  Sealed sealed = seal_pack(header, *codec, reader);
  patch(sealed.bytes, reader);
  sealed.bytes.resize(sealed.bytes.size() - reader.number<std::uint16_t>() % sealed.bytes.size());

  store::PackObject object;
  object.id = store::PackId::from(base::sha256(sealed.bytes).view());
  object.chunk_class = static_cast<store::ChunkClass>((form >> 4) & 1);
  object.size_bytes = sealed.bytes.size();
  store::MemoryBackend backend;
  backend.plant(store::pack_name(object.chunk_class, object.id), sealed.bytes);
  const store::PackFindings findings = store::verify_pack(backend, fixed_keys(), object);
  const auto contents = unless_refused({ErrorKind::corrupt, ErrorKind::usage}, [&] {
    return store::read_pack_contents(backend, fixed_keys(), object);
  });
  hold(contents.has_value() || !findings.errors.empty(), "verifying finds what reading refuses");
  if (contents) {
    // Keys of another generation, tenant or repository are refused too.
    static_cast<void>(unless_refused({ErrorKind::corrupt}, [&] {
      read_chunks(backend, *contents, *codec, findings);
      return true;
    }));
  }
}

}  // namespace fuzz
