#include "schedules/window.h"

#include "src/base/error.h"
#include "tests/support/catch.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using schedules::TimeZone;
using schedules::Windows;

namespace {

base::Instant at(std::string_view time) { return *base::parse_rfc3339(time); }

std::string text(std::optional<base::Instant> time) {
  return time ? base::format_rfc3339(*time) : "never";
}

std::string refusal(const std::string& window) {
  try {
    Windows{{window}, TimeZone{"UTC"}};
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::usage);
    return error.message();
  }
  return "accepted";
}

struct Row {
  const char* name;
  std::vector<std::string> windows;
  const char* zone;
  const char* at;
  bool open;
  const char* opening;
  const char* closing;
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.name, row.at);
    const Windows windows{row.windows, TimeZone{row.zone}};
    CHECK(windows.is_open(at(row.at)) == row.open);
    CHECK(text(windows.next_opening(at(row.at))) == row.opening);
    CHECK(text(windows.next_closing(at(row.at))) == row.closing);
    CHECK(text(windows.first_open(at(row.at))) == (row.open ? row.at : row.opening));
  }
}

}  // namespace

TEST_CASE("windows open and close to the minute", "[schedules][window]") {
  const std::vector<std::string> night{"22:00-06:00"};
  const std::vector<std::string> working{"Mon..Fri 20:00-06:00"};
  check({
      // 2026-07-03 is a Friday
      {"no window", {}, "UTC", "2026-07-01T12:00:00Z", true, "never", "never"},
      {"before", night, "UTC", "2026-07-01T21:59:59.999Z", false, "2026-07-01T22:00:00Z",
       "2026-07-02T06:00:00Z"},
      {"opening", night, "UTC", "2026-07-01T22:00:00Z", true, "2026-07-02T22:00:00Z",
       "2026-07-02T06:00:00Z"},
      {"after midnight", night, "UTC", "2026-07-02T05:59:59.999Z", true, "2026-07-02T22:00:00Z",
       "2026-07-02T06:00:00Z"},
      {"closing", night, "UTC", "2026-07-02T06:00:00Z", false, "2026-07-02T22:00:00Z",
       "2026-07-03T06:00:00Z"},
      {"Friday's window on Saturday", working, "UTC", "2026-07-04T03:00:00Z", true,
       "2026-07-06T20:00:00Z", "2026-07-04T06:00:00Z"},
      {"none on Saturday", working, "UTC", "2026-07-04T21:00:00Z", false, "2026-07-06T20:00:00Z",
       "2026-07-07T06:00:00Z"},
      {"Monday morning is Sunday's", working, "UTC", "2026-07-06T03:00:00Z", false,
       "2026-07-06T20:00:00Z", "2026-07-07T06:00:00Z"},
      {"always", {"00:00-24:00"}, "Europe/Berlin", "2026-03-29T01:00:00Z", true, "never", "never"},
      {"always, by two",
       {"06:00-18:00", "18:00-06:00"},
       "America/Santiago",
       "2026-09-06T03:59:00Z",
       true,
       "never",
       "never"},
      {"the weekend is one",
       {"Sat,Sun 00:00-24:00", "Fri 18:00-24:00"},
       "UTC",
       "2026-07-04T12:00:00Z",
       true,
       "2026-07-10T18:00:00Z",
       "2026-07-06T00:00:00Z"},
      {"overlapping",
       {"20:00-02:00", "22:00-04:00"},
       "UTC",
       "2026-07-04T23:00:00Z",
       true,
       "2026-07-05T20:00:00Z",
       "2026-07-05T04:00:00Z"},
      {"to midnight",
       {"12:00-00:00"},
       "UTC",
       "2026-07-04T23:00:00Z",
       true,
       "2026-07-05T12:00:00Z",
       "2026-07-05T00:00:00Z"},
      {"once a week",
       {"tuesday 3:00-4:00"},
       "UTC",
       "2026-07-07T04:00:00Z",
       false,
       "2026-07-14T03:00:00Z",
       "2026-07-14T04:00:00Z"},
      {"in its zone", night, "Asia/Kathmandu", "2026-07-01T16:14:59Z", false,
       "2026-07-01T16:15:00Z", "2026-07-02T00:15:00Z"},
  });
}

