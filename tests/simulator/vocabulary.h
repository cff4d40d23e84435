// Words and names for message texts.
#pragma once

#include "tests/simulator/random.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace simulator {

inline constexpr std::string_view kDomain = "contoso.com";

// A power of two, so that a word costs one mask.
inline constexpr std::size_t kWordCount = 256;
std::string_view word(std::size_t index);

struct Person {
  std::string name;
  std::string address;
};
// The person with this number; numbers of mailboxes and of outsiders do not meet.
Person person(std::uint64_t number);

// A subject line; now and then with letters from outside ASCII.
std::string subject_line(Random& random);

}  // namespace simulator
