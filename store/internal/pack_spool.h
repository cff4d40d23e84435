// Packs that are being filled, once more in files beside the index: a process that is killed leaves
// there what it had sealed, and the next one stores it.
//
// Nobody relies on it. It outlives a kill, not a power cut, and where it cannot be written work
// goes on without it.
#pragma once

#include "src/base/file.h"
#include "store/internal/chunk_rescue.h"
#include "store/internal/pack_builder.h"

#include <filesystem>
#include <mutex>
#include <vector>

namespace store {

// The file of one pack. Thread-safe.
class PackSpool {
 public:
  // Nothing is made before the first add().
  explicit PackSpool(const std::filesystem::path& directory);

  // Adds the records that the pack has completed since the last time. Error(disk), Error(full).
  void add(PackBuilder& pack);
  // The pack is published.
  void remove();

 private:
  void write(base::ByteView bytes, std::uint64_t offset);

  std::filesystem::path path_;
  std::mutex mutex_;
  base::FileHandle file_;
  bool removed_ = false;
};

// Where the spool of the index at `index` lies.
std::filesystem::path spool_directory(const std::filesystem::path& index);

// What earlier processes left there; names that a spool would not give are left out.
std::vector<std::filesystem::path> left_spools(const std::filesystem::path& directory);

// Stores the chunks of a file that was left, and removes it. What cannot be read of it is no loss.
// Errors of storing are thrown; the file stays then.
void take_in_spool(const PackSubjects& subjects, const std::filesystem::path& file);

}  // namespace store
