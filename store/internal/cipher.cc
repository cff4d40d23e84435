#include "store/internal/cipher.h"

#include "src/base/error.h"
#include "src/base/release.h"
#include "store/internal/sodium.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <atomic>
#include <memory>

namespace store {
namespace {

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, base::Release<&EVP_CIPHER_CTX_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, base::Release<&EVP_MAC_CTX_free>>;

void check_openssl(int result, const char* what) {
  if (result != 1) {
    throw base::Error{base::ErrorKind::failed, std::string{"OpenSSL cannot compute "} + what};
  }
}

const unsigned char* octets(base::ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* octets(base::MutableByteView bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

int length_of(base::ByteView bytes) {
  base::check(bytes.size() <= std::size_t{1} << 30, "records are far below what OpenSSL takes");
  return static_cast<int>(bytes.size());
}

// Fetched once: looking an algorithm up costs more than sealing a small chunk.
const EVP_CIPHER* cipher() {
  static const std::unique_ptr<EVP_CIPHER, base::Release<&EVP_CIPHER_free>> fetched{
      EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr)};
  if (!fetched) throw base::Error{base::ErrorKind::failed, "OpenSSL offers no ChaCha20-Poly1305"};
  return fetched.get();
}

EVP_CIPHER_CTX* cipher_context() {
  thread_local const CipherContext context{EVP_CIPHER_CTX_new()};
  if (!context) throw std::bad_alloc{};
  return context.get();
}

MacContext new_mac_context() {
  static const std::unique_ptr<EVP_MAC, base::Release<&EVP_MAC_free>> fetched{
      EVP_MAC_fetch(nullptr, "HMAC", nullptr)};
  if (!fetched) throw base::Error{base::ErrorKind::failed, "OpenSSL offers no HMAC"};
  MacContext context{EVP_MAC_CTX_new(fetched.get())};
  if (!context) throw std::bad_alloc{};
  return context;
}

std::uint64_t new_identity() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

// This thread's context, and for which KeyedHash it is set up.
struct ThreadMac {
  MacContext context = new_mac_context();
  std::uint64_t identity = 0;
};

}  // namespace

void seal_chacha20(base::ByteView subkey, const std::array<std::byte, 12>& nonce,
                   base::ByteView associated, base::MutableByteView bytes) {
  constexpr const char* kWhat = "ChaCha20-Poly1305";
  EVP_CIPHER_CTX* context = cipher_context();
  const base::MutableByteView text = bytes.first(bytes.size() - kSealTagBytes);
  int written = 0;
  check_openssl(EVP_EncryptInit_ex2(context, cipher(), octets(subkey),
                                    octets(base::ByteView{nonce}), nullptr),
                kWhat);
  check_openssl(
      EVP_EncryptUpdate(context, nullptr, &written, octets(associated), length_of(associated)),
      kWhat);
  check_openssl(EVP_EncryptUpdate(context, octets(text), &written, octets(text), length_of(text)),
                kWhat);
  check_openssl(EVP_EncryptFinal_ex(context, octets(text) + text.size(), &written), kWhat);
  check_openssl(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kSealTagBytes,
                                    octets(bytes) + text.size()),
                kWhat);
}

bool open_chacha20(base::ByteView subkey, const std::array<std::byte, 12>& nonce,
                   base::ByteView associated, base::ByteView sealed, base::MutableByteView plain) {
  constexpr const char* kWhat = "ChaCha20-Poly1305";
  base::check(sealed.size() == plain.size() + kSealTagBytes, "room for exactly the plaintext");
  EVP_CIPHER_CTX* context = cipher_context();
  std::array<unsigned char, kSealTagBytes> tag;
  std::memcpy(tag.data(), sealed.data() + plain.size(), tag.size());
  int written = 0;
  check_openssl(EVP_DecryptInit_ex2(context, cipher(), octets(subkey),
                                    octets(base::ByteView{nonce}), nullptr),
                kWhat);
  check_openssl(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kSealTagBytes, tag.data()),
                kWhat);
  check_openssl(
      EVP_DecryptUpdate(context, nullptr, &written, octets(associated), length_of(associated)),
      kWhat);
  check_openssl(
      EVP_DecryptUpdate(context, octets(plain), &written, octets(sealed), length_of(plain)), kWhat);
  if (EVP_DecryptFinal_ex(context, octets(plain) + plain.size(), &written) == 1) return true;
  wipe(plain);
  return false;
}

KeyedHash::KeyedHash(base::ByteView key) : key_(key), identity_(new_identity()) {}

base::Sha256 KeyedHash::operator()(base::ByteView first, base::ByteView second) const {
  constexpr const char* kWhat = "HMAC-SHA-256";
  thread_local ThreadMac mac;
  if (mac.identity == identity_) {
    // The key stays; only the running digest starts anew.
    check_openssl(EVP_MAC_init(mac.context.get(), nullptr, 0, nullptr), kWhat);
  } else {
    char digest[] = "SHA256";
    const std::array parameters{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                OSSL_PARAM_construct_end()};
    mac.identity = 0;
    check_openssl(EVP_MAC_init(mac.context.get(), octets(key_.bytes()), key_.bytes().size(),
                               parameters.data()),
                  kWhat);
    mac.identity = identity_;
  }
  check_openssl(EVP_MAC_update(mac.context.get(), octets(first), first.size()), kWhat);
  check_openssl(EVP_MAC_update(mac.context.get(), octets(second), second.size()), kWhat);
  base::Sha256 result;
  std::size_t size_bytes = 0;
  check_openssl(
      EVP_MAC_final(mac.context.get(), reinterpret_cast<unsigned char*>(result.bytes.data()),
                    &size_bytes, result.bytes.size()),
      kWhat);
  return result;
}

}  // namespace store
