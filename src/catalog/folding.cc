#include "src/catalog/folding.h"

#include <array>
#include <cstdint>

namespace catalog {
namespace {

constexpr char32_t kNone = 0xFFFFFFFF;

// The code point at the front of `text` and its length; kNone and one byte if there is none.
struct Front {
  char32_t value;
  std::size_t size_bytes;
};

Front front(std::string_view text) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = octet(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xC2 && lead < 0xE0 ? 2 : lead >= 0xE0 && lead < 0xF0 ? 3 : 0;
  if (size == 0 || text.size() < size) return {kNone, 1};
  char32_t value = lead & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((octet(i) & 0xC0U) != 0x80U) return {kNone, 1};
    value = value << 6 | (octet(i) & 0x3FU);
  }
  return {value, size};
}

void append_code_point(std::string& target, char32_t value) {
  if (value < 0x80) {
    target.push_back(static_cast<char>(value));
    return;
  }
  if (value < 0x800) {
    target.push_back(static_cast<char>(0xC0U | value >> 6));
  } else {
    target.push_back(static_cast<char>(0xE0U | value >> 12));
    target.push_back(static_cast<char>(0x80U | (value >> 6 & 0x3FU)));
  }
  target.push_back(static_cast<char>(0x80U | (value & 0x3FU)));
}

// Latin Extended-A pairs capitals and small letters, but the parity changes twice.
char32_t lower_latin_extended(char32_t c) {
  if (c == 0x130) return 'i';
  if (c == 0x178) return 0xFF;
  if (c == 0x138 || c == 0x149 || c == 0x17F) return c;
  const bool capitals_are_odd = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E);
  return (c % 2 == 1) == capitals_are_odd ? c + 1 : c;
}

char32_t lower(char32_t c) {
  if (c >= 'A' && c <= 'Z') return c + 0x20;
  if (c >= 0xC0 && c <= 0xDE && c != 0xD7) return c + 0x20;
  if (c >= 0x100 && c <= 0x17F) return lower_latin_extended(c);
  if (c >= 0x391 && c <= 0x3A9 && c != 0x3A2) return c + 0x20;
  if (c == 0x3C2) return 0x3C3;  // final sigma
  if (c >= 0x400 && c <= 0x40F) return c + 0x50;
  if (c >= 0x410 && c <= 0x42F) return c + 0x20;
  return c;
}

// Base letters of U+00E0 to U+00FF; '*' where the letter stays.
constexpr std::string_view kLatin1 = "aaaaaa*ceeeeiiii*nooooo*ouuuuy*y";
// Base letters of U+0100 to U+017F; '*' where the letter stays or becomes two.
constexpr std::string_view kLatinExtendedA =
    "aaaaaaccccccccdddd"               // 100 to 111
    "eeeeeeeeeegggggggg"               // 112 to 123
    "hhhhiiiiiiiiii**jjkk*"            // 124 to 138
    "llllllllllnnnnnn*nn"              // 139 to 14B
    "oooooo**rrrrrrssssssss"           // 14C to 161
    "ttttttuuuuuuuuuuuuwwyyyzzzzzzs";  // 162 to 17F

std::string_view two_letters(char32_t c) {
  switch (c) {
    case 0xDF:
      return "ss";
    case 0xE6:
      return "ae";
    case 0xFE:
      return "th";
    case 0x133:
      return "ij";
    case 0x153:
      return "oe";
    default:
      return {};
  }
}

char32_t without_diacritics(char32_t c) {
  if (c == 0xF0) return 'd';
  char base = '*';
  if (c >= 0xE0 && c <= 0xFF) base = kLatin1[c - 0xE0];
  if (c >= 0x100 && c <= 0x17F) base = kLatinExtendedA[c - 0x100];
  if (base != '*') return static_cast<char32_t>(base);
  switch (c) {
    case 0x3AC:
      return 0x3B1;
    case 0x3AD:
      return 0x3B5;
    case 0x3AE:
      return 0x3B7;
    case 0x3AF:
      return 0x3B9;
    case 0x3CC:
      return 0x3BF;
    case 0x3CD:
      return 0x3C5;
    case 0x3CE:
      return 0x3C9;
    case 0x439:
      return 0x438;  // short i
    case 0x451:
      return 0x435;  // io
    default:
      return c;
  }
}

char32_t lower_accented_greek(char32_t c) {
  switch (c) {
    case 0x386:
      return 0x3AC;
    case 0x388:
      return 0x3AD;
    case 0x389:
      return 0x3AE;
    case 0x38A:
      return 0x3AF;
    case 0x38C:
      return 0x3CC;
    case 0x38E:
      return 0x3CD;
    case 0x38F:
      return 0x3CE;
    default:
      return c;
  }
}

template <typename OnCodePoint>
std::string transform(std::string_view text, OnCodePoint on_code_point) {
  std::string folded;
  folded.reserve(text.size());
  while (!text.empty()) {
    const Front next = front(text);
    if (next.value == kNone) {
      folded.push_back(text.front());
    } else {
      on_code_point(folded, lower_accented_greek(lower(next.value)));
    }
    text.remove_prefix(next.size_bytes);
  }
  return folded;
}

}  // namespace

std::string fold_case(std::string_view text) { return transform(text, append_code_point); }

std::string fold_for_search(std::string_view text) {
  return transform(text, [](std::string& folded, char32_t c) {
    if (c >= 0x300 && c <= 0x36F) return;
    if (const std::string_view pair = two_letters(c); !pair.empty()) {
      folded += pair;
    } else {
      append_code_point(folded, without_diacritics(c));
    }
  });
}

}  // namespace catalog
