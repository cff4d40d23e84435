#include "store/internal/local_trash.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fcntl.h>
#include <optional>
#include <string>
#include <sys/statvfs.h>
#include <system_error>
#include <unistd.h>

namespace store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBatchDigits = 16;
// A reserve must not be what fills the disk.
constexpr std::uint64_t kLeastFreeForReserve = 8;  // times its size

[[noreturn]] void fail(const std::string& what, int error_number) {
  throw base::system_error(what, error_number);
}

// Names are of [a-z0-9/._-], so a comma tells apart what a slash did.
std::string flat(std::string_view name) {
  std::string flat{name};
  std::ranges::replace(flat, '/', ',');
  return flat;
}

void make_directory(const fs::path& path) {
  std::error_code error;
  if (fs::create_directory(path, error)) {
    fs::permissions(path, fs::perms::owner_all, error);
    base::sync_directory(path.parent_path());
  }
  if (error) fail(base::text("making '", path.string(), "'"), error.value());
}

std::optional<std::uint64_t> batch_of(const std::string& name) {
  std::uint64_t batch = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), batch);
  if (name.size() != kBatchDigits || error != std::errc{} || end != name.data() + name.size()) {
    return std::nullopt;
  }
  return batch;
}

}  // namespace

fs::path LocalTrash::directory_of(std::uint64_t batch) const {
  std::array<char, 24> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llu",
                static_cast<unsigned long long>(batch));  // NOLINT(google-runtime-int)
  return root_ / "trash" / digits.data();
}

void LocalTrash::take(std::string_view name, std::uint64_t batch) const {
  const fs::path from = root_ / name;
  std::error_code error;
  if (!fs::exists(fs::symlink_status(from, error))) return;
  make_directory(root_ / "trash");
  const fs::path directory = directory_of(batch);
  make_directory(directory);
  fs::rename(from, directory / flat(name), error);
  if (error && error != std::errc::no_such_file_or_directory) {
    fail(base::text("moving '", from.string(), "' to the trash"), error.value());
  }
  base::sync_directory(directory);
  base::sync_directory(from.parent_path());
}

base::FileHandle LocalTrash::open(std::string_view name) const {
  for (const std::uint64_t batch : batches()) {
    const fs::path path = directory_of(batch) / flat(name);
    base::FileHandle file{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    if (file.is_open()) return file;
    if (errno != ENOENT) fail(base::text("opening '", path.string(), "'"), errno);
  }
  return {};
}

std::vector<std::uint64_t> LocalTrash::batches() const {
  std::vector<std::uint64_t> batches;
  std::error_code error;
  for (fs::directory_iterator entry{root_ / "trash", error}, end; !error && entry != end;
       entry.increment(error)) {
    if (const auto batch = batch_of(entry->path().filename().string())) batches.push_back(*batch);
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    fail(base::text("listing the trash of '", root_.string(), "'"), error.value());
  }
  std::ranges::sort(batches);
  return batches;
}

std::uint64_t LocalTrash::empty(std::uint64_t batch) const {
  const fs::path directory = directory_of(batch);
  std::uint64_t freed = 0;
  std::error_code error;
  for (fs::directory_iterator entry{directory, error}, end; !error && entry != end;
       entry.increment(error)) {
    const std::uintmax_t size = entry->file_size(error);
    if (!error) freed += size;
  }
  if (error == std::errc::no_such_file_or_directory) return 0;
  if (!error) fs::remove_all(directory, error);
  if (error) fail(base::text("emptying '", directory.string(), "'"), error.value());
  base::sync_directory(directory.parent_path());
  return freed;
}

void LocalReserve::keep(std::uint64_t size_bytes) const {
  if (present_bytes() >= size_bytes) return;
  if (free_bytes_at(root_) / kLeastFreeForReserve < size_bytes) return;
  allocate(size_bytes);
}

void LocalReserve::regain(std::uint64_t size_bytes) const {
  const std::uint64_t present = present_bytes();
  // The file system wants some for itself.
  const std::uint64_t most = present + free_bytes_at(root_) / 16 * 15;
  if (std::min(size_bytes, most) > present) allocate(std::min(size_bytes, most));
}

std::uint64_t LocalReserve::present_bytes() const {
  std::error_code error;
  const std::uintmax_t present = fs::file_size(path(), error);
  return error ? 0 : present;
}

void LocalReserve::allocate(std::uint64_t size_bytes) const {
  const base::FileHandle file{
      ::open(path().c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!file.is_open()) fail(base::text("opening '", path().string(), "'"), errno);
  // A reserve is a comfort: where it cannot be had, the store works without.
  if (const int failure = ::posix_fallocate(file.get(), 0, static_cast<off_t>(size_bytes))) {
    static_cast<void>(::unlink(path().c_str()));
    base::log(base::LogLevel::warning, "no space could be reserved at '", path().string(),
              "': ", std::generic_category().message(failure));
  }
}

void LocalReserve::release() const {
  if (::unlink(path().c_str()) != 0 && errno != ENOENT) {
    fail(base::text("releasing '", path().string(), "'"), errno);
  }
}

std::uint64_t free_bytes_at(const fs::path& path) {
  struct statvfs status {};
  if (::statvfs(path.c_str(), &status) != 0) {
    fail(base::text("asking for the free space at '", path.string(), "'"), errno);
  }
  return std::uint64_t{status.f_bavail} * status.f_frsize;
}

}  // namespace store
