// The digits that names of objects are made of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace store {

// Numbers in names have so many decimal digits, so that names sort as their numbers do.
inline constexpr std::size_t kNumberDigits = 16;
std::string number_digits(std::uint64_t number);
// Empty unless it is what number_digits() gives.
std::optional<std::uint64_t> number_of_digits(std::string_view digits);

// Hexadecimal as our names have it: lower case only.
bool is_lower_hex(std::string_view text);

}  // namespace store
