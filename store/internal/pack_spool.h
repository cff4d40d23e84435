// Packs that are being filled, once more in files beside the index: a process that is killed leaves
// there what it had sealed, and the next one stores it.
//
// Nobody relies on it. It outlives a kill, not a power cut, and where it cannot be written, or what
// is left in it not taken in, work goes on without it: one file for each pack that was under way
// when a process ended is all that ever stays.
#pragma once

#include "src/base/file.h"
#include "store/internal/chunk_rescue.h"
#include "store/internal/pack_builder.h"

#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

namespace store {

// The file of one pack. Thread-safe.
class PackSpool {
 public:
  // Nothing is made before the first write.
  PackSpool(const std::filesystem::path& directory, std::shared_ptr<PackBuilder> pack);

  // Writes the records that the pack has completed since the last time. Error(disk), Error(full).
  void write_completed();
  // The pack is published: lets it go, and the file. One that cannot be removed is taken in by the
  // next process, which finds nothing new in it.
  void remove();

 private:
  void write(base::ByteView bytes, std::uint64_t offset);

  std::filesystem::path path_;
  std::mutex mutex_;
  std::shared_ptr<PackBuilder> pack_;  // null once it is published
  base::FileHandle file_;
};

// Where the spool of the index at `index` lies.
std::filesystem::path spool_directory(const std::filesystem::path& index);

// What earlier processes left there; names that a spool would not give are left out.
std::vector<std::filesystem::path> left_spools(const std::filesystem::path& directory);

// Stores the chunks of a file that was left, and removes it if it can. What cannot be read of it is
// no loss. Errors of storing are thrown; the file stays then.
void take_in_spool(const PackSubjects& subjects, const std::filesystem::path& file);

}  // namespace store
