// What the store takes from libsodium.
#pragma once

#include "src/base/bytes.h"
#include "src/base/secret.h"

#include <array>
#include <cstdint>
#include <optional>

namespace store {

using Nonce24 = std::array<std::byte, 24>;

inline constexpr std::size_t kSealTagBytes = 16;

// Argon2id, version 1.3, one lane (RFC 9106): 32 bytes. `salt` has 16. Error(failed) if there is no
// such memory.
base::Secret argon2id(base::ByteView password, base::ByteView salt, std::uint64_t memory_bytes,
                      std::uint32_t passes);

// crypto_kdf (keyed BLAKE2b): the 32-byte subkey `number` of a 32-byte master in an eight-letter
// context.
base::Secret derive_subkey(base::ByteView master, std::uint64_t number, const char (&context)[9]);

// HChaCha20 of a 32-byte key and 16 bytes.
std::array<std::byte, 32> hchacha20(base::ByteView key, base::ByteView input);

// XChaCha20-Poly1305 (IETF) as libsodium computes it. Ciphertext, then tag.
base::Bytes seal_xchacha20(base::ByteView key, const Nonce24& nonce, base::ByteView associated,
                           base::ByteView plain);
// Empty if it is not what was sealed.
std::optional<base::Bytes> open_xchacha20(base::ByteView key, const Nonce24& nonce,
                                          base::ByteView associated, base::ByteView sealed);
// The same of a key: into memory of its own, locked and wiped, which takes system calls for each.
std::optional<base::Secret> open_key_xchacha20(base::ByteView key, const Nonce24& nonce,
                                               base::ByteView associated, base::ByteView sealed);

// The first bytes of the ChaCha20 key stream (RFC 8439) of a 32-byte key and a 12-byte nonce, mixed
// into `bytes`.
void mix_chacha20(base::ByteView key, base::ByteView nonce, base::MutableByteView bytes);

// SipHash-2-4 with a 16-byte key.
std::uint64_t siphash(base::ByteView key, base::ByteView bytes);

// In a time that does not depend on where they differ.
bool equal_in_constant_time(base::ByteView left, base::ByteView right);

void wipe(base::MutableByteView bytes);

}  // namespace store
