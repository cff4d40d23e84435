// Bytes, views of bytes, and the few conversions every layer needs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace base {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;
using MutableByteView = std::span<std::byte>;

inline ByteView as_bytes(std::string_view text) { return std::as_bytes(std::span{text}); }

inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Bytes to_bytes(ByteView view) { return {view.begin(), view.end()}; }

inline void append(Bytes& target, ByteView more) {
  target.insert(target.end(), more.begin(), more.end());
}

// Little-endian, whatever the machine: every format of this project is.
template <typename Unsigned>
void store_le(std::byte* target, Unsigned value) {
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i) {
    target[i] = static_cast<std::byte>(value & 0xff);
    value = static_cast<Unsigned>(sizeof(Unsigned) > 1 ? value >> 8 : 0);
  }
}

template <typename Unsigned>
Unsigned load_le(const std::byte* source) {
  Unsigned value = 0;
  for (std::size_t i = sizeof(Unsigned); i-- > 0;) {
    value = static_cast<Unsigned>(sizeof(Unsigned) > 1 ? value << 8 : 0);
    value = static_cast<Unsigned>(value | static_cast<Unsigned>(source[i]));
  }
  return value;
}

// Lower-case hexadecimal.
std::string to_hex(ByteView bytes);
// Throws Error(usage) unless `text` is an even number of hexadecimal digits (either case).
Bytes from_hex(std::string_view text);

// A fixed-size value of bytes that only compares with its own kind: digests and ids.
template <typename Tag, std::size_t size_bytes>
struct FixedBytes {
  static constexpr std::size_t kSizeBytes = size_bytes;
  std::array<std::byte, size_bytes> bytes{};

  auto operator<=>(const FixedBytes&) const = default;
  [[nodiscard]] ByteView view() const { return bytes; }
  [[nodiscard]] std::string hex() const { return to_hex(bytes); }

  // `source` has at least `size_bytes` bytes; the caller has checked.
  static FixedBytes from(ByteView source) {
    FixedBytes value;
    std::memcpy(value.bytes.data(), source.data(), size_bytes);
    return value;
  }
};

// For unordered containers keyed by uniformly distributed bytes (digests): the first eight are the
// hash.
struct FixedBytesHash {
  template <typename Tag, std::size_t size_bytes>
  std::size_t operator()(const FixedBytes<Tag, size_bytes>& value) const noexcept {
    static_assert(size_bytes >= sizeof(std::size_t));
    std::size_t hash = 0;
    std::memcpy(&hash, value.bytes.data(), sizeof hash);
    return hash;
  }
};

}  // namespace base
