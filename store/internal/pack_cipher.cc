#include "store/internal/pack_cipher.h"

#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/text.h"
#include "store/internal/cipher.h"
#include "store/internal/sodium.h"

#include <algorithm>
#include <string_view>

namespace store {
namespace {

constexpr std::size_t kKeysBytes = 112;
constexpr std::size_t kAssociatedBytes =
    kPackHeaderBytes + sizeof(std::uint64_t) + kRecordHeaderBytes;

using Nonce12 = std::array<std::byte, 12>;

Nonce12 nonce_at(std::uint64_t offset) {
  Nonce12 nonce{};
  base::store_le(nonce.data() + 4, offset);
  return nonce;
}

// HMAC-SHA-256(pack root, label, salt).
base::Secret derive(base::ByteView root, std::string_view label, const PackSalt& salt) {
  base::Bytes input = base::to_bytes(base::as_bytes(label));
  base::append(input, salt);
  return base::hmac_sha256_key(root, input);
}

base::Secret derive_keys(const PackHeader& header, const TenantKeys& keys) {
  const base::Secret root_key = keys.pack_root(header.generation);
  const base::ByteView root = root_key.bytes();
  return base::Secret::filled(kKeysBytes, [&](base::MutableByteView all) {
    const auto place = [&](std::size_t offset, base::ByteView key) {
      std::memcpy(all.data() + offset, key.data(), key.size());
    };
    // The first half of XChaCha20's nonce is the same for all records of a pack, so its subkey is
    // too.
    const base::Secret record = derive(root, "coffer pack record", header.salt);
    auto subkey = hchacha20(record.bytes(), base::ByteView{header.salt}.first(16));
    place(0, subkey);
    wipe(subkey);
    place(32, derive(root, "coffer pack mask", header.salt).bytes());
    place(64, derive(root, "coffer pack tag", header.salt).bytes());
    place(96, derive(root, "coffer pack check", header.salt).bytes().first(16));
  });
}

// Binds a record to its pack (repository, class, tenant, salt), its place and its header.
std::array<std::byte, kAssociatedBytes> associated_data(base::ByteView pack_header,
                                                        std::uint64_t offset,
                                                        base::ByteView record_header) {
  std::array<std::byte, kAssociatedBytes> data;
  std::memcpy(data.data(), pack_header.data(), kPackHeaderBytes);
  base::store_le(data.data() + kPackHeaderBytes, offset);
  std::memcpy(data.data() + kPackHeaderBytes + sizeof offset, record_header.data(),
              kRecordHeaderBytes);
  return data;
}

}  // namespace

PackCipher::PackCipher(const PackHeader& header, const TenantKeys& keys)
    : header_(header), keys_(derive_keys(header, keys)), encoded_(encode_header(header)) {
  const auto header_tag = tag('h', base::ByteView{encoded_}.first(kPackHeaderTaggedBytes));
  std::ranges::copy(header_tag, encoded_.begin() + kPackHeaderTaggedBytes);
}

PackCipher PackCipher::open(base::ByteView header, const RepositoryId& repository,
                            ChunkClass chunk_class, const TenantKeys& keys,
                            const std::string& pack) {
  const PackHeader decoded = decode_header(header, pack);
  const auto refuse = [&](const char* why) {
    throw base::Error{base::ErrorKind::corrupt, base::text("pack ", pack, " ", why)};
  };
  if (decoded.repository != repository) refuse("belongs to another repository");
  if (decoded.chunk_class != chunk_class) refuse("is of another class than its place says");
  if (!std::ranges::equal(decoded.tenant_tag, keys.tag())) refuse("belongs to another tenant");
  PackCipher cipher{decoded, keys};
  if (!equal_in_constant_time(cipher.encoded_, header)) refuse("has a header that was changed");
  return cipher;
}

std::array<std::byte, kPackTagBytes> PackCipher::tag(char what, base::ByteView tagged) const {
  base::Bytes input{static_cast<std::byte>(what)};
  base::append(input, tagged);
  const base::Sha256 digest = base::hmac_sha256(tag_key(), input);
  std::array<std::byte, kPackTagBytes> result;
  std::memcpy(result.data(), digest.bytes.data(), result.size());
  return result;
}

std::array<std::byte, kPackTagBytes> PackCipher::trailer_tag(base::ByteView tagged) const {
  return tag('t', tagged);
}

std::uint64_t PackCipher::check_of(std::uint64_t offset, base::ByteView header) const {
  std::array<std::byte, kRecordHeaderCheckedBytes + sizeof offset> checked;
  std::memcpy(checked.data(), header.data(), kRecordHeaderCheckedBytes);
  base::store_le(checked.data() + kRecordHeaderCheckedBytes, offset);
  return siphash(check_key(), checked);
}

void PackCipher::seal(std::uint64_t offset, const RecordHeader& header,
                      base::MutableByteView place) const {
  base::check(place.size() == kRecordHeaderBytes + header.sealed_bytes, "a record fills its place");
  auto clear = encode_record_header(header);
  base::store_le(clear.data() + kRecordHeaderCheckedBytes, check_of(offset, clear));
  const auto associated = associated_data(encoded_, offset, clear);
  seal_chacha20(record_key(), nonce_at(offset), associated, place.subspan(kRecordHeaderBytes));
  mix_chacha20(mask_key(), nonce_at(offset), clear);
  std::ranges::copy(clear, place.begin());
}

std::optional<RecordHeader> PackCipher::open_header(std::uint64_t offset,
                                                    base::ByteView bytes) const {
  base::check(bytes.size() == kRecordHeaderBytes, "a record header has 64 bytes");
  std::array<std::byte, kRecordHeaderBytes> clear;
  std::ranges::copy(bytes, clear.begin());
  mix_chacha20(mask_key(), nonce_at(offset), clear);
  if (base::load_le<std::uint64_t>(clear.data() + kRecordHeaderCheckedBytes) !=
      check_of(offset, clear)) {
    return std::nullopt;
  }
  return decode_record_header(clear, base::to_hex(header_.salt));
}

bool PackCipher::open(std::uint64_t offset, const RecordHeader& header, base::ByteView sealed,
                      base::MutableByteView payload) const {
  if (sealed.size() != header.sealed_bytes) return false;
  auto clear = encode_record_header(header);
  base::store_le(clear.data() + kRecordHeaderCheckedBytes, check_of(offset, clear));
  const auto associated = associated_data(encoded_, offset, clear);
  return open_chacha20(record_key(), nonce_at(offset), associated, sealed, payload);
}

}  // namespace store
