#include "src/daemon/trend.h"

#include "src/base/bytes.h"
#include "src/base/file.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

#include <cmath>
#include <string>
#include <vector>

namespace {

using appliance::TrendPoint;
using std::chrono::days;
using std::chrono::hours;

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;
const base::Instant kStart = base::from_milliseconds(1'775'000'000'000);

TrendPoint point(int day, std::uint64_t stored, std::uint64_t free = 100 * kGiB) {
  TrendPoint point;
  point.time = kStart + days{day};
  point.stored_bytes = stored;
  point.free_bytes = free;
  return point;
}

std::vector<TrendPoint> line(int count, std::uint64_t a_day) {
  std::vector<TrendPoint> points;
  for (int day = 0; day < count; ++day) {
    points.push_back(point(day, kGiB + static_cast<std::uint64_t>(day) * a_day));
  }
  return points;
}

}  // namespace

TEST_CASE("what a day adds is known after two days", "[daemon][trend]") {
  CHECK_FALSE(appliance::growth_per_day({}));
  CHECK_FALSE(appliance::growth_per_day(line(1, kGiB)));
  CHECK_FALSE(appliance::growth_per_day(line(2, kGiB)));
  CHECK(std::abs(appliance::growth_per_day(line(3, kGiB)).value() - double{kGiB}) < 1.0);
  CHECK(std::abs(appliance::growth_per_day(line(3, 0)).value() - 0.0) < 1.0);
}

TEST_CASE("growth is that of the last thirty days", "[daemon][trend]") {
  std::vector<TrendPoint> points = line(100, 0);
  for (int day = 100; day <= 131; ++day) {
    points.push_back(point(day, kGiB * static_cast<std::uint64_t>(day)));
  }
  CHECK(std::abs(appliance::growth_per_day(points).value() - double{kGiB}) < 1.0);
}

TEST_CASE("when the disk is full", "[daemon][trend]") {
  struct Row {
    std::string name;
    std::vector<TrendPoint> points;
    std::optional<int> day;
  };
  std::vector<TrendPoint> shrinking = line(10, 0);
  shrinking.front().stored_bytes = 5 * kGiB;
  std::vector<TrendPoint> slow = line(10, 1000);
  const Row row = GENERATE_REF(Row{"nothing known", {}, std::nullopt},
                               Row{"no growth", line(10, 0), std::nullopt},
                               Row{"less and less", shrinking, std::nullopt},
                               Row{"not within ten years", slow, std::nullopt},
                               Row{"100 GiB at 1 GiB a day", line(10, kGiB), 109});
  CAPTURE(row.name);
  const auto full = appliance::full_on(row.points, kStart + days{9});
  REQUIRE(full.has_value() == row.day.has_value());
  if (full) CHECK(std::chrono::abs(*full - (kStart + days{*row.day})) < hours{1});
}

TEST_CASE("one point a day is kept, the last of it, also over a restart", "[daemon][trend]") {
  const test::TemporaryDirectory directory;
  {
    appliance::Trend trend{directory / "trend"};
    trend.add(point(0, 1));
    TrendPoint later = point(0, 2);
    later.time += std::chrono::minutes{10};
    trend.add(later);
    trend.add(point(1, 3));
  }
  const appliance::Trend again{directory / "trend"};
  const auto points = again.points();
  REQUIRE(points.size() == 2);
  CHECK(points[0].stored_bytes == 2);
  CHECK(points[1].stored_bytes == 3);
  CHECK(points[1].time == kStart + days{1});
}

TEST_CASE("a file of sizes that is none is set aside", "[daemon][trend]") {
  const test::TemporaryDirectory directory;
  base::replace_file(directory / "trend", base::as_bytes(std::string_view{"nonsense"}));
  CHECK(appliance::Trend{directory / "trend"}.points().empty());
  CHECK(std::filesystem::exists(directory / "trend.unreadable"));
}
