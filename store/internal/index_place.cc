#include "store/internal/index_place.h"

#include "src/base/error.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "store/index.h"

#include <system_error>

namespace store {
namespace {

constexpr const char* kAsideSuffix = ".set-aside";

std::filesystem::path aside_path(const std::filesystem::path& path) {
  std::filesystem::path aside = path;
  aside += kAsideSuffix;
  return aside;
}

}  // namespace

ScratchDirectory::ScratchDirectory()
    : path_(std::filesystem::temp_directory_path() / ("coffer-index-" + base::new_uuid())) {
  std::filesystem::create_directory(path_);
  std::filesystem::permissions(path_, std::filesystem::perms::owner_all);
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

void Index::move_aside(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, error))) return;
  const std::filesystem::path aside = aside_path(path);
  std::filesystem::remove_all(aside, error);
  if (!error) std::filesystem::rename(path, aside, error);
  if (error) {
    throw base::system_error(base::text("moving the index '", path.string(), "' aside"),
                             error.value());
  }
}

}  // namespace store
