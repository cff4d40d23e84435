#include "store/internal/index_place.h"

#include "src/base/bytes.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/text.h"
#include "store/index.h"

#include <fstream>
#include <system_error>

namespace store {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAsideSuffix = ".set-aside";

std::filesystem::path aside_path(const std::filesystem::path& path) {
  std::filesystem::path aside = path;
  aside += kAsideSuffix;
  return aside;
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

void make_index_directory(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!error) std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  if (error) throw base::system_error(base::text("making '", path.string(), "'"), error.value());
}

void mark_damaged(const std::filesystem::path& path) {
  const std::ofstream mark{path / kDamagedName};  // without it, the damage shows again
}

void check_not_damaged(const std::filesystem::path& path) {
  std::error_code error;
  if (!fs::exists(path / kDamagedName, error)) return;
  throw base::Error{base::ErrorKind::corrupt,
                    base::text("index '", path.string(), "' was damaged when it was used last")};
}

std::string manifest_state(const std::filesystem::path& path) {
  try {
    std::string name{base::as_text(base::read_file(path / "CURRENT"))};
    while (name.ends_with('\n')) name.pop_back();
    std::error_code error;
    const std::uintmax_t size = fs::file_size(path / name, error);
    return error ? name : base::text(name, " ", size);
  } catch (const base::Error&) {
    return {};  // RocksDB says what is the matter
  }
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
