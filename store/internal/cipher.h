// The two primitives that every chunk passes through, by OpenSSL, with contexts kept per thread.
#pragma once

#include "src/base/bytes.h"
#include "src/base/digest.h"
#include "src/base/secret.h"

#include <array>
#include <cstdint>

namespace store {

// ChaCha20-Poly1305 (RFC 8439). With `subkey` = HChaCha20(key, first 16 bytes of a nonce) and
// `nonce` = four zeros and the other eight, it is XChaCha20-Poly1305, three times as fast as
// libsodium's own. Seals in place: `bytes` is the plaintext and 16 bytes of room for the tag.
void seal_chacha20(base::ByteView subkey, const std::array<std::byte, 12>& nonce,
                   base::ByteView associated, base::MutableByteView bytes);
// Opens `sealed` into `plain`, which is 16 bytes shorter; false (and `plain` wiped) if it is not
// what was sealed. The two may begin at the same place.
[[nodiscard]] bool open_chacha20(base::ByteView subkey, const std::array<std::byte, 12>& nonce,
                                 base::ByteView associated, base::ByteView sealed,
                                 base::MutableByteView plain);

// HMAC-SHA-256 under one key, many times. Thread-safe.
class KeyedHash {
 public:
  explicit KeyedHash(base::ByteView key);

  [[nodiscard]] base::Sha256 operator()(base::ByteView first, base::ByteView second) const;

 private:
  base::Secret key_;
  std::uint64_t identity_;  // tells a thread whether its context is set to this key
};

}  // namespace store
