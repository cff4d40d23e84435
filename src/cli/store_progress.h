// The progress bar of work on the store, which counts bytes.
#pragma once

#include "src/cli/commands.h"
#include "store/repository.h"

#include <atomic>
#include <cstdint>
#include <memory>

namespace cli {

// Drawn from now until it is dropped. Thread-safe.
class StoreProgress {
 public:
  explicit StoreProgress(const Context& context)
      : shown_(context.progress.show([this] {
          jobs::ProgressReading reading;
          reading.bytes_done = done_bytes_;
          reading.bytes_total = total_bytes_;
          return reading;
        })) {}

  // For the store; only as long as this lives.
  [[nodiscard]] store::OnProgress listener() {
    return [this](const store::Progress& progress) {
      done_bytes_ = progress.done_bytes;
      total_bytes_ = progress.total_bytes;
    };
  }

 private:
  std::atomic<std::uint64_t> done_bytes_{0};
  std::atomic<std::uint64_t> total_bytes_{0};
  std::unique_ptr<ProgressDisplay::Shown>
      shown_;  // last: it reads the others from a thread of its own
};

}  // namespace cli
