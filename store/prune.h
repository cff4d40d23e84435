// Giving space back: what no restore point names any more is deleted, in steps that can stop
// anywhere.
#pragma once

#include "src/base/clock.h"

#include <cstdint>
#include <string>
#include <vector>

namespace store {

struct PruneOptions {
  bool dry_run = false;  // says what would be done
  // How long deleted packs can still be had from the trash (local stores).
  base::Duration trash_for = std::chrono::hours{72};
  // Deletes only what is wholly dead, writes no pack and empties the trash at once: for a store
  // that is full.
  bool delete_only = false;
};

struct PruneReport {
  std::uint64_t epoch = 0;            // 0: nothing was to be done
  std::vector<std::string> purged;    // ids of restore points that cannot be recalled any more
  std::uint64_t packs_deleted = 0;    // wholly dead
  std::uint64_t packs_rewritten = 0;  // what lived in them was moved to new ones
  std::uint64_t chunks_moved = 0;
  std::uint64_t bytes_deleted = 0;      // of all packs that went
  std::uint64_t bytes_written = 0;      // by the chunks that were moved
  std::uint64_t trash_bytes_freed = 0;  // of earlier deletions whose time has passed, and of this
                                        // one when the trash is emptied at once
  std::uint64_t bytes_left = 0;         // of all packs, with those that were written; a dry run
                                        // does not know these
};

}  // namespace store
