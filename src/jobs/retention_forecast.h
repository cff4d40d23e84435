// What a policy's rules will remove on the days to come. Pure; an estimate, which says what it
// assumes.
#pragma once

#include "schedules/retention.h"
#include "src/base/clock.h"
#include "src/jobs/retention_job.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace jobs {

struct ForecastSettings {
  schedules::RetentionRules rules;
  // When backups will be made, oldest first, in (from, to]; each is taken to be complete.
  std::function<std::vector<base::Instant>(base::Instant from, base::Instant to)> backups;
  IsHeld is_held;
  std::size_t days = 400;
  // Mailboxes whose restore points are of the same days count as one. Beyond so many different
  // ones, and beyond so many verdicts, the others are left out.
  std::size_t most_patterns = 50;
  std::uint64_t most_verdicts = 2'000'000;
};

struct RetentionForecast {
  std::vector<std::uint64_t> removed;  // today, and on each day after it
  std::uint64_t mailboxes = 0;         // that were followed
  std::uint64_t left_out = 0;          // mailboxes that were not
};

// `series`: as plan_retention() gives them, decided by these rules at `now`.
RetentionForecast forecast_retention(const std::vector<PlannedSeries>& series,
                                     const ForecastSettings& settings, base::Instant now);

}  // namespace jobs