TEST_CASE("a window is one stretch whatever the clocks do", "[schedules][window]") {
  check({
      {"Berlin, the short night",
       {"22:00-06:00"},
       "Europe/Berlin",
       "2026-03-28T21:00:00Z",
       true,
       "2026-03-29T20:00:00Z",
       "2026-03-29T04:00:00Z"},
      {"Berlin, the long night",
       {"22:00-06:00"},
       "Europe/Berlin",
       "2026-10-24T20:00:00Z",
       true,
       "2026-10-25T21:00:00Z",
       "2026-10-25T05:00:00Z"},
      {"Berlin, opens in what is skipped",
       {"02:30-06:00"},
       "Europe/Berlin",
       "2026-03-29T00:59:00Z",
       false,
       "2026-03-29T01:00:00Z",
       "2026-03-29T04:00:00Z"},
      {"Berlin, closes in what is skipped",
       {"22:00-02:30"},
       "Europe/Berlin",
       "2026-03-28T22:00:00Z",
       true,
       "2026-03-29T20:00:00Z",
       "2026-03-29T01:00:00Z"},
      {"Berlin, all of it is skipped",
       {"02:10-02:50"},
       "Europe/Berlin",
       "2026-03-28T02:00:00Z",
       false,
       "2026-03-30T00:10:00Z",
       "2026-03-30T00:50:00Z"},
      {"Berlin, skipped once a week",
       {"Sun 02:10-02:50"},
       "Europe/Berlin",
       "2026-03-22T02:00:00Z",
       false,
       "2026-04-05T00:10:00Z",
       "2026-04-05T00:50:00Z"},
      {"Berlin, closes in what is repeated",
       {"22:00-02:30"},
       "Europe/Berlin",
       "2026-10-25T00:45:00Z",
       true,
       "2026-10-25T21:00:00Z",
       "2026-10-25T01:30:00Z"},
      {"Berlin, opens in what is repeated",
       {"02:30-06:00"},
       "Europe/Berlin",
       "2026-10-25T00:30:00Z",
       true,
       "2026-10-26T01:30:00Z",
       "2026-10-25T05:00:00Z"},
      {"Newfoundland, the day comes twice",
       {"Sun 00:00-06:00"},
       "America/St_Johns",
       "2010-11-07T03:00:00Z",
       true,
       "2010-11-14T03:30:00Z",
       "2010-11-07T09:30:00Z"},
      {"Apia, a day is skipped",
       {"12:00-13:00"},
       "Pacific/Apia",
       "2011-12-29T23:00:00Z",
       false,
       "2011-12-30T22:00:00Z",
       "2011-12-30T23:00:00Z"},
  });
}

TEST_CASE("every minute is open or closed as the next changes say", "[schedules][window]") {
  const char* const zone = GENERATE("UTC", "Europe/Berlin", "America/St_Johns", "America/Santiago");
  const char* const from =
      GENERATE("2026-03-27T12:00:00Z", "2026-10-24T00:00:00Z", "2010-11-06T00:00:00Z");
  const std::vector<std::string> texts = GENERATE(values<std::vector<std::string>>({
      {"22:00-02:30"},
      {"Sat,Sun 00:30-01:00", "23:00-23:30"},
      {"Mon..Fri 20:00-06:00", "Sat 00:00-24:00"},
  }));
  const Windows windows{texts, TimeZone{zone}};
  CAPTURE(zone, from, texts);
  bool open = windows.is_open(at(from));
  base::Instant change = open ? *windows.next_closing(at(from)) : *windows.next_opening(at(from));
  for (base::Instant now = at(from); now < at(from) + std::chrono::days{3}; now += 1min) {
    if (now >= change) {
      open = !open;
      change = open ? *windows.next_closing(now) : *windows.next_opening(now);
    }
    if (windows.is_open(now) != open) {
      FAIL_CHECK(base::format_rfc3339(now));
      break;
    }
  }
}

TEST_CASE("what is no window is refused with what to write", "[schedules][window]") {
  struct Refusal {
    const char* window;
    const char* message;
  };
  const Refusal row = GENERATE(values<Refusal>({
      {"",
       "window \"\", at character 1: a window is written \"22:00-06:00\" or \"Mon..Fri "
       "20:00-06:00\""},
      {"22:00",
       "window \"22:00\", at character 1 (\"22:00\"): a window is written \"22:00-06:00\" "
       "or \"Mon..Fri 20:00-06:00\""},
      {"22-06:00",
       "window \"22-06:00\", at character 1 (\"22\"): no time of day; write hours and "
       "minutes, such as \"22:00\""},
      {"22:00-06:60",
       "window \"22:00-06:60\", at character 10 (\"60\"): a minute is from 00 to 59"},
      {"22:00-30:00",
       "window \"22:00-30:00\", at character 7 (\"30:00\"): a window closes at 24:00 "
       "at the latest, or on the next day: write the time of that day, such as "
       "\"06:00\""},
      {"24:00-06:00",
       "window \"24:00-06:00\", at character 1 (\"24:00\"): a window opens from 00:00 to 23:59"},
      {"22:00-22:00",
       "window \"22:00-22:00\", at character 1 (\"22:00-22:00\"): never open or "
       "never closed? for a whole day write \"00:00-24:00\""},
      {"00:00-00:00",
       "window \"00:00-00:00\", at character 1 (\"00:00-00:00\"): never open or "
       "never closed? for a whole day write \"00:00-24:00\""},
      {"Mom 22:00-06:00",
       "window \"Mom 22:00-06:00\", at character 1 (\"Mom\"): no weekday; write "
       "\"Mon\", \"Mon,Wed\" or \"Mon..Fri\""},
      {"22:00-06:00 UTC",
       "window \"22:00-06:00 UTC\", at character 13 (\"UTC\"): a window is written \"22:00-06:00\" "
       "or \"Mon..Fri 20:00-06:00\""},
      {"Mon 22:00 - 06:00",
       "window \"Mon 22:00 - 06:00\", at character 11 (\"-\"): a window is "
       "written \"22:00-06:00\" or \"Mon..Fri 20:00-06:00\""},
      {"22:00:00-06:00",
       "window \"22:00:00-06:00\", at character 1 (\"22:00:00\"): no time of day; "
       "write hours and minutes, such as \"22:00\""},
  }));
  CHECK(refusal(row.window) == row.message);
}
