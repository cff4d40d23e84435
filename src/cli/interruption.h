// Ctrl-C, SIGTERM and SIGHUP (a terminal that goes away): the first asks to stop at the next safe
// point, the second kills.
#pragma once

#include <atomic>
#include <stop_token>
#include <thread>

namespace cli {

// Blocks these signals in this thread and in those started after it, and waits for them in a thread
// of its own. To be made before any other thread.
class Interruption {
 public:
  explicit Interruption(bool quiet);
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  void watch(bool quiet);

  std::stop_source source_;
  std::atomic<bool> closing_{false};
  std::jthread watcher_;
};

}  // namespace cli
