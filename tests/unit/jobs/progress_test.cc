#include "src/jobs/progress.h"

#include "tests/support/catch.h"

#include <cmath>

namespace {

jobs::ProgressReading reading(std::uint64_t bytes_done, std::uint64_t bytes_total) {
  jobs::ProgressReading reading;
  reading.items_done = 10;
  reading.items_total = 40;
  reading.bytes_done = bytes_done;
  reading.bytes_total = bytes_total;
  return reading;
}

}  // namespace

TEST_CASE("the rate is that of the last half minute, and the time left follows from it",
          "[jobs][progress]") {
  jobs::ProgressModel model;
  model.update(reading(0, 100'000), std::chrono::seconds{0});
  CHECK_FALSE(model.time_left());  // one reading tells no rate
  model.update(reading(10'000, 100'000), std::chrono::seconds{10});
  CHECK(std::lround(model.bytes_per_second()) == 1000);
  CHECK(model.time_left() == std::chrono::seconds{90});

  // Slow from then on: the quick start is forgotten.
  for (int second = 11; second <= 70; ++second) {
    model.update(reading(10'000 + 100 * static_cast<std::uint64_t>(second - 10), 100'000),
                 std::chrono::seconds{second});
  }
  CHECK(std::lround(model.bytes_per_second()) == 100);
}

TEST_CASE("the line tells items, bytes, time left, throttling and rate, the most important first",
          "[jobs][progress]") {
  jobs::ProgressModel model;
  jobs::ProgressReading now = reading(std::uint64_t{10} << 20, std::uint64_t{40} << 20);
  now.throttled = std::chrono::seconds{90};
  now.stage = "3 of 25 mailboxes";
  jobs::ProgressReading before = now;
  before.bytes_done = 0;
  model.update(before, std::chrono::seconds{0});
  model.update(now, std::chrono::seconds{10});
  CHECK(model.line(200) ==
        "[###.........]  25 %  10 of 40 items  10.0 MiB of 40.0 MiB  30 s left  "
        "90 s lost to throttling  1.0 MiB/s  3 of 25 mailboxes");
  CHECK(model.line(40) == "[###.........]  25 %  10 of 40 items");
  CHECK(model.line(0).empty());
}

TEST_CASE("an estimate that was too low never shows more than all", "[jobs][progress]") {
  jobs::ProgressModel model;
  model.update(reading(0, 100), std::chrono::seconds{0});
  model.update(reading(500, 100), std::chrono::seconds{1});
  CHECK_THAT(model.line(200), test::contains_text("[############] 100 %"));
  CHECK(model.time_left() == base::Duration{0});
}

TEST_CASE("figures are written for people", "[jobs][progress]") {
  CHECK(jobs::human_duration(std::chrono::milliseconds{1250}) == "1.2 s");
  CHECK(jobs::human_duration(std::chrono::seconds{45}) == "45 s");
  CHECK(jobs::human_duration(std::chrono::seconds{150}) == "3 min");
  CHECK(jobs::human_duration(std::chrono::minutes{200}) == "3 h 20 min");
  CHECK(jobs::human_count(0) == "0");
  CHECK(jobs::human_count(999) == "999");
  CHECK(jobs::human_count(1000) == "1,000");
  CHECK(jobs::human_count(1234567) == "1,234,567");
}
