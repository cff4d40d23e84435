// What a seed decides.
#pragma once

#include <cstdint>
#include <random>

namespace simulation {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  // 0 to `count` - 1. The same with every standard library, which its distributions are not.
  std::uint64_t below(std::uint64_t count) { return engine_() % count; }
  bool one_in(std::uint64_t count) { return below(count) == 0; }
  template <typename Container>
  auto& one_of(Container& container) {
    return container[below(container.size())];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace simulation
