#include "schedules/retention.h"

#include "schedules/time_zone.h"
#include "src/base/text.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <iterator>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

namespace schedules {
namespace {

using std::chrono::seconds;

// The number of the bucket that an instant lies in, by a clock that shows `offset` more than UTC;
// later buckets have greater numbers.
using BucketOf = std::int64_t (*)(base::Instant time, seconds offset);

std::int64_t hour_of(base::Instant time, seconds offset) {
  const base::Instant began = std::chrono::floor<std::chrono::hours>(time + offset) - offset;
  return base::to_milliseconds(began);
}

std::chrono::sys_days local_date(base::Instant time, seconds offset) {
  return std::chrono::floor<std::chrono::days>(time + offset);
}

std::int64_t day_of(base::Instant time, seconds offset) {
  return local_date(time, offset).time_since_epoch().count();
}

std::int64_t week_of(base::Instant time, seconds offset) {
  // Day 0 was a Thursday, its week began three days before.
  const auto since_monday = local_date(time, offset).time_since_epoch() + std::chrono::days{3};
  return std::chrono::floor<std::chrono::weeks>(since_monday).count();
}

std::int64_t year_of(base::Instant time, seconds offset) {
  return int{std::chrono::year_month_day{local_date(time, offset)}.year()};
}

std::int64_t month_of(base::Instant time, seconds offset) {
  const std::chrono::year_month_day date{local_date(time, offset)};
  return std::int64_t{int{date.year()}} * 12 + unsigned{date.month()};
}

struct CalendarRule {
  std::optional<std::uint64_t> RetentionRules::*count;
  Reason reason;
  BucketOf bucket_of;
};

constexpr std::array kCalendarRules{
    CalendarRule{&RetentionRules::keep_hourly, Reason::hourly, hour_of},
    CalendarRule{&RetentionRules::keep_daily, Reason::daily, day_of},
    CalendarRule{&RetentionRules::keep_weekly, Reason::weekly, week_of},
    CalendarRule{&RetentionRules::keep_monthly, Reason::monthly, month_of},
    CalendarRule{&RetentionRules::keep_yearly, Reason::yearly, year_of},
};

bool any_rule(const RetentionRules& rules) {
  return rules.keep_last || rules.keep_within ||
         std::any_of(kCalendarRules.begin(), kCalendarRules.end(),
                     [&](const CalendarRule& rule) { return (rules.*rule.count).has_value(); });
}

bool all_zero(const RetentionRules& rules) {
  return rules.keep_last.value_or(0) == 0 &&
         rules.keep_within.value_or(base::Duration{}) <= base::Duration{} &&
         std::all_of(kCalendarRules.begin(), kCalendarRules.end(), [&](const CalendarRule& rule) {
           return (rules.*rule.count).value_or(0) == 0;
         });
}

// The plan while it is made. Points are known by their place in the series.
class Draft {
 public:
  Draft(const std::vector<SeriesPoint>& series, base::Instant now)
      : series_(series), now_(now), verdicts_(series.size()) {
    std::vector<std::size_t> places(series.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    std::copy_if(places.begin(), places.end(), std::back_inserter(newest_first_),
                 [&](std::size_t place) { return series[place].time <= now; });
    std::sort(newest_first_.begin(), newest_first_.end(), [&](std::size_t left, std::size_t right) {
      return std::tie(series[left].time, series[left].id) >
             std::tie(series[right].time, series[right].id);
    });
  }

  void keep_last(std::uint64_t count) {
    std::vector<std::int64_t> buckets(series_.size());
    std::int64_t rank = 0;
    for (const std::size_t place : newest_first_) buckets[place] = --rank;
    keep_buckets(count, Reason::last, buckets);
  }

  void keep_calendar(std::uint64_t count, const CalendarRule& rule, const TimeZone& zone) {
    std::vector<std::int64_t> buckets(series_.size());
    for (const std::size_t place : newest_first_) {
      const base::Instant time = series_[place].time;
      buckets[place] = rule.bucket_of(time, zone.offset_at(time));
    }
    keep_buckets(count, rule.reason, buckets);
  }

  void keep_within(base::Duration duration) {
    for (const std::size_t place : newest_first_) {
      if (series_[place].time >= now_ - duration) keep(place, Reason::within);
    }
  }

  // The newest complete point, and the newest of all if that is another one.
  void keep_newest() {
    for (const std::size_t place : newest_first_) {
      if (series_[place].complete) return keep(place, Reason::newest_complete);
      if (place == newest_first_.front()) keep(place, Reason::awaits_complete);
    }
  }

  void keep_young(base::Duration minimum_age) {
    for (const std::size_t place : newest_first_) {
      if (series_[place].time > now_ - minimum_age) keep(place, Reason::minimum_age);
    }
  }

  void keep_held_and_future() {
    for (std::size_t place = 0; place < series_.size(); ++place) {
      if (series_[place].held) keep(place, Reason::hold);
      if (series_[place].time > now_) keep(place, Reason::future);
    }
  }

  void keep_all() {
    for (const std::size_t place : newest_first_) keep(place, Reason::no_rules);
  }

  std::vector<Verdict> finish() {
    for (std::size_t place = 0; place < series_.size(); ++place) {
      Verdict& verdict = verdicts_[place];
      verdict.id = series_[place].id;
      verdict.keep = !verdict.reasons.empty();
      if (!verdict.keep) verdict.reasons.push_back(Reason::expired);
    }
    return std::move(verdicts_);
  }

 private:
  struct Bucket {
    std::optional<std::size_t> complete;
    std::optional<std::size_t> incomplete;
  };

  void keep(std::size_t place, Reason reason) { verdicts_[place].reasons.push_back(reason); }

  // `numbers`: the bucket of each point. A date can come back after the next one has begun, where
  // clocks are set back across midnight, so points of one bucket need not be neighbours.
  void keep_buckets(std::uint64_t count, Reason reason, const std::vector<std::int64_t>& numbers) {
    std::map<std::int64_t, Bucket, std::greater<>> buckets;
    for (const std::size_t place : newest_first_) {
      Bucket& bucket = buckets[numbers[place]];
      auto& newest = series_[place].complete ? bucket.complete : bucket.incomplete;
      if (!newest) newest = place;
    }
    std::uint64_t complete = 0;
    std::uint64_t incomplete = 0;
    for (const auto& [number, bucket] : buckets) {
      if (complete == count) break;
      if (bucket.complete) {
        keep(*bucket.complete, reason);
        ++complete;
      } else if (incomplete < count) {
        keep(*bucket.incomplete, reason);
        ++incomplete;
      }
    }
  }

  const std::vector<SeriesPoint>& series_;
  base::Instant now_;
  std::vector<std::size_t> newest_first_;  // without those dated after `now`
  std::vector<Verdict> verdicts_;
};

}  // namespace

std::string_view name(Reason reason) {
  switch (reason) {
    case Reason::last:
      return "last";
    case Reason::hourly:
      return "hourly";
    case Reason::daily:
      return "daily";
    case Reason::weekly:
      return "weekly";
    case Reason::monthly:
      return "monthly";
    case Reason::yearly:
      return "yearly";
    case Reason::within:
      return "within";
    case Reason::newest_complete:
      return "newest-complete";
    case Reason::awaits_complete:
      return "awaits-complete";
    case Reason::minimum_age:
      return "minimum-age";
    case Reason::hold:
      return "hold";
    case Reason::future:
      return "future";
    case Reason::no_rules:
      return "no-rules";
    case Reason::expired:
      return "expired";
  }
  return "";
}

RetentionPlan plan_retention(const std::vector<SeriesPoint>& series, const RetentionRules& rules,
                             base::Instant now) {
  const TimeZone zone{rules.time_zone};
  const bool configured = any_rule(rules);
  Draft draft{series, now};
  if (rules.keep_last) draft.keep_last(*rules.keep_last);
  for (const CalendarRule& rule : kCalendarRules) {
    if (const auto& count = rules.*rule.count) draft.keep_calendar(*count, rule, zone);
  }
  if (rules.keep_within) draft.keep_within(*rules.keep_within);
  draft.keep_newest();
  draft.keep_young(rules.minimum_age);
  draft.keep_held_and_future();
  if (!configured) draft.keep_all();
  return {draft.finish(), configured && all_zero(rules)};
}

RetentionSummary summarize(const std::vector<RetentionPlan>& plans) {
  RetentionSummary summary;
  bool by_empty_rules = false;
  for (const RetentionPlan& plan : plans) {
    const auto removed = static_cast<std::uint64_t>(
        std::count_if(plan.verdicts.begin(), plan.verdicts.end(),
                      [](const Verdict& verdict) { return !verdict.keep; }));
    ++summary.mailboxes;
    summary.points += plan.verdicts.size();
    summary.removed += removed;
    if (plan.rules_keep_nothing && removed > 0) by_empty_rules = true;
  }
  const std::string of_all =
      base::text(summary.removed, " of ", summary.points, " restore points would be removed");
  if (by_empty_rules) {
    summary.confirmation =
        base::text("the retention rules are all zero and keep nothing: ", of_all);
  } else if (summary.removed * 100 > summary.points * kConfirmationPercent) {
    summary.confirmation =
        base::text(of_all, ", which is more than ", kConfirmationPercent, " % at once");
  }
  return summary;
}

}  // namespace schedules
