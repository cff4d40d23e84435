#include "store/internal/local_directories.h"

#include "src/base/error.h"
#include "src/base/release.h"
#include "src/base/text.h"

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace store {
namespace {

using base::FileHandle;
using Directory = std::unique_ptr<DIR, base::Release<&closedir>>;

[[noreturn]] void fail(const std::string& what, int error_number) {
  throw base::system_error(what, error_number);
}

// A store whose disk was unmounted must not be begun anew below the mount point.
[[noreturn]] void throw_taken_away(const std::filesystem::path& root) {
  throw base::Error{
      base::ErrorKind::disk,
      base::text("the store '", root.string(), "' was taken away or replaced while it was in use")};
}

// A new directory that could not be synced goes again, so that whoever tries once more does not
// take it for durable.
template <typename Sync>
void durable_or_gone(Sync sync, int parent, const char* directory) {
  try {
    sync();
  } catch (const base::Error&) {
    ::unlinkat(parent, directory, AT_REMOVEDIR);
    throw;
  }
}

// With those above it that are missing. Each name is durable before anything lies below it: a store
// of which the way there is lost is lost, too.
void make_directory(const std::filesystem::path& path, mode_t mode) {
  const auto make_it = [&] { return ::mkdir(path.c_str(), mode) == 0 || errno == EEXIST; };
  bool made = make_it();
  if (!made && errno == ENOENT && path.has_relative_path()) {
    make_directory(path.parent_path(), 0777);
    made = make_it();
  }
  if (!made) fail(base::text("making directory '", path.string(), "'"), errno);
  durable_or_gone([&] { base::sync_directory(path.parent_path()); }, AT_FDCWD, path.c_str());
}

}  // namespace

FileHandle open_directory_at(const FileHandle& parent, const std::string& name) {
  return FileHandle{
      ::openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
}

void for_each_name(const FileHandle& directory, const std::filesystem::path& path,
                   const std::function<void(const std::string& name)>& on_name) {
  const std::string what = base::text("listing '", path.string(), "'");
  // Of its own, because a stream closes its descriptor, and reads on where another one stopped.
  const int copy = ::openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0 && errno == ENOENT) return;  // removed since it was opened
  if (copy < 0) fail(what, errno);
  const Directory stream{::fdopendir(copy)};
  if (!stream) {
    const int error_number = errno;
    ::close(copy);
    fail(what, error_number);
  }
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr && errno != 0) fail(what, errno);
    if (entry == nullptr) return;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") on_name(name);
  }
}

FileHandle LocalDirectories::open_root(Missing missing) const {
  const auto open_it = [&] {
    return FileHandle{::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  };
  FileHandle root = open_it();
  if (!root.is_open() && errno == ENOENT && identity_.lock()->has_value()) throw_taken_away(root_);
  if (!root.is_open() && errno == ENOENT && missing == Missing::make) {
    make_directory(root_, 0700);
    root = open_it();
  }
  if (root.is_open()) require_same(root);
  if (root.is_open() || (errno == ENOENT && missing == Missing::tolerate)) return root;
  if (errno == ENOTDIR) {
    throw base::Error{base::ErrorKind::usage,
                      base::text("'", root_.string(), "' is not a directory")};
  }
  fail(base::text("opening directory '", root_.string(), "'"), errno);
}

void LocalDirectories::require_same(const FileHandle& root) const {
  struct stat status {};
  if (::fstat(root.get(), &status) != 0) {
    fail(base::text("stat '", root_.string(), "'"), errno);
  }
  auto identity = identity_.lock();
  if (!*identity) {
    *identity = {status.st_dev, status.st_ino};
  } else if ((*identity)->device != status.st_dev || (*identity)->inode != status.st_ino) {
    throw_taken_away(root_);
  }
}

FileHandle LocalDirectories::open(const std::vector<std::string>& components,
                                  Missing missing) const {
  FileHandle directory = open_root(missing);
  std::string path;
  for (const std::string& component : components) {
    if (!directory.is_open()) return directory;
    path += path.empty() ? component : base::text("/", component);
    FileHandle next = open_directory_at(directory, component);
    // Once more if it is removed as soon as it was made (LocalBackend::remove()).
    while (!next.is_open() && errno == ENOENT && missing == Missing::make) {
      if (::mkdirat(directory.get(), component.c_str(), 0700) != 0 && errno != EEXIST) {
        fail(base::text("making directory '", path_of(path).string(), "'"), errno);
      }
      durable_or_gone([&] { sync(directory, path); }, directory.get(), component.c_str());
      next = open_directory_at(directory, component);
    }
    if (!next.is_open() && !(errno == ENOENT && missing == Missing::tolerate)) {
      fail(base::text("opening directory '", path_of(path).string(), "' (links are not followed)"),
           errno);
    }
    directory = std::move(next);
  }
  return directory;
}

void LocalDirectories::sync(const FileHandle& directory, std::string_view name) const {
  if (::fsync(directory.get()) != 0) {
    fail(base::text("syncing the directory of '", path_of(name).string(), "'"), errno);
  }
}

}  // namespace store
