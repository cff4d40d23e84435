// How much a store sets aside, so that a full disk does not keep prune from freeing space.
#pragma once

#include <algorithm>
#include <cstdint>

namespace store {

inline constexpr std::uint64_t kMostReserve = std::uint64_t{64} << 20;

// A share of what is stored, because a large store needs more for it; an empty one has its first
// backup to come, which may fill the disk.
constexpr std::uint64_t reserve_size(std::uint64_t stored_bytes) {
  constexpr std::uint64_t kShare = 16;
  constexpr std::uint64_t kLeast = std::uint64_t{1} << 20;
  return std::clamp(stored_bytes / kShare, kLeast, kMostReserve);
}

}  // namespace store
