// A clock that moves only when told to, or when somebody sleeps.
#pragma once

#include "src/base/clock.h"

#include <mutex>

namespace test {

// Thread-safe. Sleeping moves the time on at once: tests of waiting take no time.
class VirtualClock final : public base::Clock {
 public:
  explicit VirtualClock(base::Instant start = base::from_milliseconds(1'775'000'000'000))
      : start_(start), now_(start) {}

  [[nodiscard]] base::Instant now() const override;
  [[nodiscard]] base::Duration monotonic() const override;
  void sleep_for(base::Duration duration, std::stop_token stop) override;

  void advance(base::Duration duration);
  // Somebody sets the clock, forward or back; no time passes.
  void set(base::Instant instant);
  // All time spent in sleep_for so far.
  [[nodiscard]] base::Duration slept() const;

 private:
  mutable std::mutex mutex_;
  base::Instant start_;
  base::Instant now_;
  base::Duration set_by_{};
  base::Duration slept_{};
};

}  // namespace test
