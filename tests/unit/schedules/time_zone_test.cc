#include "schedules/time_zone.h"

#include "src/base/error.h"
#include "tests/support/catch.h"

using namespace std::chrono_literals;

namespace {

std::chrono::seconds offset(const std::string& zone, std::string_view time) {
  return schedules::TimeZone{zone}.offset_at(*base::parse_rfc3339(time));
}

std::string refusal(const std::string& zone) {
  try {
    schedules::TimeZone{zone};
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::usage);
    return error.message();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("a zone's clocks are set when its government says so, to the millisecond",
          "[schedules]") {
  struct Row {
    const char* zone;
    const char* time;
    std::chrono::seconds offset;
  };
  const Row row = GENERATE(values<Row>({
      {"UTC", "2026-07-01T00:00:00Z", 0s},
      {"Europe/Berlin", "2026-03-29T00:59:59.999Z", 1h},
      {"Europe/Berlin", "2026-03-29T01:00:00Z", 2h},
      {"Europe/Berlin", "2026-10-25T00:59:59.999Z", 2h},
      {"Europe/Berlin", "2026-10-25T01:00:00Z", 1h},
      {"America/New_York", "2026-03-08T06:59:59.999Z", -5h},
      {"America/New_York", "2026-03-08T07:00:00Z", -4h},
      {"America/New_York", "2026-11-01T06:00:00Z", -5h},
      {"Australia/Lord_Howe", "2026-04-04T14:59:59.999Z", 11h},
      {"Australia/Lord_Howe", "2026-04-04T15:00:00Z", 10h + 30min},
      {"Asia/Kathmandu", "2026-01-01T00:00:00Z", 5h + 45min},
      {"Etc/GMT+5", "2026-01-01T00:00:00Z", -5h},
      {"Europe/Berlin", "2037-07-01T00:00:00Z", 2h},
      {"Europe/Berlin", "1960-07-01T00:00:00Z", 1h},
  }));
  CAPTURE(row.zone, row.time);
  CHECK(offset(row.zone, row.time) == row.offset);
}

TEST_CASE("what is no time zone is refused by name", "[schedules]") {
  CHECK(refusal("Europe/Belrin") ==
        "unknown time zone \"Europe/Belrin\"; did you mean \"Europe/Berlin\"?");
  CHECK(refusal("W. Europe Standard Time") == "unknown time zone \"W. Europe Standard Time\"");
  CHECK(refusal("../../../etc/hostname") == "unknown time zone \"../../../etc/hostname\"");
  CHECK(refusal("Europe") != "accepted");
  CHECK(refusal("") != "accepted");
  CHECK(refusal("Europe/Berlin") == "accepted");
}

TEST_CASE("a local time is shown once, twice or never", "[schedules]") {
  struct Row {
    const char* zone;
    const char* local;  // written as if it were UTC
    const char* first;
    const char* last;
    bool skipped;
  };
  const Row row = GENERATE(values<Row>({
      {"UTC", "2026-03-29T02:30:00Z", "2026-03-29T02:30:00Z", "2026-03-29T02:30:00Z", false},
      {"Europe/Berlin", "2026-03-29T01:59:59Z", "2026-03-29T00:59:59Z", "2026-03-29T00:59:59Z",
       false},
      {"Europe/Berlin", "2026-03-29T02:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z",
       true},
      {"Europe/Berlin", "2026-03-29T02:59:59Z", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z",
       true},
      {"Europe/Berlin", "2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z",
       false},
      {"Europe/Berlin", "2026-10-25T02:00:00Z", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z",
       false},
      {"Europe/Berlin", "2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z", "2026-10-25T02:00:00Z",
       false},
      {"Australia/Lord_Howe", "2026-04-05T01:45:00Z", "2026-04-04T14:45:00Z",
       "2026-04-04T15:15:00Z", false},
      {"Pacific/Apia", "2011-12-30T12:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z",
       true},
  }));
  CAPTURE(row.zone, row.local);
  const schedules::LocalTime local{
      std::chrono::floor<std::chrono::seconds>(base::parse_rfc3339(row.local)->time_since_epoch())};
  CHECK(schedules::TimeZone{row.zone}.when(local) ==
        schedules::Showing{*base::parse_rfc3339(row.first), *base::parse_rfc3339(row.last),
                           row.skipped});
}

TEST_CASE("while an hour is repeated, its end is the latest time shown", "[schedules]") {
  const schedules::TimeZone zone{"Europe/Berlin"};
  const auto past_midnight = [](auto time) {
    return time - std::chrono::local_days{std::chrono::year{2026} / 10 / 25};
  };
  const auto latest = [&](std::string_view time) {
    return past_midnight(zone.latest_shown(*base::parse_rfc3339(time)));
  };
  CHECK(latest("2026-10-25T00:59:59.999Z") == 2h + 59min + 59s);
  CHECK(latest("2026-10-25T01:00:00Z") == 2h + 59min + 59s);
  CHECK(latest("2026-10-25T01:59:59Z") == 2h + 59min + 59s);
  CHECK(latest("2026-10-25T02:00:00.5Z") == 3h);
  CHECK(past_midnight(zone.local_time(*base::parse_rfc3339("2026-10-25T01:30:00.9Z"))) ==
        2h + 30min);
}
