#include "store/internal/sodium.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <sodium.h>

#include <limits>

namespace store {
namespace {

static_assert(crypto_aead_xchacha20poly1305_ietf_ABYTES == kSealTagBytes);

// Needed before anything else of the library; chooses the implementations for this processor.
void start_library() {
  static const bool started = [] {
    if (sodium_init() < 0) throw base::Error{base::ErrorKind::failed, "libsodium does not start"};
    return true;
  }();
  static_cast<void>(started);
}

const unsigned char* octets(base::ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* writable(base::MutableByteView bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

void check_size(base::ByteView bytes, std::size_t size_bytes) {
  base::check(bytes.size() == size_bytes, "keys, nonces and salts have their fixed sizes");
}

// `plain` has the size of `sealed` without its tag.
bool open_into(base::MutableByteView plain, base::ByteView key, const Nonce24& nonce,
               base::ByteView associated, base::ByteView sealed) {
  start_library();
  check_size(key, crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
  return crypto_aead_xchacha20poly1305_ietf_decrypt(
             writable(plain), nullptr, nullptr, octets(sealed), sealed.size(), octets(associated),
             associated.size(), octets(base::ByteView{nonce}), octets(key)) == 0;
}

}  // namespace

base::Secret argon2id(base::ByteView password, base::ByteView salt, std::uint64_t memory_bytes,
                      std::uint32_t passes) {
  start_library();
  check_size(salt, crypto_pwhash_argon2id_SALTBYTES);
  // An empty password has no place, and libsodium wants one.
  const char* text = password.empty() ? "" : base::as_text(password).data();
  return base::Secret::filled(32, [&](base::MutableByteView key) {
    if (crypto_pwhash_argon2id(writable(key), key.size(), text, password.size(), octets(salt),
                               passes, static_cast<std::size_t>(memory_bytes),
                               crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
      throw base::Error{base::ErrorKind::failed,
                        base::text("Argon2id cannot get ", base::human_bytes(memory_bytes),
                                   " of memory for opening a key slot")};
    }
  });
}

base::Secret derive_subkey(base::ByteView master, std::uint64_t number, const char (&context)[9]) {
  start_library();
  check_size(master, crypto_kdf_KEYBYTES);
  return base::Secret::filled(32, [&](base::MutableByteView subkey) {
    if (crypto_kdf_derive_from_key(writable(subkey), subkey.size(), number, context,
                                   octets(master)) != 0) {
      throw base::Error{base::ErrorKind::failed, "libsodium cannot derive a key"};
    }
  });
}

std::array<std::byte, 32> hchacha20(base::ByteView key, base::ByteView input) {
  start_library();
  check_size(key, crypto_core_hchacha20_KEYBYTES);
  check_size(input, crypto_core_hchacha20_INPUTBYTES);
  std::array<std::byte, 32> subkey;
  crypto_core_hchacha20(writable(subkey), octets(input), octets(key), nullptr);
  return subkey;
}

base::Bytes seal_xchacha20(base::ByteView key, const Nonce24& nonce, base::ByteView associated,
                           base::ByteView plain) {
  start_library();
  check_size(key, crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
  base::Bytes sealed(plain.size() + kSealTagBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(writable(sealed), nullptr, octets(plain), plain.size(),
                                             octets(associated), associated.size(), nullptr,
                                             octets(base::ByteView{nonce}), octets(key));
  return sealed;
}

std::optional<base::Bytes> open_xchacha20(base::ByteView key, const Nonce24& nonce,
                                          base::ByteView associated, base::ByteView sealed) {
  if (sealed.size() < kSealTagBytes) return std::nullopt;
  base::Bytes plain(sealed.size() - kSealTagBytes);
  if (!open_into(plain, key, nonce, associated, sealed)) return std::nullopt;
  return plain;
}

std::optional<base::Secret> open_key_xchacha20(base::ByteView key, const Nonce24& nonce,
                                               base::ByteView associated, base::ByteView sealed) {
  if (sealed.size() < kSealTagBytes) return std::nullopt;
  bool opened = false;
  base::Secret plain =
      base::Secret::filled(sealed.size() - kSealTagBytes, [&](base::MutableByteView bytes) {
        opened = open_into(bytes, key, nonce, associated, sealed);
      });
  if (!opened) return std::nullopt;
  return plain;
}

void mix_chacha20(base::ByteView key, base::ByteView nonce, base::MutableByteView bytes) {
  start_library();
  check_size(key, crypto_stream_chacha20_ietf_KEYBYTES);
  check_size(nonce, crypto_stream_chacha20_ietf_NONCEBYTES);
  crypto_stream_chacha20_ietf_xor(writable(bytes), octets(bytes), bytes.size(), octets(nonce),
                                  octets(key));
}

std::uint64_t siphash(base::ByteView key, base::ByteView bytes) {
  start_library();
  check_size(key, crypto_shorthash_KEYBYTES);
  std::array<std::byte, crypto_shorthash_BYTES> hash;
  crypto_shorthash(writable(hash), octets(bytes), bytes.size(), octets(key));
  return base::load_le<std::uint64_t>(hash.data());
}

bool equal_in_constant_time(base::ByteView left, base::ByteView right) {
  return left.size() == right.size() && sodium_memcmp(left.data(), right.data(), left.size()) == 0;
}

void wipe(base::MutableByteView bytes) { sodium_memzero(bytes.data(), bytes.size()); }

}  // namespace store
