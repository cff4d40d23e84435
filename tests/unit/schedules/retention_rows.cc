#include "tests/unit/schedules/retention_rows.h"

#include "src/base/text.h"
#include "tests/support/catch.h"

#include <utility>

namespace test {
namespace {

std::string joined(const std::vector<schedules::Reason>& reasons) {
  std::string all;
  for (const schedules::Reason reason : reasons) {
    all += base::text(all.empty() ? "" : " ", schedules::name(reason));
  }
  return all;
}

}  // namespace

Expected incomplete(std::string time, std::string reasons) {
  return {std::move(time), std::move(reasons), false, false};
}

Expected held(std::string time, std::string reasons) {
  return {std::move(time), std::move(reasons), true, true};
}

base::Instant instant(const std::string& text) {
  const auto parsed = base::parse_rfc3339(text);
  REQUIRE(parsed);
  return *parsed;
}

std::vector<schedules::SeriesPoint> series_of(const std::vector<Expected>& points) {
  std::vector<schedules::SeriesPoint> series;
  for (const Expected& point : points) {
    series.push_back({point.time, instant(point.time), point.complete, point.held});
  }
  return series;
}

void check(const std::vector<Row>& table) {
  for (const Row& row : table) {
    const schedules::RetentionPlan plan =
        schedules::plan_retention(series_of(row.points), row.rules, instant(row.now));
    REQUIRE(plan.verdicts.size() == row.points.size());
    for (std::size_t i = 0; i < row.points.size(); ++i) {
      INFO(row.what << ": " << row.points[i].time);
      CHECK(plan.verdicts[i].id == row.points[i].time);
      CHECK(joined(plan.verdicts[i].reasons) == row.points[i].reasons);
      CHECK(plan.verdicts[i].keep == (row.points[i].reasons != "expired"));
    }
  }
}

}  // namespace test
