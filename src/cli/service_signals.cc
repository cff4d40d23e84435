#include "src/cli/service_signals.h"

#include <csignal>
#include <ctime>

namespace cli {
namespace {

sigset_t service_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal_number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal_number);
  return set;
}

}  // namespace

ServiceSignals::ServiceSignals() {
  const sigset_t set = service_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A client that goes away while it is written to is no reason to die.
  ::signal(SIGPIPE, SIG_IGN);
}

ServiceSignals::Asked ServiceSignals::wait(base::Duration longest) const {
  const sigset_t set = service_signals();
  const timespec timeout{longest.count() / 1000, longest.count() % 1000 * 1'000'000};
  switch (::sigtimedwait(&set, nullptr, &timeout)) {
    case SIGTERM:
    case SIGINT:
      return Asked::stop;
    case SIGHUP:
      return Asked::reload;
    default:
      return Asked::nothing;  // time is up, or another signal came in between
  }
}

}  // namespace cli
