// The trash of a store in a directory, and the reserve: space that a full disk still gives.
#pragma once

#include "src/base/file.h"
#include "store/internal/local_directories.h"

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

namespace store {

// Below `trash/` a batch is a directory of 16 digits; objects lie in it side by side. Whatever else
// may lie there, nothing outside the store is read, moved or removed.
class LocalTrash {
 public:
  // The directories outlive it.
  explicit LocalTrash(const LocalDirectories& directories) : directories_(directories) {}

  // Moves what has the object's name there, durably. Nothing happens if there is nothing.
  void take(std::string_view name, std::uint64_t batch) const;
  // The object's file in whatever batch; not open if it is in none.
  [[nodiscard]] base::FileHandle open(std::string_view name) const;
  // Ascending.
  [[nodiscard]] std::vector<std::uint64_t> batches() const;
  // Removes a batch for good, with whatever lies in it; the bytes that it had, as far as they can
  // be told. What cannot be removed keeps nothing else from going; then Error(disk).
  std::uint64_t empty(std::uint64_t batch) const;

 private:
  const LocalDirectories& directories_;
};

class LocalReserve {
 public:
  // The directories outlive it.
  explicit LocalReserve(const LocalDirectories& directories) : directories_(directories) {}

  // Makes it, or makes it larger, unless the file system is short of space. It is a comfort: where
  // it cannot be had there is a warning, and the store works without.
  void keep(std::uint64_t size_bytes) const;
  void release() const;
  // The same of what is left, however little that is.
  void regain(std::uint64_t size_bytes) const;

  static constexpr const char* kFileName = "reserve";

 private:
  [[nodiscard]] std::filesystem::path path() const { return directories_.path_of(kFileName); }
  [[nodiscard]] base::FileHandle open_root() const;
  void allocate(const base::FileHandle& root, std::uint64_t size_bytes) const;

  const LocalDirectories& directories_;
};

// What the file system at `path` still gives to us.
std::uint64_t free_bytes_at(const std::filesystem::path& path);

}  // namespace store
