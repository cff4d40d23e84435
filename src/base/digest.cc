#include "src/base/digest.h"

#include "src/base/error.h"
#include "src/base/release.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <new>

namespace base {
namespace {

using DigestContext = std::unique_ptr<EVP_MD_CTX, Release<&EVP_MD_CTX_free>>;

void check_openssl(int result) {
  if (result != 1) throw Error{ErrorKind::failed, "OpenSSL cannot compute SHA-256"};
}

// Fetched once: looking an algorithm up costs more than hashing a small chunk.
const EVP_MD* algorithm() {
  static const std::unique_ptr<EVP_MD, Release<&EVP_MD_free>> fetched{
      EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  if (!fetched) throw Error{ErrorKind::failed, "OpenSSL offers no SHA-256"};
  return fetched.get();
}

unsigned char* octets(Sha256& digest) {
  return reinterpret_cast<unsigned char*>(digest.bytes.data());
}

void compute_hmac(ByteView key, ByteView bytes, MutableByteView digest) {
  static constexpr std::byte kNoKey{};  // OpenSSL takes a null pointer for a key not yet given
  const unsigned char* result =
      HMAC(algorithm(), key.empty() ? &kNoKey : key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
           reinterpret_cast<unsigned char*>(digest.data()), nullptr);
  if (result == nullptr) throw Error{ErrorKind::failed, "OpenSSL cannot compute HMAC-SHA-256"};
}

}  // namespace

struct Sha256Stream::State {
  DigestContext context;
};

Sha256 sha256(ByteView bytes) {
  Sha256 digest;
  check_openssl(
      EVP_Digest(bytes.data(), bytes.size(), octets(digest), nullptr, algorithm(), nullptr));
  return digest;
}

Sha256 hmac_sha256(ByteView key, ByteView bytes) {
  Sha256 digest;
  compute_hmac(key, bytes, digest.bytes);
  return digest;
}

Secret hmac_sha256_key(ByteView key, ByteView bytes) {
  return Secret::filled(Sha256::kSizeBytes,
                        [&](MutableByteView digest) { compute_hmac(key, bytes, digest); });
}

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {
  state_->context.reset(EVP_MD_CTX_new());
  if (!state_->context) throw std::bad_alloc{};
  check_openssl(EVP_DigestInit_ex2(state_->context.get(), algorithm(), nullptr));
}

Sha256Stream::~Sha256Stream() = default;
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;

void Sha256Stream::update(ByteView bytes) {
  check_openssl(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()));
}

Sha256 Sha256Stream::finish() {
  Sha256 digest;
  check_openssl(EVP_DigestFinal_ex(state_->context.get(), octets(digest), nullptr));
  check_openssl(EVP_DigestInit_ex2(state_->context.get(), algorithm(), nullptr));
  return digest;
}

}  // namespace base
