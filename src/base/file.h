// Files: whole reads, durable writes, and the descriptors in between. Error(disk) or Error(full)
// names the path.
#pragma once

#include "src/base/bytes.h"
#include "src/base/secret.h"

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <sys/types.h>
#include <utility>

namespace base {

// Owns a file descriptor.
class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int descriptor) : descriptor_(descriptor) {}
  ~FileHandle();
  FileHandle(FileHandle&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileHandle& operator=(FileHandle&& other) noexcept;

  [[nodiscard]] int get() const { return descriptor_; }
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

// `flags` as for open(2); O_CLOEXEC is added.
FileHandle open_file(const std::filesystem::path& path, int flags, mode_t mode = 0600);
// Error(not_found) if there is no such file; Error(usage) for what is no regular file, and for one
// that is larger than `most_bytes`.
Bytes read_file(const std::filesystem::path& path,
                std::size_t most_bytes = std::numeric_limits<std::size_t>::max() - 1);
// Writes all of `bytes` at the descriptor's position, resuming short writes.
void write_all(const FileHandle& file, ByteView bytes, const std::filesystem::path& path);
// Replaces the file in one step: temporary name beside it, fdatasync, rename, directory fsync.
void replace_file(const std::filesystem::path& path, ByteView bytes, mode_t mode = 0600);
void sync_file(const FileHandle& file, const std::filesystem::path& path);
void sync_directory(const std::filesystem::path& directory);

// A secret from a file that nobody but its owner (or a systemd credential directory) can read; a
// trailing newline is dropped. Error(usage) names the file and the remedy.
Secret read_secret_file(const std::filesystem::path& path);

}  // namespace base
