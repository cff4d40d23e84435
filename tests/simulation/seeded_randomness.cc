#include "tests/simulation/seeded_randomness.h"

#include <cstddef>
#include <mutex>
#include <sys/random.h>

namespace {

constinit std::mutex mutex;
constinit std::uint64_t state = 0;

// SplitMix64.
std::uint64_t next() {
  std::uint64_t mixed = state += 0x9e3779b97f4a7c15;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

}  // namespace

// In place of the C library's.
extern "C" ssize_t getrandom(void* buffer, std::size_t size, unsigned /*flags*/) {
  const std::lock_guard lock{mutex};
  auto* octets = static_cast<unsigned char*>(buffer);
  for (std::size_t i = 0; i < size; ++i) octets[i] = static_cast<unsigned char>(next());
  return static_cast<ssize_t>(size);
}

namespace simulation {

void seed_randomness(std::uint64_t seed) {
  const std::lock_guard lock{mutex};
  state = seed;
}

}  // namespace simulation
