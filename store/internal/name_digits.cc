#include "store/internal/name_digits.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace store {

std::string number_digits(std::uint64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < kNumberDigits) digits.insert(0, kNumberDigits - digits.size(), '0');
  return digits;
}

std::optional<std::uint64_t> number_of_digits(std::string_view digits) {
  std::uint64_t number = 0;
  const char* const last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, number);
  if (digits.size() != kNumberDigits || error != std::errc{} || end != last) return std::nullopt;
  return number;
}

bool is_lower_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char character) {
    return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'f');
  });
}

}  // namespace store
