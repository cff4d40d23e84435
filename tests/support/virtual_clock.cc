#include "tests/support/virtual_clock.h"

namespace test {

base::Instant VirtualClock::now() const {
  std::lock_guard lock{mutex_};
  return now_;
}

base::Duration VirtualClock::monotonic() const {
  std::lock_guard lock{mutex_};
  return now_ - start_ - set_by_;
}

void VirtualClock::sleep_for(base::Duration duration, std::stop_token stop) {
  if (duration <= base::Duration{0} || stop.stop_requested()) return;
  std::lock_guard lock{mutex_};
  now_ += duration;
  slept_ += duration;
}

void VirtualClock::advance(base::Duration duration) {
  std::lock_guard lock{mutex_};
  now_ += duration;
}

void VirtualClock::set(base::Instant instant) {
  std::lock_guard lock{mutex_};
  set_by_ += instant - now_;
  now_ = instant;
}

base::Duration VirtualClock::slept() const {
  std::lock_guard lock{mutex_};
  return slept_;
}

}  // namespace test
