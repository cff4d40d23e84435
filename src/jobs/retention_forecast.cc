#include "src/jobs/retention_forecast.h"

#include "schedules/time_zone.h"
#include "src/base/text.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace jobs {
namespace {

struct Pattern {
  std::vector<schedules::SeriesPoint> points;  // oldest first
  bool is_held = false;                        // what comes will be held, too
  std::uint64_t mailboxes = 0;
};

// What retention sees of a series, but for the minutes of a day: equal texts, equal fates.
std::string signature(const Pattern& pattern, const schedules::TimeZone& zone) {
  std::string text = pattern.is_held ? "held" : "";
  for (const schedules::SeriesPoint& point : pattern.points) {
    const auto day = std::chrono::floor<std::chrono::days>(zone.local_time(point.time));
    text += base::text(";", day.time_since_epoch().count(), point.complete ? "" : "p",
                       point.held ? "h" : "");
  }
  return text;
}

std::vector<Pattern> patterns_of(const std::vector<PlannedSeries>& series,
                                 const ForecastSettings& settings) {
  const schedules::TimeZone zone{settings.rules.time_zone};
  std::map<std::string, std::size_t> known;
  std::vector<Pattern> patterns;
  for (const PlannedSeries& each : series) {
    Pattern pattern;
    for (const PlannedPoint& planned : each.points) {
      const store::Snapshot& point = planned.snapshot;
      pattern.points.push_back({point.id, point.time, point.complete, settings.is_held(point)});
    }
    if (!each.points.empty()) {
      store::Snapshot to_come = each.points.back().snapshot;
      to_come.id.clear();
      pattern.is_held = settings.is_held(to_come);
    }
    const auto [found, is_new] = known.emplace(signature(pattern, zone), patterns.size());
    if (is_new) patterns.push_back(std::move(pattern));
    ++patterns[found->second].mailboxes;
  }
  // What most mailboxes share tells most.
  std::ranges::stable_sort(patterns, std::ranges::greater{}, &Pattern::mailboxes);
  return patterns;
}

std::uint64_t remove_expired(Pattern& pattern, const schedules::RetentionRules& rules,
                             base::Instant now) {
  const schedules::RetentionPlan plan = schedules::plan_retention(pattern.points, rules, now);
  std::vector<schedules::SeriesPoint> kept;
  for (std::size_t i = 0; i < pattern.points.size(); ++i) {
    if (plan.verdicts[i].keep) kept.push_back(std::move(pattern.points[i]));
  }
  const std::uint64_t removed = pattern.points.size() - kept.size();
  pattern.points = std::move(kept);
  return removed;
}

}  // namespace

RetentionForecast forecast_retention(const std::vector<PlannedSeries>& series,
                                     const ForecastSettings& settings, base::Instant now) {
  RetentionForecast forecast;
  forecast.removed.resize(settings.days);
  std::vector<std::vector<base::Instant>> backups(settings.days);
  for (std::size_t day = 1; day < settings.days; ++day) {
    const base::Instant end = now + std::chrono::days{day};
    backups[day] = settings.backups(end - std::chrono::days{1}, end);
  }
  std::uint64_t verdicts = 0;
  std::size_t followed = 0;
  for (Pattern& pattern : patterns_of(series, settings)) {
    if (followed == settings.most_patterns || verdicts >= settings.most_verdicts) {
      forecast.left_out += pattern.mailboxes;
      continue;
    }
    ++followed;
    forecast.mailboxes += pattern.mailboxes;
    for (std::size_t day = 0; day < settings.days; ++day) {
      for (const base::Instant time : backups[day]) {
        pattern.points.push_back({base::format_rfc3339(time), time, true, pattern.is_held});
      }
      verdicts += pattern.points.size();
      forecast.removed[day] +=
          pattern.mailboxes * remove_expired(pattern, settings.rules, now + std::chrono::days{day});
    }
  }
  return forecast;
}

}  // namespace jobs
