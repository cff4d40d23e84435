#include "tests/property/retention_reference.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <set>

namespace test {
namespace {

std::tm local_time(base::Instant time) {
  const std::time_t since_epoch =
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm local{};
  base::check(localtime_r(&since_epoch, &local) != nullptr, "the C library knows every time");
  return local;
}

// Numbers as texts of one length sort as numbers do.
std::string sortable(std::int64_t number) {
  std::string digits = std::to_string(number);
  return std::string(20 - digits.size(), '0') + digits;
}

// By the clock of the TZ variable.
std::vector<std::string> buckets_of(const schedules::SeriesPoint& point) {
  const std::tm local = local_time(point.time);
  const std::int64_t seconds =
      std::chrono::floor<std::chrono::seconds>(point.time).time_since_epoch().count();
  std::array<char, 64> names{};
  base::check(std::strftime(names.data(), names.size(), "%Y-%m-%d|%G-W%V|%Y-%m|%Y", &local) > 0,
              "the names are short");
  std::vector<std::string> buckets = base::split(names.data(), '|');
  buckets.insert(buckets.begin(), {sortable(base::to_milliseconds(point.time)) + point.id,
                                   sortable(seconds - local.tm_min * 60 - local.tm_sec)});
  return buckets;
}

}  // namespace

RetentionReference::RetentionReference(const std::vector<schedules::SeriesPoint>& series,
                                       const schedules::RetentionRules& rules, base::Instant now)
    : rules_(rules), now_(now) {
  setenv("TZ", rules.time_zone.c_str(), 1);
  tzset();
  for (const schedules::SeriesPoint& point : series) points_.push_back({point, buckets_of(point)});
}

bool RetentionReference::is_newer(const Point& left, const Point& right) const {
  if (left.point.time > now_) return false;  // those of the future count nowhere
  if (left.point.time != right.point.time) return left.point.time > right.point.time;
  return left.point.id > right.point.id;
}

bool RetentionReference::has_complete(const std::string& bucket, std::size_t rule) const {
  return std::any_of(points_.begin(), points_.end(), [&](const Point& other) {
    return other.point.time <= now_ && other.point.complete && other.buckets[rule] == bucket;
  });
}

// Nothing of its kind is newer in its bucket, a complete one is not there beside an incomplete one,
// and fewer than `count` buckets of complete points are later, nor `count` of its own kind.
bool RetentionReference::represents(const Point& point, std::size_t rule,
                                    std::uint64_t count) const {
  const std::string& bucket = point.buckets[rule];
  if (!point.point.complete && has_complete(bucket, rule)) return false;
  std::set<std::string> later_complete;
  std::set<std::string> later_incomplete;
  for (const Point& other : points_) {
    if (other.point.time > now_) continue;
    if (other.buckets[rule] == bucket && other.point.complete == point.point.complete &&
        is_newer(other, point)) {
      return false;
    }
    if (other.buckets[rule] > bucket) {
      const bool complete = has_complete(other.buckets[rule], rule);
      (complete ? later_complete : later_incomplete).insert(other.buckets[rule]);
    }
  }
  return later_complete.size() < count && (point.point.complete || later_incomplete.size() < count);
}

std::string RetentionReference::reasons(std::size_t place) const {
  const Point& point = points_[place];
  const bool future = point.point.time > now_;
  std::string all;
  const auto add = [&](bool applies, const char* name) {
    if (applies) all += (all.empty() ? "" : " ") + std::string{name};
  };
  const std::array counts{rules_.keep_last,   rules_.keep_hourly,  rules_.keep_daily,
                          rules_.keep_weekly, rules_.keep_monthly, rules_.keep_yearly};
  const std::array names{"last", "hourly", "daily", "weekly", "monthly", "yearly"};
  bool any = rules_.keep_within.has_value();
  for (std::size_t rule = 0; rule < counts.size(); ++rule) {
    any = any || counts[rule].has_value();
    add(!future && counts[rule] && represents(point, rule, *counts[rule]), names[rule]);
  }
  const base::Duration age = now_ - point.point.time;
  add(!future && rules_.keep_within && age <= *rules_.keep_within, "within");
  const bool complete_is_newer = std::any_of(
      points_.begin(), points_.end(),
      [&](const Point& other) { return other.point.complete && is_newer(other, point); });
  add(!future && point.point.complete && !complete_is_newer, "newest-complete");
  const bool any_is_newer = std::any_of(
      points_.begin(), points_.end(), [&](const Point& other) { return is_newer(other, point); });
  add(!future && !point.point.complete && !any_is_newer, "awaits-complete");
  add(!future && age < rules_.minimum_age, "minimum-age");
  add(point.point.held, "hold");
  add(future, "future");
  add(!future && !any, "no-rules");
  return all.empty() ? "expired" : all;
}

}  // namespace test
