#include "schedules/calendar_event.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "tests/support/catch.h"
#include "tests/unit/schedules/calendar_rows.h"

#include <chrono>
#include <random>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using schedules::CalendarEvent;
using schedules::TimeZone;

namespace {

// Empty if it is refused as it should be.
std::string normalized(const std::string& text) {
  try {
    return CalendarEvent{text, TimeZone{"UTC"}}.normalized();
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::usage);
    return {};
  }
}

std::string refusal(const std::string& text) {
  try {
    CalendarEvent{text, TimeZone{"UTC"}};
  } catch (const base::Error& error) {
    return error.message();
  }
  return "accepted";
}

std::vector<std::string> elapses(const std::string& text, const std::string& zone,
                                 std::string_view after, std::size_t count) {
  const CalendarEvent event{text, TimeZone{zone}};
  std::vector<std::string> times;
  auto next = event.next(*base::parse_rfc3339(after));
  for (; next && times.size() < count; next = event.next(*next)) {
    times.push_back(base::format_rfc3339(*next));
  }
  return times;
}

struct Elapses {
  const char* name;
  const char* event;
  const char* zone;
  const char* after;
  std::vector<std::string> times;
};

void check(const std::vector<Elapses>& rows) {
  for (const Elapses& row : rows) {
    CAPTURE(row.name, row.event, row.zone);
    CHECK(elapses(row.event, row.zone, row.after, row.times.size()) == row.times);
  }
}

}  // namespace

TEST_CASE("events are read as systemd reads them", "[schedules][calendar]") {
  for (const test::CalendarText& row : test::calendar_texts()) {
    CAPTURE(row.text);
    CHECK(normalized(row.text) == row.normalized);
    if (!row.normalized.empty()) CHECK(normalized(row.normalized) == row.normalized);
  }
}

