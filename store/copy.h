// Copying to a second store: new packs and restore points, and nothing that was taken away.
//
// The second store is of the same repository: the same keys open it, and packs lie in it as they
// are. Its log, its retention and its prunes are its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace store {

struct CopyOptions {
  // Restore points are committed there in groups: when this much was written for them, or there are
  // this many.
  std::uint64_t group_bytes = std::uint64_t{1} << 30;
  std::size_t group_points = 500;
};

// What was not copied because the first store cannot give it, or the second takes no more of it.
struct CopyProblem {
  std::string snapshot;  // id; empty where it is not about a restore point
  std::string mailbox;   // address; likewise
  std::string message;
};

struct CopyReport {
  bool created = false;         // the second store was made
  std::uint64_t packs = 0;      // copied as they are
  std::uint64_t chunks = 0;     // copied one by one, into packs of the second store
  std::uint64_t bytes = 0;      // written by both, without parity
  std::uint64_t snapshots = 0;  // committed there
  std::uint64_t skipped = 0;    // that the second store has, or has had and let go
  std::uint64_t holds = 0;
  std::vector<CopyProblem> problems;
};

}  // namespace store
