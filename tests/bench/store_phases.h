// The store under measurement: each phase as a function that runs in a process of its own, so that
// nothing of one shows in the figures of another.
#pragma once

#include "tests/bench/measure.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace bench {

struct StorePaths {
  std::filesystem::path store;
  std::filesystem::path index;
};

struct PhaseResult {
  Cost cost;                // from the opened store to the acknowledged end
  std::uint64_t bytes = 0;  // of streams
  std::uint64_t stored_bytes = 0;
};

// Makes the store; its passphrase is fixed, for it guards nothing.
void create_store(const StorePaths& paths);
// Puts each stream of the corpus in, a snapshot a mailbox, by one thread; known data is looked up
// and not stored again.
PhaseResult ingest(const StorePaths& paths, const std::filesystem::path& corpus);
// Reads every stream of the newest snapshots, proven, and drops it.
PhaseResult restore(const StorePaths& paths);
// check --level full; throws if there is damage.
PhaseResult check_store(const StorePaths& paths);

}  // namespace bench
