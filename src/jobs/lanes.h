// Which jobs may run beside which.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace jobs {

// What a job may run beside. Within a lane jobs run in the order in which they were ordered.
enum class Lane : std::uint8_t {
  backup,     // one at a time: two runs must not meet in a mailbox
  restore,    // several side by side; nothing but an exclusive one holds a restore up
  upkeep,     // one at a time: forget, prune, check, drill, copy
  quick,      // holds: at once
  exclusive,  // alone: makes the index anew, repairs, frees space on a full disk
};
inline constexpr std::size_t kMostRestores = 4;

struct LaneOf {
  std::string id;
  Lane lane = Lane::upkeep;
};

// Which of the waiting jobs may begin now; `waiting` is in the order in which they were ordered. A
// waiting exclusive one lets nothing begin behind it, but for restores and quick ones while it
// waits for others than those, too: they cost it nothing then. Pure.
std::vector<std::string> may_begin(const std::vector<LaneOf>& waiting,
                                   const std::vector<LaneOf>& running);

}  // namespace jobs
