// A look at the logs of an index (MANIFEST and write-ahead logs) before RocksDB reads them as a
// secondary.
#pragma once

#include <filesystem>

namespace store {

// RocksDB's reader for secondaries never ends at a record that calls itself recyclable in a log
// that is not recycled (seen with 7.8): one flipped bit of a record's type makes every reading
// command hang. Ours never are. Throws Error(corrupt) for such a record. Other damage is RocksDB's
// to find; a tail that is being written is fine.
void check_index_logs(const std::filesystem::path& index);

}  // namespace store
