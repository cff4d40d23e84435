// SHA-256 and HMAC-SHA-256 (FIPS 180-4, RFC 2104), by OpenSSL.
#pragma once

#include "src/base/bytes.h"
#include "src/base/secret.h"

#include <memory>

namespace base {

struct Sha256Tag;
using Sha256 = FixedBytes<Sha256Tag, 32>;

Sha256 sha256(ByteView bytes);
Sha256 hmac_sha256(ByteView key, ByteView bytes);
// The same where it is a key itself: at no time outside locked memory.
Secret hmac_sha256_key(ByteView key, ByteView bytes);

// A digest of bytes that arrive in pieces. Not thread-safe.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;

  void update(ByteView bytes);
  // The digest of all bytes so far; the stream starts anew.
  Sha256 finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace base
