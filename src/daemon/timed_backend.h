// How long the store's disk was waited for.
#pragma once

#include "src/base/clock.h"
#include "src/base/synchronized.h"
#include "store/backend.h"

#include <cstddef>
#include <memory>

namespace appliance {

// The time during which at least one read or write was under way: of all that a process does
// together. Thread-safe; the clock outlives it.
class StoreTimer {
 public:
  explicit StoreTimer(const base::Clock& clock) : clock_(clock) {}

  void begin();
  void end();
  [[nodiscard]] base::Duration so_far() const;

 private:
  struct State {
    std::size_t under_way = 0;
    base::Duration since{};
    base::Duration ended{};
  };
  const base::Clock& clock_;
  base::Synchronized<State> state_;
};

// `backend`, with put_if_absent() and read() timed, by which nearly all bytes of a store pass.
// Promises and errors are those of `backend`. The timer outlives it.
std::unique_ptr<store::Backend> timed(std::unique_ptr<store::Backend> backend, StoreTimer& timer);

}  // namespace appliance
