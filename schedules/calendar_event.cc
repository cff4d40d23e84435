#include "schedules/calendar_event.h"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace schedules {
namespace {

namespace chrono = std::chrono;

// The least member from `from` on; the size of the set if there is none.
template <std::size_t Size>
std::size_t member_from(const std::bitset<Size>& set, std::size_t from) {
  while (from < Size && !set.test(from)) ++from;
  return std::min(from, Size);
}

chrono::seconds time_of_day(std::size_t hour, std::size_t minute, std::size_t second) {
  return chrono::hours{hour} + chrono::minutes{minute} + chrono::seconds{second};
}

chrono::seconds first_time(const CalendarFields& fields) {
  return time_of_day(member_from(fields.hours, 0), member_from(fields.minutes, 0),
                     member_from(fields.seconds, 0));
}

std::optional<chrono::seconds> time_from(const CalendarFields& fields, chrono::seconds from) {
  const chrono::hh_mm_ss clock{from};
  const auto hour = static_cast<std::size_t>(clock.hours().count());
  const auto minute = static_cast<std::size_t>(clock.minutes().count());
  const std::size_t second =
      member_from(fields.seconds, static_cast<std::size_t>(clock.seconds().count()));
  if (fields.hours.test(hour)) {
    if (fields.minutes.test(minute) && second < fields.seconds.size()) {
      return time_of_day(hour, minute, second);
    }
    const std::size_t later = member_from(fields.minutes, minute + 1);
    if (later < fields.minutes.size()) {
      return time_of_day(hour, later, member_from(fields.seconds, 0));
    }
  }
  const std::size_t later = member_from(fields.hours, hour + 1);
  if (later == fields.hours.size()) return std::nullopt;
  return time_of_day(later, member_from(fields.minutes, 0), member_from(fields.seconds, 0));
}

// The first day of that month, from the day `from` on, that the event allows.
std::optional<chrono::local_days> day_in_month(const CalendarFields& fields,
                                               chrono::year_month month, unsigned from) {
  const unsigned last{chrono::year_month_day_last{month / chrono::last}.day()};
  for (unsigned day = from; day <= last; ++day) {
    const unsigned number = fields.days_from_end ? last + 1 - day : day;
    if (!fields.days.test(number)) continue;
    const chrono::local_days date{month / chrono::day{day}};
    if (fields.weekdays.test(index_of(chrono::weekday{date}))) return date;
  }
  return std::nullopt;
}

std::optional<chrono::local_days> day_from(const CalendarFields& fields, chrono::local_days from) {
  const chrono::year_month_day date{from};
  const auto start_year = static_cast<std::size_t>(int{date.year()});
  for (std::size_t year = member_from(fields.years, start_year); year < fields.years.size();
       year = member_from(fields.years, year + 1)) {
    const bool first_year = year == start_year;
    const std::size_t start_month = first_year ? unsigned{date.month()} : 1;
    for (std::size_t month = member_from(fields.months, start_month); month < fields.months.size();
         month = member_from(fields.months, month + 1)) {
      const bool first_month = first_year && month == unsigned{date.month()};
      const auto found = day_in_month(
          fields,
          chrono::year{static_cast<int>(year)} / chrono::month{static_cast<unsigned>(month)},
          first_month ? unsigned{date.day()} : 1);
      if (found) return found;
    }
  }
  return std::nullopt;
}

// The first local time from `from` on that the event allows, whether or not it is ever shown.
std::optional<LocalTime> time_allowed(const CalendarFields& fields, LocalTime from) {
  const auto today = chrono::floor<chrono::days>(from);
  const auto first_day = day_from(fields, today);
  if (!first_day) return std::nullopt;
  if (*first_day > today) return *first_day + first_time(fields);
  if (const auto time = time_from(fields, from - today)) return today + *time;
  const auto later_day = day_from(fields, today + chrono::days{1});
  if (!later_day) return std::nullopt;
  return *later_day + first_time(fields);
}

// Outside these, no zone shows a year that events know.
constexpr base::Instant kBegin = chrono::sys_days{chrono::year{kFirstYear - 1} / 12 / 1};
constexpr base::Instant kEnd = chrono::sys_days{chrono::year{kLastYear + 1} / 2 / 1};

}  // namespace

CalendarEvent::CalendarEvent(std::string_view text, const TimeZone& zone)
    : fields_(parse_calendar_event(text)),
      zone_(fields_.zone.empty() ? zone : TimeZone{fields_.zone}) {}

std::optional<base::Instant> CalendarEvent::next(base::Instant after) const {
  if (after >= kEnd) return std::nullopt;
  after = std::max(after, kBegin);
  LocalTime passed = zone_.latest_shown(after);
  while (const auto time = time_allowed(fields_, passed + chrono::seconds{1})) {
    const Showing showing = zone_.when(*time);
    if (!showing.skipped && showing.first > after) return showing.first;
    // All that is skipped with it is passed at once.
    passed = showing.skipped ? zone_.local_time(showing.first) - chrono::seconds{1} : *time;
  }
  return std::nullopt;
}

std::string CalendarEvent::normalized() const {
  return fields_.zone.empty() ? fields_.normalized : fields_.normalized + " " + fields_.zone;
}

}  // namespace schedules
