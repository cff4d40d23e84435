// Lists and ranges of weekdays, as calendar events and windows name them.
#pragma once

#include "schedules/internal/source_text.h"

#include <bitset>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace schedules {

// Monday first.
using Weekdays = std::bitset<7>;

inline std::size_t index_of(std::chrono::weekday day) { return day.iso_encoding() - 1; }

// "Mon", "Monday,wed", "Mon..Fri"; "Mon-Fri" and a comma at the end pass, as with systemd.
// `word` is a part of `source`. Error(usage) for everything else.
Weekdays parse_weekdays(const SourceText& source, std::string_view word);
// "Mon..Fri,Sun"; empty for all days.
std::string weekdays_text(const Weekdays& days);
// Whether it is the name of a weekday or begins with one and what may follow it.
bool begins_with_weekday(std::string_view word);

}  // namespace schedules
