// A look at the logs of an index (MANIFEST and write-ahead logs) before RocksDB reads them.
#pragma once

#include <filesystem>

namespace store {

// To RocksDB (7.8) a record that calls itself recyclable, in a log that is not recycled, is the end
// of the log: one flipped bit of a record's type, and all that comes later is silently not there.
// Ours never are recycled. Throws Error(corrupt) for such a record. Other damage is RocksDB's to
// find; a tail that is being written is fine.
void check_index_logs(const std::filesystem::path& index);

}  // namespace store
