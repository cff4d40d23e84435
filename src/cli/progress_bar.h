// A progress bar on the terminal, drawn by a thread of its own.
#pragma once

#include "src/base/clock.h"
#include "src/cli/progress_display.h"
#include "src/jobs/progress.h"

#include <functional>
#include <memory>

namespace cli {

class ProgressBar final : public ProgressDisplay {
 public:
  // Shows nothing at all unless `enabled`. The clock outlives it.
  ProgressBar(bool enabled, base::Clock& clock) : enabled_(enabled), clock_(clock) {}

  // Drawn a few times a second; then the line is wiped.
  std::unique_ptr<Shown> show(std::function<jobs::ProgressReading()> read) override;

 private:
  bool enabled_;
  base::Clock& clock_;
};

// Whether standard output and standard error are a terminal that can be drawn on.
bool on_a_terminal();

}  // namespace cli
