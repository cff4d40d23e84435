// Where a command shows how far it is.
#pragma once

#include "src/jobs/progress.h"

#include <functional>
#include <memory>

namespace cli {

class ProgressDisplay {
 public:
  virtual ~ProgressDisplay() = default;

  // Shown as long as it lives.
  class Shown {
   public:
    virtual ~Shown() = default;
  };
  // `read` is called from another thread, now and then, until the result is dropped; what it looks
  // at outlives that.
  [[nodiscard]] virtual std::unique_ptr<Shown> show(
      std::function<jobs::ProgressReading()> read) = 0;
};

}  // namespace cli
