// Which restore points of a mailbox are kept, and why. Pure: the same arguments, the same plan;
// nothing is removed here.
#pragma once

#include "src/base/clock.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace schedules {

// One restore point of a series: all restore points of one mailbox, whose identity is its id, not
// its address. Ids are unique in a series.
struct SeriesPoint {
  std::string id;
  base::Instant time;
  bool complete = true;
  bool held = false;
};

// A rule that is absent keeps nothing; so does one that is zero. The union of all rules is kept.
struct RetentionRules {
  std::optional<std::uint64_t> keep_last{};
  std::optional<std::uint64_t> keep_hourly{};
  std::optional<std::uint64_t> keep_daily{};
  std::optional<std::uint64_t> keep_weekly{};  // ISO weeks: Monday to Sunday
  std::optional<std::uint64_t> keep_monthly{};
  std::optional<std::uint64_t> keep_yearly{};
  std::optional<base::Duration> keep_within{};  // the point of exactly that age included
  base::Duration minimum_age{};                 // no rule: a floor below which nothing is removed
  std::string time_zone = "UTC";                // where days, weeks, months and years begin
};

// Why a restore point is kept, or that it is not. Reasons are told in this order.
enum class Reason : std::uint8_t {
  last,
  hourly,
  daily,
  weekly,
  monthly,
  yearly,
  within,
  newest_complete,  // what a restore falls back on, however old it is
  awaits_complete,  // incomplete, and the newest there is
  minimum_age,      // younger than the minimum age
  hold,
  future,    // dated after `now`
  no_rules,  // nothing is configured that would remove anything
  expired,   // the only reason of a point that is to be removed: none of the others applies
};

// The name in records, which scripts rely on: the enumerator with hyphens ("newest-complete").
std::string_view name(Reason reason);

struct Verdict {
  std::string id;
  bool keep = false;
  std::vector<Reason> reasons;  // never empty

  bool operator==(const Verdict&) const = default;
};

struct RetentionPlan {
  std::vector<Verdict> verdicts;    // one per point, in the order of the series
  bool rules_keep_nothing = false;  // there are rules, and all of them are zero
};

// - A counting rule divides time into buckets (keep_last: one a point) and keeps one point of each
//   of the newest `count` buckets. Buckets without a point do not count, so what is old stays until
//   something newer takes its place. An hour is one that elapses and begins when the zone's clocks
//   show a full hour; where they are set back, the hour they repeat is another one.
// - The newest complete point of a bucket represents it. A bucket of incomplete points only is
//   represented by the newest of them and counted apart: a run of failed nights never displaces
//   complete points, yet the partial ones among the complete are not lost, being all there is of
//   their day. Such buckets are kept no further back than the oldest complete one the rule keeps,
//   and no more than `count` of them.
// - The newest complete point is kept whatever the rules say, and so is the newest point of all:
//   backups go on from it. Other incomplete ones go by the rules: a mailbox in which one item
//   always fails has no complete point any more, and would otherwise never let one go.
// - Holds and the minimum age beat all rules.
// - Points dated after `now` are kept, represent no bucket and change no other verdict.
// - Without any rule everything is kept.
//
// Raising a count or a duration never removes more. Planning again at the same `now` over what a
// plan keeps removes nothing. Error(usage) for an unknown time zone.
RetentionPlan plan_retention(const std::vector<SeriesPoint>& series, const RetentionRules& rules,
                             base::Instant now);

// More than this share of the restore points removed at once needs an operator's word.
inline constexpr std::uint64_t kConfirmationPercent = 20;

struct RetentionSummary {
  std::uint64_t mailboxes = 0;
  std::uint64_t points = 0;
  std::uint64_t removed = 0;
  // Why an operator has to agree before anything is removed; empty if nobody has to.
  std::string confirmation;

  bool operator==(const RetentionSummary&) const = default;
};

// Of all mailboxes of one policy: a mistake in a small policy must not hide among the mailboxes of
// a large one. An operator has to agree where more than kConfirmationPercent would go, or where
// anything would go by rules that keep nothing.
RetentionSummary summarize(const std::vector<RetentionPlan>& plans);

}  // namespace schedules
