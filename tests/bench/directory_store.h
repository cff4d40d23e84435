// The store, driven from a directory of files in place of the service: a mailbox is a folder, an
// item is a file in it.
//
// What the service tells of changes, size and time of a file tell here: only what is new or changed
// since the mailbox's newest restore point is read.
#pragma once

#include "tests/bench/measure.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace bench {

struct StorePaths {
  std::filesystem::path store;
  std::filesystem::path index;
};

struct Work {
  Cost cost;                       // from the opened store to the acknowledged end
  std::uint64_t bytes = 0;         // of the streams that were read
  std::uint64_t stored_bytes = 0;  // that they added
};

// Makes the store; its passphrase is fixed, for it guards nothing. Errors of the store, as those of
// all that follow.
void create_store(const StorePaths& paths);

// A restore point of each mailbox, so many mailboxes at a time. With `known_is_read`, files that
// are as they were are read again, too; Error(failed) if one of them is stored again.
Work back_up(const StorePaths& paths, const std::filesystem::path& directory, std::size_t lanes,
             bool known_is_read = false);
// Reads every stream of the newest restore points, proven, and drops it.
Work restore(const StorePaths& paths, std::size_t lanes);
// check --level full. Error(corrupt) if there is damage.
Work check_store(const StorePaths& paths);
// Forgets all but the newest restore point of each mailbox, prunes, and empties the trash; `bytes`
// are those that were freed.
Work prune(const StorePaths& paths);

}  // namespace bench
