// A progress bar on the terminal, drawn by a thread of its own.
#pragma once

#include "src/base/clock.h"
#include "src/jobs/progress.h"

#include <functional>
#include <thread>

namespace cli {

class ProgressBar {
 public:
  // Calls `read` a few times a second until destroyed; then the line is wiped. Does nothing at all
  // unless `enabled`. `clock` and what `read` looks at outlive it.
  ProgressBar(bool enabled, base::Clock& clock, std::function<jobs::ProgressReading()> read);

 private:
  // Last, so that it is joined before anything else goes.
  std::jthread drawer_;
};

// Whether standard output and standard error are a terminal that can be drawn on.
bool on_a_terminal();

}  // namespace cli
