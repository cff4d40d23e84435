#include "store/internal/recovery_key.h"

#include "src/base/digest.h"
#include "src/base/error.h"
#include "store/internal/fixed_fields.h"
#include "store/internal/sodium.h"

#include <array>
#include <string_view>

namespace store {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kGroup = 4;
constexpr std::size_t kKeyDigits = kRecoveryKeyBytes * 8 / 5;
constexpr std::size_t kDigits = kKeyDigits + kGroup;
// Separators and line ends that a careful person may add.
constexpr std::size_t kLongestTyped = 4 * kDigits;
constexpr std::string_view kChecksumLabel = "coffer recovery key checksum";

// Digits of base 32, each 0 to 31; wiped when left.
struct Digits {
  Digits() = default;
  ~Digits() { wipe(values); }
  Digits(const Digits&) = delete;
  Digits& operator=(const Digits&) = delete;

  std::array<std::byte, kDigits> values{};
};

// The five bits at digit `position` of a big-endian bit string.
std::byte digit_of(base::ByteView bits, std::size_t position) {
  unsigned value = 0;
  for (std::size_t bit = position * 5; bit < position * 5 + 5; ++bit) {
    const auto octet = static_cast<unsigned>(bits[bit / 8]);
    value = value << 1 | ((octet >> (7 - bit % 8)) & 1);
  }
  return static_cast<std::byte>(value);
}

void add_checksum(base::ByteView key, Digits& digits) {
  const base::Sha256 checksum = base::hmac_sha256(base::as_bytes(kChecksumLabel), key);
  for (std::size_t i = 0; i < kGroup; ++i)
    digits.values[kKeyDigits + i] = digit_of(checksum.view(), i);
}

// 0 to 31, or empty for what is no digit.
std::optional<std::byte> value_of(char character) {
  if (character >= 'a' && character <= 'z') character = static_cast<char>(character - 'a' + 'A');
  if (character == 'O') character = '0';
  if (character == 'I' || character == 'L') character = '1';
  const std::size_t at = kAlphabet.find(character);
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<std::byte>(at);
}

bool is_separator(char character) {
  return character == '-' || character == ' ' || character == '\t' || character == '\n' ||
         character == '\r';
}

}  // namespace

base::Secret print_recovery_key(const base::Secret& key) {
  base::check(key.bytes().size() == kRecoveryKeyBytes, "a recovery key has its fixed size");
  Digits digits;
  for (std::size_t i = 0; i < kKeyDigits; ++i) digits.values[i] = digit_of(key.bytes(), i);
  add_checksum(key.bytes(), digits);
  std::array<std::byte, kDigits + kDigits / kGroup - 1> printed;
  std::size_t at = 0;
  for (std::size_t i = 0; i < kDigits; ++i) {
    if (i > 0 && i % kGroup == 0) printed[at++] = std::byte{'-'};
    printed[at++] = static_cast<std::byte>(kAlphabet[static_cast<std::size_t>(digits.values[i])]);
  }
  base::Secret secret{base::ByteView{printed}};
  wipe(printed);
  return secret;
}

ParsedRecoveryKey parse_recovery_key(const base::Secret& typed) {
  if (typed.bytes().size() > kLongestTyped) return {};
  Digits digits;
  std::size_t count = 0;
  for (const char character : typed.text()) {
    if (is_separator(character)) continue;
    const std::optional<std::byte> value = value_of(character);
    if (!value || count == kDigits) return {};
    digits.values[count++] = *value;
  }
  if (count != kDigits) return {};
  std::array<std::byte, kRecoveryKeyBytes> key{};
  for (std::size_t bit = 0; bit < kKeyDigits * 5; ++bit) {
    const auto digit = static_cast<unsigned>(digits.values[bit / 5]);
    if (((digit >> (4 - bit % 5)) & 1) != 0)
      key[bit / 8] |= static_cast<std::byte>(0x80U >> bit % 8);
  }
  Digits expected;
  add_checksum(key, expected);
  const auto checksum = [](const Digits& all) {
    return base::ByteView{all.values}.subspan(kKeyDigits);
  };
  ParsedRecoveryKey parsed;
  if (equal_in_constant_time(checksum(digits), checksum(expected))) {
    parsed.form = RecoveryKeyForm::whole;
    parsed.key = base::Secret{base::ByteView{key}};
  } else {
    parsed.form = RecoveryKeyForm::mistyped;
  }
  wipe(key);
  return parsed;
}

}  // namespace store
