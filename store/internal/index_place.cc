#include "store/internal/index_place.h"

#include "src/base/error.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "store/index.h"

#include <cerrno>
#include <fcntl.h>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace store {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAsideSuffix = ".set-aside";
constexpr const char* kScratchPrefix = "coffer-index-";

std::filesystem::path aside_path(const std::filesystem::path& path) {
  std::filesystem::path aside = path;
  aside += kAsideSuffix;
  return aside;
}

// A name as we make them, whole: others may begin their own alike.
bool is_scratch(std::string_view name) {
  if (!name.starts_with(kScratchPrefix)) return false;
  return base::is_uuid(name.substr(std::string_view{kScratchPrefix}.size()));
}

base::FileHandle open_scratch(const fs::path& path) {
  return base::FileHandle{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
}

bool lies_at(const base::FileHandle& directory, const fs::path& path) {
  struct stat opened {};
  struct stat there {};
  return directory.is_open() && ::fstat(directory.get(), &opened) == 0 &&
         ::lstat(path.c_str(), &there) == 0 && opened.st_dev == there.st_dev &&
         opened.st_ino == there.st_ino;
}

bool is_ours(const base::FileHandle& directory) {
  struct stat status {};
  return ::fstat(directory.get(), &status) == 0 && status.st_uid == ::geteuid();
}

void remove_abandoned(const fs::path& temporary) {
  std::error_code ignored;  // whoever comes next tries again
  for (fs::directory_iterator entry{temporary, ignored}; entry != fs::directory_iterator{};
       entry.increment(ignored)) {
    const fs::path path = entry->path();
    if (!is_scratch(path.filename().string())) continue;
    const base::FileHandle lock = open_scratch(path);
    if (!lock.is_open() || !is_ours(lock) || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) continue;
    std::error_code left_to_the_next;
    if (lies_at(lock, path)) fs::remove_all(path, left_to_the_next);
  }
}

// Nothing is lost with an index.
void remove_contents(const fs::path& path) {
  std::error_code error;
  for (fs::directory_iterator entry{path, error}; !error && entry != fs::directory_iterator{};
       entry.increment(error)) {
    fs::remove_all(entry->path(), error);
    if (error) break;
  }
  if (error) {
    throw base::system_error(base::text("emptying the index '", path.string(), "'"), error.value());
  }
}

}  // namespace

ScratchDirectory::ScratchDirectory() {
  const fs::path temporary = fs::temp_directory_path();
  remove_abandoned(temporary);
  do {
    path_ = temporary / (kScratchPrefix + base::new_uuid());
    if (::mkdir(path_.c_str(), S_IRWXU) != 0) {
      throw base::system_error(base::text("making '", path_.string(), "'"), errno);
    }
    lock_ = open_scratch(path_);
    // Where nothing can be locked nobody takes it for abandoned.
    if (lock_.is_open()) static_cast<void>(::flock(lock_.get(), LOCK_EX));
    // Until now somebody may have: then another one is made.
  } while (!lies_at(lock_, path_));
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;  // at worst an empty log stays among the temporary files
  std::filesystem::remove_all(path_, ignored);
}

void make_index_directory(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!error) std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  if (error) throw base::system_error(base::text("making '", path.string(), "'"), error.value());
}

std::uint64_t index_bytes(const std::filesystem::path& path) {
  std::uint64_t total = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{path, error}) {
    // Compaction removes files while we look.
    const std::uintmax_t size = entry.is_regular_file(error) ? entry.file_size(error) : 0;
    if (!error) total += size;
  }
  return total;
}

void drop_set_aside(const std::filesystem::path& path) {
  std::error_code left_to_the_next;  // whoever makes the index anew begins with it
  std::filesystem::remove_all(aside_path(path), left_to_the_next);
}

void Index::move_aside(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, error))) return;
  const std::filesystem::path aside = aside_path(path);
  std::filesystem::remove_all(aside, error);
  if (!error) std::filesystem::rename(path, aside, error);
  if (error == std::errc::device_or_resource_busy) return remove_contents(path);  // a mount point
  if (error) {
    throw base::system_error(base::text("moving the index '", path.string(), "' aside"),
                             error.value());
  }
}

}  // namespace store
