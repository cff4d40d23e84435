// Spreading mailboxes over a run, so that each keeps its place whatever others come and go.
#pragma once

#include <cstdint>
#include <string_view>

namespace schedules {

// Where the mailbox stands among all: by a digest of its id alone (rendezvous hashing), the same on
// every machine, in every process and release. Neighbours by name, which often are neighbours in
// the service, end up far from each other.
std::uint64_t spread_place(std::string_view id);

}  // namespace schedules
