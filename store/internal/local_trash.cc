#include "store/internal/local_trash.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "store/internal/name_digits.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <system_error>
#include <unistd.h>

namespace store {
namespace {

namespace fs = std::filesystem;
using base::FileHandle;
using Missing = LocalDirectories::Missing;

constexpr const char* kTrash = "trash";
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

std::string batch_name(std::uint64_t batch) {
  return base::text(kTrash, "/", number_digits(batch));
}

bool is_regular_file(const FileHandle& file) {
  struct stat status {};
  return ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode);
}

// Takes away all that it can, whatever it meets.
class Removal {
 public:
  // `name` in the open directory, which lies at `parent_path`.
  void remove(const FileHandle& parent, const fs::path& parent_path, const std::string& name) {
    const fs::path path = parent_path / name;
    struct stat status {};
    const bool is_known = ::fstatat(parent.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    if (!is_known && errno == ENOENT) return;
    // What cannot be looked at may yet be removed.
    const bool is_directory = is_known && S_ISDIR(status.st_mode);
    if (is_directory) remove_content(parent, path, name);
    if (::unlinkat(parent.get(), name.c_str(), is_directory ? AT_REMOVEDIR : 0) == 0) {
      if (is_known && S_ISREG(status.st_mode)) freed_ += static_cast<std::uint64_t>(status.st_size);
    } else if (errno != ENOENT) {
      note(base::system_error(base::text("removing '", path.string(), "'"), errno));
    }
  }

  // The bytes that files had; throws what went wrong first.
  [[nodiscard]] std::uint64_t finish() const {
    if (failure_) throw base::Error{*failure_};
    return freed_;
  }

 private:
  void remove_content(const FileHandle& parent, const fs::path& path, const std::string& name) {
    try {
      const FileHandle directory = open_directory_at(parent, name);
      if (!directory.is_open()) fail(base::text("opening '", path.string(), "'"), errno);
      std::vector<std::string> names;  // first, as what is listed is about to change
      for_each_name(directory, path, [&](const std::string& each) { names.push_back(each); });
      for (const std::string& each : names) remove(directory, path, each);
    } catch (const base::Error& error) {
      note(error);
    }
  }

  void note(const base::Error& error) {
    if (!failure_) failure_ = error;
  }

  std::uint64_t freed_ = 0;
  std::optional<base::Error> failure_;
};

std::uint64_t present_bytes(const FileHandle& root) {
  struct stat status {};
  const bool is_file =
      ::fstatat(root.get(), LocalReserve::kFileName, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
      S_ISREG(status.st_mode);
  return is_file ? static_cast<std::uint64_t>(status.st_size) : 0;
}

}  // namespace

void LocalTrash::take(std::string_view name, std::uint64_t batch) const {
  std::vector<std::string> components = base::split(name, '/');
  const std::string file = std::move(components.back());
  components.pop_back();
  const FileHandle source = directories_.open(components, Missing::tolerate);
  struct stat status {};
  if (!source.is_open() ||
      (::fstatat(source.get(), file.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 &&
       errno == ENOENT)) {
    return;
  }
  const FileHandle target = directories_.open({kTrash, number_digits(batch)}, Missing::make);
  const std::string there = flat(name);
  const auto move = [&] {
    return ::renameat(source.get(), file.c_str(), target.get(), there.c_str()) == 0;
  };
  bool moved = move();
  if (!moved && (errno == EISDIR || errno == ENOTDIR || errno == ENOTEMPTY || errno == EEXIST)) {
    Removal removal;  // a directory that nobody of us made
    removal.remove(target, directories_.path_of(batch_name(batch)), there);
    static_cast<void>(removal.finish());
    moved = move();
  }
  if (!moved && errno != ENOENT) {
    fail(base::text("moving '", directories_.path_of(name).string(), "' to the trash"), errno);
  }
  // A power cut in an earlier move may leave both names, of one file; renaming does nothing then
  // (POSIX, rename).
  if (moved && ::unlinkat(source.get(), file.c_str(), 0) != 0 && errno != ENOENT) {
    fail(base::text("removing '", directories_.path_of(name).string(), "'"), errno);
  }
  directories_.sync(target, base::text(batch_name(batch), "/", there));
  directories_.sync(source, name);
}

FileHandle LocalTrash::open(std::string_view name) const {
  const FileHandle trash = directories_.open({kTrash}, Missing::tolerate);
  if (!trash.is_open()) return {};
  for (const std::uint64_t batch : batches()) {
    const FileHandle directory = open_directory_at(trash, number_digits(batch));
    if (!directory.is_open()) {
      if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) continue;
      fail(base::text("opening '", directories_.path_of(batch_name(batch)).string(), "'"), errno);
    }
    FileHandle file{::openat(directory.get(), flat(name).c_str(),
                             O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    if (file.is_open() && is_regular_file(file)) return file;
    // ELOOP: a link, which is not ours.
    if (!file.is_open() && errno != ENOENT && errno != ELOOP) {
      fail(base::text("opening '", name, "' in the trash"), errno);
    }
  }
  return {};
}

std::vector<std::uint64_t> LocalTrash::batches() const {
  std::vector<std::uint64_t> batches;
  const FileHandle trash = directories_.open({kTrash}, Missing::tolerate);
  if (!trash.is_open()) return batches;
  for_each_name(trash, directories_.path_of(kTrash), [&](const std::string& name) {
    if (const auto batch = number_of_digits(name)) batches.push_back(*batch);
  });
  std::ranges::sort(batches);
  return batches;
}

std::uint64_t LocalTrash::empty(std::uint64_t batch) const {
  const FileHandle trash = directories_.open({kTrash}, Missing::tolerate);
  if (!trash.is_open()) return 0;
  Removal removal;
  removal.remove(trash, directories_.path_of(kTrash), number_digits(batch));
  directories_.sync(trash, batch_name(batch));
  return removal.finish();
}

void LocalReserve::keep(std::uint64_t size_bytes) const {
  const FileHandle root = open_root();
  if (present_bytes(root) >= size_bytes) return;
  if (free_bytes_at(directories_.root()) / kLeastFreeForReserve < size_bytes) return;
  allocate(root, size_bytes);
}

void LocalReserve::regain(std::uint64_t size_bytes) const {
  const FileHandle root = open_root();
  const std::uint64_t present = present_bytes(root);
  // The file system wants some for itself.
  const std::uint64_t most = present + free_bytes_at(directories_.root()) / 16 * 15;
  if (std::min(size_bytes, most) > present) allocate(root, std::min(size_bytes, most));
}

FileHandle LocalReserve::open_root() const {
  FileHandle root = directories_.open_root(Missing::tolerate);
  if (!root.is_open()) fail(base::text("opening '", directories_.root().string(), "'"), ENOENT);
  return root;
}

void LocalReserve::allocate(const FileHandle& root, std::uint64_t size_bytes) const {
  const auto warn = [&](int error_number) {
    base::log(base::LogLevel::warning, "no space could be reserved at '", path().string(),
              "': ", std::generic_category().message(error_number));
  };
  const FileHandle file{
      ::openat(root.get(), kFileName, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!file.is_open()) {
    warn(errno);
    return;
  }
  if (const int failure = ::posix_fallocate(file.get(), 0, static_cast<off_t>(size_bytes))) {
    static_cast<void>(::unlinkat(root.get(), kFileName, 0));
    warn(failure);
  }
}

void LocalReserve::release() const {
  if (::unlinkat(open_root().get(), kFileName, 0) != 0 && errno != ENOENT) {
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
