// A backend that tells how long its disk takes.
#pragma once

#include "src/base/clock.h"
#include "store/backend.h"

#include <functional>
#include <memory>

namespace appliance {

// Told after each object that was written or read; from any thread.
using OnStoreTime = std::function<void(base::Duration)>;

// `backend`, with the time of put_if_absent() and read() told: where nearly all bytes of a store
// pass. What takes less than a tick of the clock is told as none or one, which comes out even over
// many. Promises and errors are those of `backend`. The clock outlives it.
std::unique_ptr<store::Backend> timed(std::unique_ptr<store::Backend> backend, base::Clock& clock,
                                      OnStoreTime on_time);

}  // namespace appliance
