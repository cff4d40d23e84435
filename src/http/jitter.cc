#include "src/http/jitter.h"

#include "src/base/bytes.h"
#include "src/base/random.h"

#include <array>

namespace http {

Jitter::Jitter() : state_(0) {
  std::array<std::byte, 8> seed{};
  base::fill_random(seed);
  state_ = base::load_le<std::uint64_t>(seed.data());
}

// SplitMix64 (Steele, Lea, Flood 2014): good enough to spread waits, and one atomic addition long.
double Jitter::next() {
  constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15;
  std::uint64_t mixed = state_.fetch_add(kStep, std::memory_order_relaxed) + kStep;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  mixed ^= mixed >> 31;
  return static_cast<double>(mixed >> 11) / 9007199254740992.0;  // 2^53
}

}  // namespace http
