// The random part of waits, so that clients that failed together do not come back together.
#pragma once

#include <atomic>
#include <cstdint>

namespace http {

// Thread-safe.
class Jitter {
 public:
  // From the kernel's randomness.
  Jitter();
  // The same numbers for the same seed, for simulations.
  explicit Jitter(std::uint64_t seed) : state_(seed) {}

  // Uniform in [0, 1).
  double next();

 private:
  std::atomic<std::uint64_t> state_;
};

}  // namespace http
