#include "src/daemon/systemd.h"

#include "src/base/text.h"

#include <systemd/sd-daemon.h>

#include <ctime>
#include <string>

namespace appliance {
namespace {

// A manager that does not listen is no reason to do anything else.
void notify(const std::string& state) { static_cast<void>(::sd_notify(0, state.c_str())); }

// A line end would begin another assignment.
std::string status_line(std::string_view status) {
  return base::text("STATUS=", base::printable(status));
}

// As sd_notify(3) wants it: of CLOCK_MONOTONIC, which base::Clock does not promise to be.
std::uint64_t monotonic_microseconds() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec) / 1000;
}

}  // namespace

void notify_ready(std::string_view status) { notify(base::text("READY=1\n", status_line(status))); }
void notify_status(std::string_view status) { notify(status_line(status)); }
void notify_reloading() {
  notify(base::text("RELOADING=1\nMONOTONIC_USEC=", monotonic_microseconds()));
}
void notify_stopping(std::string_view status) {
  notify(base::text("STOPPING=1\n", status_line(status)));
}
void notify_alive() { notify("WATCHDOG=1"); }

std::optional<base::Duration> watchdog_interval() {
  std::uint64_t microseconds = 0;
  if (::sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  return std::chrono::duration_cast<base::Duration>(std::chrono::microseconds{microseconds});
}

}  // namespace appliance
