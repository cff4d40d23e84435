// What the retention planner must decide, told once more in the plainest way: a point is kept if a
// sentence about it is true. Slow, and nothing in it is the planner's: times are taken apart by the
// C library.
#pragma once

#include "schedules/retention.h"

#include <string>
#include <vector>

namespace test {

// Single-threaded: it sets the process's time zone.
class RetentionReference {
 public:
  RetentionReference(const std::vector<schedules::SeriesPoint>& series,
                     const schedules::RetentionRules& rules, base::Instant now);

  // The names of all reasons of the point at this place of the series, in the planner's order.
  [[nodiscard]] std::string reasons(std::size_t place) const;

 private:
  struct Point {
    schedules::SeriesPoint point;
    // Names of the buckets, ordered as time is: the point itself, hour, day, week, month, year.
    std::vector<std::string> buckets;
  };

  [[nodiscard]] bool is_newer(const Point& left, const Point& right) const;
  [[nodiscard]] bool represents(const Point& point, std::size_t rule, std::uint64_t count) const;
  [[nodiscard]] bool has_complete(const std::string& bucket, std::size_t rule) const;

  std::vector<Point> points_;
  schedules::RetentionRules rules_;
  base::Instant now_;
};

}  // namespace test
