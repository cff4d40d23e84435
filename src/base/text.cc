#include "src/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace base {
namespace {

constexpr std::string_view kWhiteSpace = " \t\n\v\f\r";
constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

// -1 if it is not a hexadecimal digit.
int digit_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  const char folded = lower(digit);
  return folded >= 'a' && folded <= 'f' ? folded - 'a' + 10 : -1;
}

// What stands at the start of a text: a code point, or bytes that are none.
struct CodePoint {
  std::size_t size_bytes;
  std::optional<char32_t> value;
};

// Well-formed UTF-8 only (Unicode 15, table 3-7). What is ill-formed is taken in maximal parts, so
// that a cut sequence counts as one mistake. `text` is not empty.
CodePoint first_code_point(std::string_view text) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = octet(0);
  if (lead < 0x80) return {1, lead};
  if (lead < 0xC2 || lead > 0xF4) return {1, std::nullopt};
  const std::size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t value = lead & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    unsigned char least = 0x80;
    unsigned char most = 0xBF;
    if (i == 1) {  // no overlong forms, no surrogates, nothing above U+10FFFF
      if (lead == 0xE0) least = 0xA0;
      if (lead == 0xED) most = 0x9F;
      if (lead == 0xF0) least = 0x90;
      if (lead == 0xF4) most = 0x8F;
    }
    if (i >= text.size() || octet(i) < least || octet(i) > most) return {i, std::nullopt};
    value = value << 6 | (octet(i) & 0x3FU);
  }
  return {size, value};
}

// Control characters, and those that reorder or break what stands beside them on a line.
bool disturbs_a_line(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069);
}

// Changes, insertions, removals and swaps of neighbours that turn one text into the other.
std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> before_previous;
  std::vector<std::size_t> previous;
  std::vector<std::size_t> current(right.size() + 1);
  std::iota(current.begin(), current.end(), std::size_t{0});
  for (std::size_t i = 1; i <= left.size(); ++i) {
    before_previous = std::exchange(previous, current);
    current[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t change = previous[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
      current[j] = std::min({change, previous[j] + 1, current[j - 1] + 1});
      if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) {
        current[j] = std::min(current[j], before_previous[j - 2] + 1);
      }
    }
  }
  return current.back();
}

}  // namespace

std::string concatenated(std::size_t count, fmt::format_args parts) {
  std::string places;
  places.reserve(2 * count);
  for (std::size_t i = 0; i < count; ++i) places += "{}";
  return fmt::vformat(places, parts);
}

std::string enumerated(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::vector<std::string> split(std::string_view whole, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = whole.find(separator);
    parts.emplace_back(whole.substr(0, end));
    if (end == std::string_view::npos) return parts;
    whole.remove_prefix(end + 1);
  }
}

std::string_view trim(std::string_view whole) {
  const std::size_t begin = whole.find_first_not_of(kWhiteSpace);
  if (begin == std::string_view::npos) return {};
  return whole.substr(begin, whole.find_last_not_of(kWhiteSpace) - begin + 1);
}

std::string to_lower(std::string_view whole) {
  std::string lowered{whole};
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), lower);
  return lowered;
}

bool equals_ignoring_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::string percent_encode(std::string_view whole) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(whole.size());
  for (const char c : whole) {
    if (is_unreserved(c)) {
      encoded.push_back(c);
      continue;
    }
    const auto octet = static_cast<unsigned char>(c);
    encoded.push_back('%');
    encoded.push_back(kDigits[octet >> 4]);
    encoded.push_back(kDigits[octet & 15]);
  }
  return encoded;
}

std::optional<std::string> percent_decode(std::string_view whole) {
  std::string decoded;
  decoded.reserve(whole.size());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (whole[i] != '%') {
      decoded.push_back(whole[i]);
      continue;
    }
    if (whole.size() - i < 3) return std::nullopt;
    const int high = digit_value(whole[i + 1]);
    const int low = digit_value(whole[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return decoded;
}

bool matches_glob(std::string_view text, std::string_view pattern) {
  std::size_t at = 0;
  std::size_t wanted = 0;
  // Where to go on when a literal fails: behind the last star, which then swallows one more
  // character.
  std::optional<std::size_t> behind_star;
  std::size_t swallowed_to = 0;
  while (at < text.size()) {
    if (wanted < pattern.size() && pattern[wanted] == '*') {
      behind_star = ++wanted;
      swallowed_to = at;
    } else if (wanted < pattern.size() &&
               (pattern[wanted] == '?' || lower(pattern[wanted]) == lower(text[at]))) {
      ++wanted;
      ++at;
    } else if (behind_star) {
      wanted = *behind_star;
      at = ++swallowed_to;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', wanted) == std::string_view::npos;
}

std::string printable(std::string_view foreign) {
  std::string shown;
  shown.reserve(foreign.size());
  while (!foreign.empty()) {
    const CodePoint next = first_code_point(foreign);
    if (!next.value) {
      shown += kReplacementCharacter;
    } else if (disturbs_a_line(*next.value)) {
      shown += ' ';
    } else {
      shown += foreign.substr(0, next.size_bytes);
    }
    foreign.remove_prefix(next.size_bytes);
  }
  return shown;
}

std::string human_bytes(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 6> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1023.95 && unit + 1 < kUnits.size()) {  // would be shown as 1024.0
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::optional<std::string> nearest(std::string_view unknown,
                                   const std::vector<std::string>& known) {
  std::optional<std::string> best;
  // One slip in three characters; more, and the suggestion would be a guess.
  std::size_t limit = std::max<std::size_t>(unknown.size() / 3, unknown.size() > 1 ? 1 : 0) + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(to_lower(unknown), to_lower(candidate));
    if (distance < limit) {
      best = candidate;
      limit = distance;
    }
  }
  return best;
}

}  // namespace base