TEST_CASE("a refusal points at the place and says what to write", "[schedules][calendar]") {
  struct Row {
    const char* text;
    const char* message;
  };
  const Row row = GENERATE(values<Row>({
      {"", "calendar event \"\", at character 1: nothing is written; write \"daily\""},
      {"Mon 25:00",
       "calendar event \"Mon 25:00\", at character 5 (\"25\"): the hour is from 0 to 23"},
      {"*-*-* 02:61",
       "calendar event \"*-*-* 02:61\", at character 10 (\"61\"): the minute is from "
       "0 to 59"},
      {"*:*/15",
       "calendar event \"*:*/15\", at character 3 (\"*/15\"): \"*\" takes no step; write "
       "\"00/15\""},
      {"22..5:00",
       "calendar event \"22..5:00\", at character 1 (\"22..5\"): runs backwards; write "
       "\"00..05,22..23\""},
      {"Fri..Mon",
       "calendar event \"Fri..Mon\", at character 1 (\"Fri..Mon\"): runs over the end "
       "of the week, which begins on Monday; write \"Fri..Sun,Mon\""},
      {"Mon Wed 10:00",
       "calendar event \"Mon Wed 10:00\", at character 5 (\"Wed\"): what is "
       "expected here is weekdays, then a date, then a time, such as \"Mon..Fri "
       "*-*-* 02:00\""},
      {"10:00 Mon",
       "calendar event \"10:00 Mon\", at character 7 (\"Mon\"): weekdays are one word "
       "and stand first, such as \"Mon,Wed 10:00\""},
      {"dayly", "calendar event \"dayly\", at character 1 (\"dayly\"): did you mean \"daily\"?"},
      {"tues",
       "calendar event \"tues\", at character 1 (\"tues\"): no weekday; write \"Mon\", "
       "\"Mon,Wed\" or \"Mon..Fri\""},
      {"02:00:00.5",
       "calendar event \"02:00:00.5\", at character 7 (\"00.5\"): fractions of a "
       "second are not served; write \"00\""},
      {"2026-01-01T10:00",
       "calendar event \"2026-01-01T10:00\", at character 1 "
       "(\"2026-01-01T10:00\"): date and time are two words, such as "
       "\"2026-12-31 10:00\"; several hours are written 10..12:00"},
      {"@1700000000",
       "calendar event \"@1700000000\", at character 1 (\"@1700000000\"): a moment "
       "never comes again; write a date and a time"},
      {"*-*~31",
       "calendar event \"*-*~31\", at character 5 (\"31\"): the day before the end of the "
       "month is from 1 to 28"},
      {"daily Europe/Belrin",
       "unknown time zone \"Europe/Belrin\"; did you mean "
       "\"Europe/Berlin\"?"},
  }));
  CHECK(refusal(row.text) == row.message);
  CHECK(refusal(std::string(100'000, '*')) ==
        "a calendar event of 100000 characters: at most 256 are read; write a list of several");
  CHECK(refusal(std::string("02:00\0", 6)) != "accepted");
}

TEST_CASE("events elapse as the calendar says", "[schedules][calendar]") {
  check({
      {"strictly after",
       "02:00",
       "UTC",
       "2026-01-01T02:00:00Z",
       {"2026-01-02T02:00:00Z", "2026-01-03T02:00:00Z"}},
      {"a part of a second after",
       "02:00",
       "UTC",
       "2026-01-01T01:59:59.999Z",
       {"2026-01-01T02:00:00Z"}},
      {"a part of a second later",
       "02:00",
       "UTC",
       "2026-01-01T02:00:00.001Z",
       {"2026-01-02T02:00:00Z"}},
      {"leap days",
       "*-02-29",
       "UTC",
       "2026-01-01T00:00:00Z",
       {"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"}},
      {"leap days, not in 2100",
       "*-02-29",
       "UTC",
       "2096-02-29T00:00:00Z",
       {"2104-02-29T00:00:00Z"}},
      {"Mondays that are leap days",
       "Mon *-02-29",
       "UTC",
       "2026-01-01T00:00:00Z",
       {"2044-02-29T00:00:00Z", "2072-02-29T00:00:00Z", "2112-02-29T00:00:00Z"}},
      {"the last Monday in May",
       "Mon *-05~07/1",
       "UTC",
       "2026-01-01T00:00:00Z",
       {"2026-05-25T00:00:00Z", "2027-05-31T00:00:00Z"}},
      {"the last day but one",
       "*-*~02",
       "UTC",
       "2028-02-01T00:00:00Z",
       {"2028-02-28T00:00:00Z", "2028-03-30T00:00:00Z"}},
      {"from the seventh last day on, each second",
       "*-02~07/2",
       "UTC",
       "2026-01-01T00:00:00Z",
       {"2026-02-22T00:00:00Z", "2026-02-24T00:00:00Z", "2026-02-26T00:00:00Z",
        "2026-02-28T00:00:00Z", "2027-02-22T00:00:00Z"}},
      {"its own zone beats the default",
       "12:00 Asia/Kathmandu",
       "UTC",
       "2026-01-01T00:00:00Z",
       {"2026-01-01T06:15:00Z"}},
      {"the last year",
       "yearly",
       "Europe/Berlin",
       "2198-06-01T00:00:00Z",
       {"2198-12-31T23:00:00Z"}},
      {"a time long ago", "daily", "UTC", "0001-01-01T00:00:00Z", {"1970-01-01T00:00:00Z"}},
  });
}

TEST_CASE("events that never elapse again say so at once", "[schedules][calendar]") {
  CHECK(elapses("2020-*-*", "UTC", "2026-01-01T00:00:00Z", 1).empty());
  CHECK(elapses("*-02-30", "UTC", "2026-01-01T00:00:00Z", 1).empty());
  CHECK(elapses("Mon *-04-31 *:*:*", "Europe/Berlin", "2026-01-01T00:00:00Z", 1).empty());
  CHECK(elapses("yearly", "Europe/Berlin", "2198-12-31T23:00:00Z", 1).empty());
  CHECK(elapses("daily", "UTC", "9999-12-31T23:00:00Z", 1).empty());
  const CalendarEvent event{"*:*:*", TimeZone{"Europe/Berlin"}};
  CHECK_FALSE(event.next(base::Instant::max()));
  CHECK(event.next(base::Instant::min()) ==
        base::parse_rfc3339("1969-12-31T23:00:00Z"));  // the year 1970 of Berlin
}

TEST_CASE("skipped times do not elapse, repeated times elapse once", "[schedules][calendar]") {
  check({
      {"Berlin, skipped",
       "02:30",
       "Europe/Berlin",
       "2026-03-28T00:00:00Z",
       {"2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z"}},
      {"Berlin, the ends of what is skipped",
       "*:00/30",
       "Europe/Berlin",
       "2026-03-29T00:00:00Z",
       {"2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"}},
      {"Berlin, repeated",
       "02:30",
       "Europe/Berlin",
       "2026-10-24T22:00:00Z",
       {"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
      {"Berlin, asked while it is repeated",
       "02:30",
       "Europe/Berlin",
       "2026-10-25T01:05:00Z",
       {"2026-10-26T01:30:00Z"}},
      {"Berlin, each quarter",
       "*:00/15",
       "Europe/Berlin",
       "2026-10-25T00:30:00Z",
       {"2026-10-25T00:45:00Z", "2026-10-25T02:00:00Z", "2026-10-25T02:15:00Z"}},
      {"New York, skipped",
       "02:30",
       "America/New_York",
       "2026-03-07T12:00:00Z",
       {"2026-03-09T06:30:00Z"}},
      {"New York, repeated",
       "01:30",
       "America/New_York",
       "2026-10-31T12:00:00Z",
       {"2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"}},
      {"Lord Howe, half an hour skipped",
       "02:15",
       "Australia/Lord_Howe",
       "2026-10-03T13:00:00Z",
       {"2026-10-04T15:15:00Z"}},
      {"Lord Howe, half an hour repeated",
       "01:45",
       "Australia/Lord_Howe",
       "2026-04-04T13:00:00Z",
       {"2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"}},
      {"Santiago, midnight skipped",
       "daily",
       "America/Santiago",
       "2026-09-04T12:00:00Z",
       {"2026-09-05T04:00:00Z", "2026-09-07T03:00:00Z"}},
      {"Apia, a day skipped",
       "12:00",
       "Pacific/Apia",
       "2011-12-29T01:00:00Z",
       {"2011-12-29T22:00:00Z", "2011-12-30T22:00:00Z"}},
      {"Newfoundland, back over midnight",
       "00:00:30",
       "America/St_Johns",
       "2010-11-07T00:00:00Z",
       {"2010-11-07T02:30:30Z", "2010-11-08T03:30:30Z"}},
  });
}

namespace {

// What an event means, said once more: looks at each minute, in the clearest way.
struct Plain {
  int hour_step;
  int minute;
  unsigned weekday;  // ISO; 0: any
  unsigned day;      // 0: any

  [[nodiscard]] std::string text() const {
    const std::vector<std::string> names{"",     "Mon ", "Tue ", "Wed ",
                                         "Thu ", "Fri ", "Sat ", "Sun "};
    return base::text(names[weekday], "*-*-", day == 0 ? "*" : std::to_string(day), " 0/",
                      hour_step, ":", minute);
  }
  [[nodiscard]] bool allows(schedules::LocalTime time) const {
    const auto today = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::hh_mm_ss clock{time - today};
    const std::chrono::year_month_day date{today};
    return clock.hours().count() % hour_step == 0 && clock.minutes().count() == minute &&
           (weekday == 0 || std::chrono::weekday{today}.iso_encoding() == weekday) &&
           (day == 0 || unsigned{date.day()} == day);
  }
};

}  // namespace

TEST_CASE("looking at every minute finds the same elapses", "[schedules][calendar]") {
  const std::string name =
      GENERATE(values<std::string>({"UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu",
                                    "Australia/Lord_Howe", "America/Santiago"}));
  const char* const from =
      GENERATE("2026-03-27T00:00:00Z", "2026-09-04T10:00:00Z", "2026-10-03T00:00:00Z",
               "2010-11-06T00:00:00Z", "2026-10-24T00:00:00Z", "2026-04-03T22:00:00Z");
  const TimeZone zone{name};
  std::mt19937 dice{20};
  const auto below = [&](unsigned count) { return static_cast<unsigned>(dice() % count); };
  for (int round = 0; round < 6; ++round) {
    const Plain plain{1 + static_cast<int>(below(5)), static_cast<int>(below(4) * 15),
                      below(3) == 0 ? 1 + below(7) : 0, below(4) == 0 ? 1 + below(31) : 0};
    CAPTURE(name, from, plain.text());
    const CalendarEvent event{plain.text(), zone};
    const base::Instant begin = *base::parse_rfc3339(from);
    std::vector<base::Instant> seen;
    schedules::LocalTime latest = zone.latest_shown(begin);
    for (base::Instant at = begin + 1min; at < begin + std::chrono::days{3}; at += 1min) {
      const schedules::LocalTime shown = zone.local_time(at);
      if (shown > latest && plain.allows(shown)) seen.push_back(at);
      latest = std::max(latest, shown);
    }
    std::vector<base::Instant> told;
    for (auto next = event.next(begin); next && *next < begin + std::chrono::days{3};
         next = event.next(*next)) {
      told.push_back(*next);
    }
    CHECK(told == seen);
  }
}

TEST_CASE("the next elapse is later, and none lies between", "[schedules][calendar]") {
  const auto& rows = test::calendar_texts();
  std::mt19937_64 dice{7};
  for (const test::CalendarText& row : rows) {
    if (row.normalized.empty()) continue;
    const CalendarEvent event{row.text, TimeZone{"America/St_Johns"}};
    for (int round = 0; round < 20; ++round) {
      const auto after =
          base::from_milliseconds(static_cast<std::int64_t>(dice() % 4'000'000'000'000));
      const auto next = event.next(after);
      CAPTURE(row.text, base::format_rfc3339(after));
      if (!next) continue;
      CHECK(*next > after);
      const auto between = base::Duration{
          static_cast<std::int64_t>(dice() % static_cast<std::uint64_t>((*next - after).count()))};
      CHECK(event.next(after + between) == next);
    }
  }
}
