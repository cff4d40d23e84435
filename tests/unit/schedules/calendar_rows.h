// Calendar events and what is known of them, for the tests of our own reading and for the
// comparison with systemd's.
#pragma once

#include <string>
#include <vector>

namespace test {

struct CalendarText {
  std::string text;
  std::string normalized;  // empty: refused
};

// What systemd reads, and what it refuses, likewise.
const std::vector<CalendarText>& calendar_texts();

}  // namespace test
