// The hours of the week in which backups may run.
#pragma once

#include "schedules/internal/weekdays.h"
#include "schedules/time_zone.h"
#include "src/base/clock.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace schedules {

// "22:00-06:00" and "Mon..Fri 20:00-06:00": weekdays are those on which a window opens; it may
// close on the next day, at the very hour of its opening at the latest ("00:00-24:00" is a whole
// day). Without any window it is open always.
//
// A window is one stretch of time, whatever the clocks do in it: it opens when they first show the
// one time and closes when they last show the other. Where a time is skipped, it is the moment at
// which it is. Windows that overlap or touch are one.
//
// Immutable. Thread-safe.
class Windows {
 public:
  // Error(usage) says what is wrong at which place, and what to write instead.
  Windows(const std::vector<std::string>& texts, const TimeZone& zone);

  // The moment of closing is outside.
  [[nodiscard]] bool is_open(base::Instant at) const;
  // The first moment after `at` at which something opens that was closed; empty if always open.
  [[nodiscard]] std::optional<base::Instant> next_opening(base::Instant at) const;
  // The first moment after `at` at which what was open closes; empty if always open.
  [[nodiscard]] std::optional<base::Instant> next_closing(base::Instant at) const;
  // The first moment from `at` on that is open: `at` itself if it is.
  [[nodiscard]] base::Instant first_open(base::Instant at) const;

 private:
  struct Window {
    Weekdays weekdays;
    std::chrono::minutes opens{};   // both since the midnight before
    std::chrono::minutes closes{};  // up to two days
  };
  struct Stretch {
    base::Instant opens;
    base::Instant closes;
  };
  static Window parse(const std::string& text);
  // Those that open on these days, the last one included; ordered, and none touches another.
  [[nodiscard]] std::vector<Stretch> stretches(std::chrono::local_days first,
                                               std::chrono::local_days last) const;
  // Those from the days before `at` to some weeks after.
  [[nodiscard]] std::vector<Stretch> stretches_around(base::Instant at) const;

  TimeZone zone_;
  std::vector<Window> windows_;
};

}  // namespace schedules
