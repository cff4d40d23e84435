// The directory that an index lies in, and the one that reading it needs besides.
#pragma once

#include "src/base/file.h"

#include <cstdint>
#include <filesystem>

namespace store {

// For our eyes only. Error(disk) or Error(full).
void make_index_directory(const std::filesystem::path& path);

// What Index::move_aside() left there: once the new index is whole, nobody needs it.
void drop_set_aside(const std::filesystem::path& path);

// Of all its files.
std::uint64_t index_bytes(const std::filesystem::path& path);

// A directory that goes with its owner: RocksDB as a reader wants a place of its own. Of those that
// killed processes of this user left, none stays.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  base::FileHandle lock_;  // on the directory: whoever can take it knows that we are gone
};

}  // namespace store
