// The configuration of a repository: conf/{0,1,2}. Not secret, but nobody can change it without the
// master key.
#pragma once

#include "src/base/bytes.h"
#include "store/ids.h"
#include "store/internal/self_checked.h"

#include <cstdint>
#include <string_view>

namespace store {

const Magic& config_magic();
const Magic& slot_magic();

// Algorithms, as bytes of the format.
inline constexpr std::byte kAeadXChaCha20Poly1305{1};
inline constexpr std::byte kHashSha256{1};

struct RepositoryConfig {
  RepositoryId repository;
  std::uint64_t revision = 1;
  std::uint32_t key_generation = 1;  // of new packs
};

// Error(usage) with the remedy if `format` is newer than this program's; Error(corrupt) if it never
// was one.
void check_format(std::uint16_t format, std::string_view what);

// `key` is the 32-byte configuration key.
base::Bytes encode_config(const RepositoryConfig& config, base::ByteView key);
// Error(usage) for a newer format, Error(corrupt) if it makes no sense. Its tag is not checked: the
// key is not known yet.
RepositoryConfig decode_config(base::ByteView content);
[[nodiscard]] bool is_authentic_config(base::ByteView content, base::ByteView key);

}  // namespace store
