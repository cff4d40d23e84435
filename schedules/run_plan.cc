#include "schedules/run_plan.h"

#include "src/base/bytes.h"
#include "src/base/digest.h"
#include "src/base/text.h"

#include <algorithm>

namespace schedules {
namespace {

using base::Instant;

class Planner {
 public:
  explicit Planner(const RunRules& rules) : rules_(rules) {}

  // Of all events of the schedule.
  [[nodiscard]] std::optional<Instant> occurrence_after(Instant after) const {
    std::optional<Instant> earliest;
    for (const CalendarEvent& event : rules_.schedule) {
      const auto next = event.next(after);
      if (next && (!earliest || *next < *earliest)) earliest = next;
    }
    return earliest;
  }

  // Before any window is looked at. Never as late as the next occurrence, however long the jitter:
  // starts have the order of their occurrences.
  [[nodiscard]] Instant start_of(Instant occurrence) const {
    base::Duration span = rules_.jitter;
    if (span <= base::Duration{}) return occurrence;
    if (const auto next = occurrence_after(occurrence)) {
      span = std::min(span, *next - occurrence);
    }
    return occurrence + jitter_offset(rules_.key, occurrence, span);
  }

  // The newest occurrence after `served` whose start has come by then.
  [[nodiscard]] std::optional<Instant> newest_started(Instant served, Instant by) const {
    const auto newest = newest_occurrence(served, by);
    if (!newest || start_of(*newest) <= by) return newest;
    // The one before it has started, as every start comes before the next occurrence.
    return newest_occurrence(served, *newest - base::Duration{1});
  }

  [[nodiscard]] std::uint64_t missed(Instant served, Instant due) const {
    std::uint64_t count = 0;
    for (; count < kMostCounted; ++count) {
      const auto older = occurrence_after(served);
      if (!older || *older >= due) break;
      const Instant start = start_of(*older);
      const Instant opening = rules_.windows.first_open(start);
      // All that wait for one opening are served by the newest of them.
      served = opening == start ? *older : newest_started(served, opening).value_or(*older);
      if (served >= due) break;
    }
    return count;
  }

  [[nodiscard]] std::optional<NextRun> next_run(Instant served, Instant now) const {
    const auto first = occurrence_after(served);
    if (!first) return std::nullopt;
    const Instant start = rules_.windows.first_open(std::max(start_of(*first), now));
    return NextRun{newest_started(served, start).value_or(*first), start,
                   rules_.windows.next_closing(start)};
  }

 private:
  // The newest occurrence in (served, by]. Its cost grows with the logarithm of their distance.
  [[nodiscard]] std::optional<Instant> newest_occurrence(Instant served, Instant by) const {
    const auto elapses_after = [&](Instant moment) {
      const auto next = occurrence_after(moment);
      return next && *next <= by;
    };
    if (served >= by || !elapses_after(served)) return std::nullopt;
    Instant early = served;  // something elapses after it, nothing after `late`
    Instant late = by;
    for (base::Duration back = std::chrono::minutes{1}; back < by - served; back *= 2) {
      if (elapses_after(by - back)) {
        early = by - back;
        break;
      }
      late = by - back;
    }
    while (late - early > base::Duration{1}) {
      const Instant middle = early + (late - early) / 2;
      (elapses_after(middle) ? early : late) = middle;
    }
    return late;
  }

  const RunRules& rules_;
};

}  // namespace

RunPlan plan_runs(const RunRules& rules, std::optional<Instant> served_through, Instant now) {
  const Planner planner{rules};
  RunPlan plan;
  plan.clock_set_back = served_through && *served_through - now > kMostSetBack;
  plan.served_through = plan.clock_set_back ? now : served_through.value_or(now);
  const Instant served = plan.served_through;
  Instant planned = served;
  const auto started = planner.newest_started(served, now);
  if (started && rules.windows.is_open(now)) {
    plan.due = DueRun{*started, planner.missed(served, *started), rules.windows.next_closing(now)};
    planned = *started;
  }
  plan.next = planner.next_run(planned, now);
  return plan;
}

base::Duration jitter_offset(std::string_view key, Instant occurrence, base::Duration span) {
  if (span <= base::Duration{}) return base::Duration{};
  const std::string seed = base::text(key, '\0', base::to_milliseconds(occurrence));
  const auto number =
      base::load_le<std::uint64_t>(base::sha256(base::as_bytes(seed)).view().data());
  const auto choices = static_cast<std::uint64_t>(span.count());
  return base::Duration{static_cast<std::int64_t>(number % choices)};
}

}  // namespace schedules
