// When a policy's backups run: what is due, and what comes next. Pure: the clock and what was
// served are the caller's.
#pragma once

#include "schedules/calendar_event.h"
#include "schedules/window.h"
#include "src/base/clock.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace schedules {

struct RunRules {
  std::vector<CalendarEvent> schedule;  // without any, the policy never runs by itself
  Windows windows;
  base::Duration jitter{};
  // What tells this policy's starts from others': its name and the store's id.
  std::string key;
};

// An occurrence of the schedule is started once, at its start: the occurrence, moved on by a part
// of the jitter that is the same whoever computes it, and then to the next open window.
struct DueRun {
  base::Instant occurrence;
  // Starts that passed before this one without being served, counted up to kMostCounted. All
  // occurrences that wait for one opening of a window have one start.
  std::uint64_t missed = 0;
  std::optional<base::Instant> window_closes;  // empty: never
};

struct NextRun {
  base::Instant occurrence;  // the newest that will be due at that start
  base::Instant start;       // never before now
  std::optional<base::Instant> window_closes;
};

struct RunPlan {
  std::optional<DueRun> due;    // to be started now
  std::optional<NextRun> next;  // what comes after `due`; empty if nothing ever does
  // To be persisted now, and `due->occurrence` in its place once that run has begun.
  base::Instant served_through;
  // The clock had been wrong: occurrences after now were noted as served, and no longer are.
  bool clock_set_back = false;
};

inline constexpr std::uint64_t kMostCounted = 1000;
// Clocks that are this wrong were set wrong: what they said is forgotten.
inline constexpr base::Duration kMostSetBack = std::chrono::days{1};

// `served_through`: what the plan before said, or what was served since; empty for a policy that
// was never planned: it waits for the next occurrence after `now`.
//
// - What was missed is caught up once: of all that should have started by now, the newest is due.
// - Outside the windows nothing is due.
// - A clock that goes back runs nothing twice: what was served stays served, and the next run is
//   the first occurrence after it. Only where that is more than kMostSetBack ahead of now, the
//   policy starts anew; else a clock that was once set to another century would end its backups.
RunPlan plan_runs(const RunRules& rules, std::optional<base::Instant> served_through,
                  base::Instant now);

// How much later than its occurrence a run starts: at least nothing, less than `span`, evenly
// spread over keys and occurrences, and always the same for the same arguments.
base::Duration jitter_offset(std::string_view key, base::Instant occurrence, base::Duration span);

}  // namespace schedules
