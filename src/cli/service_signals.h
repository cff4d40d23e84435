// The signals of a daemon: SIGTERM and SIGINT end it, SIGHUP has it read its configuration anew.
#pragma once

#include "src/base/clock.h"

#include <cstdint>

namespace cli {

// Blocks them in this thread and in those started after it. To be made before any other thread.
class ServiceSignals {
 public:
  enum class Asked : std::uint8_t { nothing, reload, stop };

  ServiceSignals();
  // The next one, or `nothing` after so long. For one thread.
  [[nodiscard]] Asked wait(base::Duration longest) const;
};

}  // namespace cli
