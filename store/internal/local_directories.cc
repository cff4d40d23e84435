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
  if (!root.is_open() && errno == ENOENT && missing == Missing::make) {
    std::error_code error;
    std::filesystem::create_directories(root_.parent_path(), error);
    if (::mkdir(root_.c_str(), 0700) != 0 && errno != EEXIST) {
      fail(base::text("making directory '", root_.string(), "'"), errno);
    }
    base::sync_directory(root_.parent_path());
    root = open_it();
  }
  if (root.is_open() || (errno == ENOENT && missing == Missing::tolerate)) return root;
  if (errno == ENOTDIR) {
    throw base::Error{base::ErrorKind::usage,
                      base::text("'", root_.string(), "' is not a directory")};
  }
  fail(base::text("opening directory '", root_.string(), "'"), errno);
}

FileHandle LocalDirectories::open(const std::vector<std::string>& components,
                                  Missing missing) const {
  FileHandle directory = open_root(missing);
  std::string path;
  for (const std::string& component : components) {
    if (!directory.is_open()) return directory;
    path += path.empty() ? component : base::text("/", component);
    FileHandle next = open_directory_at(directory, component);
    if (!next.is_open() && errno == ENOENT && missing == Missing::make) {
      if (::mkdirat(directory.get(), component.c_str(), 0700) != 0 && errno != EEXIST) {
        fail(base::text("making directory '", path_of(path).string(), "'"), errno);
      }
      sync(directory, path);
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
