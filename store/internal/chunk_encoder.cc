#include "store/internal/chunk_encoder.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "store/internal/sodium.h"

#include <array>

namespace store {
namespace {

// Compression must save this much, or the chunk is kept as it is: opening it again is then free.
constexpr std::size_t kLeastSavingPercent = 3;

constexpr std::string_view kDomain = "coffer chunk";
constexpr std::size_t kPrefixBytes = 24;

}  // namespace

ChunkId ChunkEncoder::id_of(ChunkClass chunk_class, base::ByteView plaintext) const {
  // Domain (with the class, so that a chunk of metadata is never one of data), then length.
  std::array<std::byte, kPrefixBytes> prefix{};
  std::memcpy(prefix.data(), kDomain.data(), kDomain.size());
  prefix[kDomain.size()] = static_cast<std::byte>(chunk_class);
  base::store_le(prefix.data() + 16, std::uint64_t{plaintext.size()});
  return ChunkId{hash_(prefix, plaintext).bytes};
}

ChunkEncoder::Encoded ChunkEncoder::encode(const ChunkId& id, base::ByteView plaintext) const {
  thread_local base::Bytes buffer;  // grows to the largest chunk of this thread
  if (buffer.size() < plaintext.size()) buffer.resize(plaintext.size());
  const std::size_t most = plaintext.size() - (plaintext.size() * kLeastSavingPercent + 99) / 100;
  const std::optional<std::size_t> compressed =
      codec_.compress(plaintext, base::MutableByteView{buffer}.first(most));
  Encoded encoded;
  encoded.payload = compressed ? base::ByteView{buffer}.first(*compressed) : plaintext;
  encoded.header.flags = compressed ? kRecordCompressed : std::uint8_t{0};
  encoded.header.plain_bytes = static_cast<std::uint32_t>(plaintext.size());
  encoded.header.sealed_bytes = static_cast<std::uint32_t>(encoded.payload.size() + kSealTagBytes);
  encoded.header.id = id;
  return encoded;
}

void ChunkEncoder::decode(const RecordHeader& header, base::ByteView payload,
                          base::MutableByteView plaintext) const {
  base::check(plaintext.size() == header.plain_bytes, "room for exactly the plaintext");
  const bool compressed = (header.flags & kRecordCompressed) != 0;
  if (!compressed && payload.size() == plaintext.size()) {
    std::memcpy(plaintext.data(), payload.data(), payload.size());
    return;
  }
  if (!compressed || !codec_.decompress(payload, plaintext)) {
    throw base::Error{base::ErrorKind::corrupt,
                      base::text("chunk ", header.id.hex(), " does not decompress")};
  }
}

}  // namespace store
