// Building and taking apart small texts.
#pragma once

#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace base {

// What text() comes to. Compiled once: with the formatting in every caller, building takes twice as
// long.
std::string concatenated(std::size_t count, fmt::format_args parts);

// Its arguments, one after the other: text("pack ", name, " has ", n, " records").
template <typename... Parts>
std::string text(const Parts&... parts) {
  return concatenated(sizeof...(parts), fmt::make_format_args(parts...));
}

// "a, b, c".
std::string enumerated(const std::vector<std::string>& words);

// As many parts as there are separators, and one more.
std::vector<std::string> split(std::string_view whole, char separator);
// Without the ASCII white space at both ends.
std::string_view trim(std::string_view whole);
// ASCII letters only: addresses, header names, error codes.
std::string to_lower(std::string_view whole);
bool equals_ignoring_case(std::string_view left, std::string_view right);

// Everything outside A-Z a-z 0-9 - . _ ~ becomes %XX (RFC 3986, 2.3).
std::string percent_encode(std::string_view whole);
// Empty when an escape is cut or not hexadecimal.
std::optional<std::string> percent_decode(std::string_view whole);

// Whether `text` matches a pattern of literal characters, '*' and '?', without regard to ASCII
// case.
bool matches_glob(std::string_view text, std::string_view pattern);

// Control characters (line ends and bidirectional overrides too) become spaces and invalid UTF-8
// becomes U+FFFD: for showing foreign text on a terminal or in a log.
std::string printable(std::string_view foreign);

// "1.5 GiB", "12 B".
std::string human_bytes(std::uint64_t bytes);

// The closest of `known` by edit distance, if any is close enough to be a slip of the hand.
std::optional<std::string> nearest(std::string_view unknown, const std::vector<std::string>& known);

}  // namespace base
