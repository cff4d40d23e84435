#include "src/base/clock.h"

#include "tests/support/catch.h"
#include "tests/support/virtual_clock.h"

#include <string>
#include <thread>
#include <vector>

namespace {

struct KnownInstant {
  std::string_view text;
  std::int64_t milliseconds;
};

}  // namespace

TEST_CASE("instants are written in RFC 3339", "[base][clock]") {
  const std::vector<KnownInstant> table{
      {"1970-01-01T00:00:00Z", 0},
      {"2026-11-23T02:00:00Z", 1'795'399'200'000},
      {"2026-11-23T02:00:00.123Z", 1'795'399'200'123},
      {"2024-02-29T23:59:59.001Z", 1'709'251'199'001},
      {"1969-12-31T23:59:59.999Z", -1},
      {"0001-01-01T00:00:00Z", -62'135'596'800'000},  // what the service writes for "never"
      {"9999-12-31T23:59:59.999Z", 253'402'300'799'999},
  };
  for (const KnownInstant& row : table) {
    CAPTURE(row.text);
    CHECK(base::format_rfc3339(base::from_milliseconds(row.milliseconds)) == row.text);
    const auto parsed = base::parse_rfc3339(row.text);
    REQUIRE(parsed);
    CHECK(base::to_milliseconds(*parsed) == row.milliseconds);
  }
}

TEST_CASE("other forms of RFC 3339 are read", "[base][clock]") {
  const std::vector<KnownInstant> table{
      {"2026-11-23t02:00:00z", 1'795'399'200'000},
      {"2026-11-23T03:30:00+01:30", 1'795'399'200'000},
      {"2026-11-22T18:00:00-08:00", 1'795'399'200'000},
      {"2026-11-23T02:00:00-00:00", 1'795'399'200'000},
      {"2026-11-23T02:00:00.1Z", 1'795'399'200'100},
      {"2026-11-23T02:00:00.1239999Z", 1'795'399'200'123},
      {"2016-12-31T23:59:60Z", 1'483'228'800'000},  // a leap second
  };
  for (const KnownInstant& row : table) {
    CAPTURE(row.text);
    const auto parsed = base::parse_rfc3339(row.text);
    REQUIRE(parsed);
    CHECK(base::to_milliseconds(*parsed) == row.milliseconds);
  }
}

TEST_CASE("what is not RFC 3339 is refused", "[base][clock]") {
  const std::string_view text =
      GENERATE(as<std::string_view>{}, "", "2026", "2026-11-23", "2026-11-23T02:00:00",
               "2026-11-23T02:00Z", "2026-11-23 02:00:00Z", "2026-11-23T02:00:00.Z",
               "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
               "2026-04-31T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T02:60:00Z",
               "2026-11-23T02:00:61Z", "2026-11-23T02:00:00+0100", "2026-11-23T02:00:00+24:00",
               "2026-11-23T02:00:00ZZ", " 2026-11-23T02:00:00Z", "2026-11-23T02:00:00Z\n",
               "+026-11-23T02:00:00Z", "2026-1-23T02:00:00Z", "2026-11-23T02:00:00,5Z");
  CAPTURE(text);
  CHECK_FALSE(base::parse_rfc3339(text));
}

TEST_CASE("HTTP dates", "[base][clock]") {
  const auto parsed = base::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");
  REQUIRE(parsed);
  CHECK(base::format_rfc3339(*parsed) == "1994-11-06T08:49:37Z");
  const std::string_view text = GENERATE(
      as<std::string_view>{}, "", "120", "Sunday, 06-Nov-94 08:49:37 GMT",
      "Sun Nov  6 08:49:37 1994", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37",
      "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 nov 1994 08:49:37 GMT",
      "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT",
      "Sun, 06 Nov 1994 08:49:37 GMT ", "Xxx, 06 Nov 1994 08:49:37 GMT");
  CAPTURE(text);
  CHECK_FALSE(base::parse_http_date(text));
}

TEST_CASE("a sleeper wakes when it is told to stop", "[base][clock]") {
  base::SystemClock clock;
  const base::Duration before = clock.monotonic();
  std::jthread sleeper{[&](std::stop_token stop) { clock.sleep_for(base::Duration::max(), stop); }};
  sleeper.request_stop();
  sleeper.join();
  CHECK(clock.monotonic() >= before);
}

TEST_CASE("no time to sleep is no sleep", "[base][clock]") {
  base::SystemClock clock;
  clock.sleep_for(base::Duration{0}, {});
  clock.sleep_for(base::Duration::min(), {});
  clock.sleep_for(base::Duration{1}, {});
  CHECK(base::to_milliseconds(clock.now()) > 1'700'000'000'000);
}

TEST_CASE("a virtual clock moves with its sleepers only", "[base][clock]") {
  test::VirtualClock clock{base::from_milliseconds(1000)};
  clock.sleep_for(std::chrono::seconds{5}, {});
  clock.advance(base::Duration{1});
  CHECK(base::to_milliseconds(clock.now()) == 6001);
  CHECK(clock.monotonic() == base::Duration{5001});
  CHECK(clock.slept() == base::Duration{5000});
}
