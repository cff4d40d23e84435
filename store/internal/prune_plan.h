// Which packs a prune deletes and which it writes anew: decided from figures alone.
#pragma once

#include "store/index.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace store {

struct PruneCandidate {
  std::uint32_t number = 0;
  PackRow row;
  std::uint64_t live_bytes = 0;  // taken by the records that restore points name
  bool is_leased = false;        // written by work that is not committed yet
  bool has_leases = false;       // such work relies on some of its records
};

struct PrunePlan {
  struct Rules {
    bool delete_only = false;
    bool reserve_used = false;                // the disk was full
    std::optional<std::uint64_t> free_bytes;  // where it is known
    std::uint32_t generation = 1;             // of new packs
    // A pack of which less lives is written anew.
    std::uint32_t least_live_percent = 70;
    // So many packs of one tenant and class below the size are written into one.
    std::uint64_t small_bytes = std::uint64_t{8} << 20;
    std::size_t small_packs = 8;
    // Packs of older keys that one prune writes anew.
    std::size_t most_reencrypted = 16;
  };

  std::vector<PruneCandidate> dead;
  std::vector<PruneCandidate> rewritten;
  std::uint64_t total_bytes = 0;  // of all candidates
  // What is deleted has to give its space back at once, and only what gives back more than it takes
  // is written anew; then there is room for more of it.
  bool short_of_space = false;

  [[nodiscard]] bool empty() const { return dead.empty() && rewritten.empty(); }
  [[nodiscard]] std::vector<PruneCandidate> condemned() const;
  [[nodiscard]] std::vector<std::uint32_t> condemned_numbers() const;
  [[nodiscard]] std::uint64_t condemned_bytes() const;
};

PrunePlan plan_prune(std::vector<PruneCandidate> candidates, const PrunePlan::Rules& rules);

}  // namespace store
