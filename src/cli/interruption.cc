#include "src/cli/interruption.h"

#include <csignal>
#include <pthread.h>
#include <string_view>
#include <unistd.h>

namespace cli {
namespace {

// Wakes the watcher at the end.
constexpr int kWake = SIGUSR2;

// nohup(1) has its reasons.
bool is_ignored(int signal_number) {
  struct sigaction action {};
  return ::sigaction(signal_number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  if (!is_ignored(SIGHUP)) sigaddset(&set, SIGHUP);
  sigaddset(&set, kWake);
  return set;
}

void say(std::string_view text) {
  // Nothing can be done about a terminal that is gone.
  static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));
}

[[noreturn]] void die_of(int signal_number) {
  ::signal(signal_number, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal_number);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  ::raise(signal_number);
  ::_exit(130);
}

}  // namespace

Interruption::Interruption(bool quiet) {
  const sigset_t set = watched_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  watcher_ = std::jthread{[this, quiet] { watch(quiet); }};
}

Interruption::~Interruption() {
  closing_ = true;
  ::pthread_kill(watcher_.native_handle(), kWake);
  watcher_.join();
}

void Interruption::watch(bool quiet) {
  const sigset_t set = watched_signals();
  for (;;) {
    int signal_number = 0;
    if (::sigwait(&set, &signal_number) != 0) continue;
    if (closing_) return;
    if (signal_number == kWake) continue;
    if (source_.stop_requested()) die_of(signal_number);
    if (!quiet) say("\ncoffer: stopping at the next safe point; once more kills\n");
    source_.request_stop();
  }
}

}  // namespace cli
