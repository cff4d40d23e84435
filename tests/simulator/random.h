// Randomness that is the same on every run: everything in the simulated tenant grows from one seed.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace simulator {

// One number out of several; a different order gives a different number.
std::uint64_t mix(std::initializer_list<std::uint64_t> parts);
// A number for a text, stable across runs and machines.
std::uint64_t mix_text(std::string_view text);

// SplitMix64: small, fast, and good enough for test data. Not for secrets.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  // 0 up to, and without, `bound`, which is at least 1.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  // 0 up to, and without, 1.
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  bool chance(double probability) { return unit() < probability; }
  // Standard normal distribution.
  double normal();

 private:
  std::uint64_t state_;
};

}  // namespace simulator
