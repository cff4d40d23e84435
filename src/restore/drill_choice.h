// Which items a drill restores. Pure: the same restore points and the same seed give the same
// items.
//
// Mailboxes take turns in random order until there are enough. A turn is one item of any restore
// point of the mailbox, each as likely as another, none twice. For a backup is owed to every
// mailbox: if all items were alike, the largest mailbox would be drilled every night and a small
// one once in years. That no byte is left out is what `check --level full` is for.
#pragma once

#include "store/snapshot.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace restore {

// Items of one restore point.
struct DrillChoice {
  std::size_t point = 0;              // its index
  std::vector<std::uint64_t> places;  // of the items in key order, from 0, ascending
};

// `count` items, or all where there are fewer; in the order of the points.
std::vector<DrillChoice> choose_for_drill(std::span<const store::Snapshot> points,
                                          std::uint64_t count, std::uint32_t seed);

}  // namespace restore
