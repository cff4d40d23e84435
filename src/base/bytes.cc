#include "src/base/bytes.h"

#include "src/base/error.h"

namespace base {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

std::byte digit_value(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<std::byte>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<std::byte>(digit - 'a' + 10);
  if (digit >= 'A' && digit <= 'F') return static_cast<std::byte>(digit - 'A' + 10);
  throw Error{ErrorKind::usage, "not a hexadecimal text: it holds other characters"};
}

}  // namespace

std::string to_hex(ByteView bytes) {
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const std::byte byte : bytes) {
    hex.push_back(kDigits[std::to_integer<std::size_t>(byte >> 4)]);
    hex.push_back(kDigits[std::to_integer<std::size_t>(byte & std::byte{15})]);
  }
  return hex;
}

Bytes from_hex(std::string_view text) {
  if (text.size() % 2 != 0) {
    throw Error{ErrorKind::usage, "not a hexadecimal text: its number of digits is odd"};
  }
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    bytes.push_back(digit_value(text[i]) << 4 | digit_value(text[i + 1]));
  }
  return bytes;
}

}  // namespace base
