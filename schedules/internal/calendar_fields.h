// A calendar event taken apart: which values of each part of date and time it allows.
#pragma once

#include "schedules/internal/weekdays.h"

#include <bitset>
#include <string>
#include <string_view>

namespace schedules {

// The years that systemd knows.
inline constexpr int kFirstYear = 1970;
inline constexpr int kLastYear = 2199;

// Each set is indexed by the value itself, and each has a member.
struct CalendarFields {
  Weekdays weekdays;
  std::bitset<kLastYear + 1> years;
  std::bitset<13> months;
  std::bitset<32> days;
  bool days_from_end = false;  // day 1 is then the last one of the month
  std::bitset<24> hours;
  std::bitset<60> minutes;
  std::bitset<60> seconds;

  std::string normalized;  // without the time zone
  std::string zone;        // empty if none is named; nobody has looked yet whether there is such
};

// Error(usage) says what is wrong at which place, and what to write instead.
CalendarFields parse_calendar_event(std::string_view text);

}  // namespace schedules
