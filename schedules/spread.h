// Spreading mailboxes over slots, and over a run, so that each keeps its place whatever others come
// and go. Decided by digests of the ids alone: the same on every machine, in every process.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace schedules {

// Highest random weight: evenly spread, and of n + 1 slots the new one takes its share from all
// others, while nothing moves between those. From 0 to `slots` - 1; there is at least one.
std::size_t slot_of(std::string_view id, std::size_t slots);

// The ids in the order of their digests: two of them never change places, and the place of one in a
// run is about the same share of the whole each time.
std::vector<std::string> spread_order(std::vector<std::string> ids);

}  // namespace schedules
