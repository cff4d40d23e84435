#include "tests/simulator/random.h"

#include <cmath>
#include <numbers>

namespace simulator {

std::uint64_t mix(std::initializer_list<std::uint64_t> parts) {
  std::uint64_t state = 0x51ed270b0a1f39c1u;
  for (const std::uint64_t part : parts) {
    state = Random{state ^ part}.next();
  }
  return state;
}

std::uint64_t mix_text(std::string_view text) {
  std::uint64_t state = 0xcbf29ce484222325u;
  for (const char c : text) {
    state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
  return Random{state}.next();
}

double Random::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - unit()));
  return radius * std::cos(2.0 * std::numbers::pi * unit());
}

}  // namespace simulator
