#include "tests/crash/power_cut/recorder.h"

#include "tests/crash/power_cut/trace.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <mutex>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace power_cut {
namespace {

const char* environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') refuse(std::string{name} + " is not set");
  return value;
}

std::string resolved(const std::string& path) {
  char* real = ::realpath(path.c_str(), nullptr);
  if (real == nullptr) return path;  // the call will say what is wrong with it
  std::string result{real};
  std::free(real);
  return result;
}

class Recorder {
 public:
  static Recorder& instance() {
    static Recorder recorder;
    return recorder;
  }

  [[nodiscard]] bool covers(std::string_view path) const {
    return std::ranges::any_of(roots_, [&](const std::string& root) {
      return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
    });
  }

  std::mutex& mutex() { return mutex_; }
  void append(const Event& event, std::uint64_t printed_bytes) const {
    trace_.append(event, printed_bytes);
    if (!fatal_name_.empty() && event.second_path.find(fatal_name_) != std::string::npos) {
      static_cast<void>(::kill(::getpid(), SIGKILL));
    }
  }

 private:
  Recorder() : trace_(environment("COFFER_RECORD_TO")) {
    if (const char* name = std::getenv("COFFER_RECORD_KILL_AT")) fatal_name_ = name;
    std::string_view left = environment("COFFER_RECORD_BELOW");
    while (!left.empty()) {
      const std::size_t end = std::min(left.find(':'), left.size());
      roots_.push_back(resolved(std::string{left.substr(0, end)}));
      left.remove_prefix(std::min(end + 1, left.size()));
    }
  }

  std::vector<std::string> roots_;
  Trace trace_;
  std::string fatal_name_;
  std::mutex mutex_;
};

// One recorded call: from before it is made until its event is written.
class Call {
 public:
  Call() : lock_(Recorder::instance().mutex()) {
    struct stat status {};
    if (::fstat(STDOUT_FILENO, &status) == 0 && S_ISREG(status.st_mode)) {
      printed_bytes_ = static_cast<std::uint64_t>(status.st_size);
    }
  }
  ~Call() { errno = error_; }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Makes it; the program sees the errno of this call, whatever recording does after it.
  template <typename... Arguments>
  long make(long number, Arguments... arguments) {
    const long result = ::syscall(number, arguments...);
    error_ = errno;
    return result;
  }
  void note(const Event& event) const { Recorder::instance().append(event, printed_bytes_); }

 private:
  std::lock_guard<std::mutex> lock_;
  std::uint64_t printed_bytes_ = 0;
  int error_ = errno;
};

std::string path_of(int descriptor) {
  const std::string name = "/proc/self/fd/" + std::to_string(descriptor);
  std::string path(PATH_MAX, '\0');
  const ssize_t size = ::readlink(name.c_str(), path.data(), path.size());
  path.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return path;
}

// A file that lost its name counts as lying where it lay.
bool is_covered(int descriptor) {
  const int error = errno;
  const bool covered = Recorder::instance().covers(path_of(descriptor));
  errno = error;
  return covered;
}

// Absolute, all links but the last component resolved.
std::string place_of(int directory, const char* name) {
  const int error = errno;
  std::string path{name};
  if (!path.starts_with('/')) {
    path = (directory == AT_FDCWD ? resolved(".") : path_of(directory)) + "/" + path;
  }
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const std::size_t slash = path.rfind('/');
  const std::string parent = resolved(path.substr(0, std::max<std::size_t>(slash, 1)));
  errno = error;
  return (parent == "/" ? "" : parent) + path.substr(slash);
}

bool is_covered(const std::string& place) { return Recorder::instance().covers(place); }

std::uint64_t inode_of(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) refuse("a descriptor cannot be looked at");
  return status.st_ino;
}

// 0: there is none.
std::uint64_t inode_at(const std::string& place) {
  struct stat status {};
  return ::lstat(place.c_str(), &status) == 0 ? status.st_ino : 0;
}

}  // namespace

int opened(int directory, const char* name, int flags, mode_t mode) {
  const bool reads_only = (flags & (O_ACCMODE | O_CREAT | O_TRUNC)) == O_RDONLY;
  const std::string place = reads_only ? std::string{} : place_of(directory, name);
  if (reads_only || !is_covered(place)) {
    return static_cast<int>(::syscall(SYS_openat, directory, name, flags, mode));
  }
  if ((flags & O_DSYNC) != 0) refuse("writes that sync themselves: " + place);
  Call call;
  const std::uint64_t before = inode_at(place);
  const long descriptor = call.make(SYS_openat, directory, name, flags, mode);
  if (descriptor < 0) return -1;
  const std::uint64_t inode = inode_of(static_cast<int>(descriptor));
  if ((flags & O_TMPFILE) == O_TMPFILE) {
    call.note({.kind = Kind::create, .inode = inode});
  } else if (before == 0) {
    call.note({.kind = Kind::create, .inode = inode, .path = place});
  } else if (before != inode) {
    refuse("a symbolic link: " + place);
  } else if ((flags & O_TRUNC) != 0) {
    call.note({.kind = Kind::truncate, .inode = inode});
  }
  return static_cast<int>(descriptor);
}

ssize_t wrote(int descriptor, const iovec* parts, int count) {
  if (!is_covered(descriptor)) return ::syscall(SYS_writev, descriptor, parts, count);
  Call call;
  const long size = call.make(SYS_writev, descriptor, parts, count);
  if (size <= 0) return size;
  const long end = ::syscall(SYS_lseek, descriptor, 0, SEEK_CUR);
  call.note({.kind = Kind::write,
             .inode = inode_of(descriptor),
             .offset = static_cast<std::uint64_t>(end - size),
             .length_bytes = static_cast<std::uint64_t>(size),
             .data = {parts, parts + count}});
  return size;
}

ssize_t wrote_at(int descriptor, const iovec* parts, int count, off_t offset) {
  if (!is_covered(descriptor)) return ::syscall(SYS_pwritev, descriptor, parts, count, offset, 0L);
  if ((::fcntl(descriptor, F_GETFL) & O_APPEND) != 0) refuse("pwrite to a file that appends");
  Call call;
  const long size = call.make(SYS_pwritev, descriptor, parts, count, offset, 0L);
  if (size <= 0) return size;
  call.note({.kind = Kind::write,
             .inode = inode_of(descriptor),
             .offset = static_cast<std::uint64_t>(offset),
             .length_bytes = static_cast<std::uint64_t>(size),
             .data = {parts, parts + count}});
  return size;
}

int allocated(int descriptor, int mode, off_t offset, off_t length) {
  if (!is_covered(descriptor)) {
    return static_cast<int>(::syscall(SYS_fallocate, descriptor, mode, offset, length));
  }
  Call call;
  const long result = call.make(SYS_fallocate, descriptor, mode, offset, length);
  if (result == 0) {
    call.note({.kind = Kind::allocate,
               .flags = static_cast<std::uint32_t>(mode),
               .inode = inode_of(descriptor),
               .offset = static_cast<std::uint64_t>(offset),
               .length_bytes = static_cast<std::uint64_t>(length)});
  }
  return static_cast<int>(result);
}

int renamed(int from_directory, const char* from, int to_directory, const char* to,
            unsigned flags) {
  const std::string source = place_of(from_directory, from);
  const std::string target = place_of(to_directory, to);
  if (!is_covered(source) && !is_covered(target)) {
    return static_cast<int>(
        ::syscall(SYS_renameat2, from_directory, from, to_directory, to, flags));
  }
  if (!is_covered(source) || !is_covered(target)) refuse("into or out of view: " + target);
  if ((flags & ~unsigned{RENAME_NOREPLACE}) != 0) refuse("an exchange of names: " + target);
  Call call;
  const long result = call.make(SYS_renameat2, from_directory, from, to_directory, to, flags);
  if (result == 0) call.note({.kind = Kind::rename, .path = source, .second_path = target});
  return static_cast<int>(result);
}

int linked(int from_directory, const char* from, int to_directory, const char* to, int flags) {
  const std::string target = place_of(to_directory, to);
  if (!is_covered(target)) {
    return static_cast<int>(::syscall(SYS_linkat, from_directory, from, to_directory, to, flags));
  }
  Call call;
  const long result = call.make(SYS_linkat, from_directory, from, to_directory, to, flags);
  if (result == 0) {
    call.note({.kind = Kind::link, .inode = inode_at(target), .path = target});
  }
  return static_cast<int>(result);
}

int unlinked(int directory, const char* name, int flags) {
  const std::string place = place_of(directory, name);
  if (!is_covered(place)) {
    return static_cast<int>(::syscall(SYS_unlinkat, directory, name, flags));
  }
  Call call;
  const long result = call.make(SYS_unlinkat, directory, name, flags);
  const bool directories = (flags & AT_REMOVEDIR) != 0;
  if (result == 0) {
    call.note({.kind = directories ? Kind::remove_directory : Kind::unlink, .path = place});
  }
  return static_cast<int>(result);
}

int made_directory(int directory, const char* name, mode_t mode) {
  const std::string place = place_of(directory, name);
  if (!is_covered(place)) return static_cast<int>(::syscall(SYS_mkdirat, directory, name, mode));
  Call call;
  const long result = call.make(SYS_mkdirat, directory, name, mode);
  if (result == 0) {
    call.note({.kind = Kind::make_directory, .inode = inode_at(place), .path = place});
  }
  return static_cast<int>(result);
}

namespace {

// What a sync promises holds from when it has returned, so it is noted then.
template <typename... Arguments>
int synced(Kind kind, std::uint32_t flags, long number, int descriptor, Arguments... arguments) {
  if (!is_covered(descriptor)) {
    return static_cast<int>(::syscall(number, descriptor, arguments...));
  }
  Call call;
  const long result = call.make(number, descriptor, arguments...);
  if (result != 0) refuse("a sync failed: " + path_of(descriptor));
  call.note({.kind = kind, .flags = flags, .inode = inode_of(descriptor)});
  return 0;
}

}  // namespace

int synced(int descriptor) { return synced(Kind::sync, 0, SYS_fsync, descriptor); }

int synced_data(int descriptor) { return synced(Kind::sync, 1, SYS_fdatasync, descriptor); }

int synced_all(int descriptor) { return synced(Kind::sync_all, 0, SYS_syncfs, descriptor); }

int synced_range(int descriptor, off_t offset, off_t length, unsigned flags) {
  return synced(Kind::sync_range, flags, SYS_sync_file_range, descriptor, offset, length, flags);
}

namespace {

template <typename Function>
Function next(const char* name) {
  void* found = ::dlsym(RTLD_NEXT, name);
  if (found == nullptr) refuse(std::string{"there is no "} + name);
  Function function = nullptr;
  std::memcpy(&function, &found, sizeof function);
  return function;
}

bool writes(const char* mode) { return std::strpbrk(mode, "wa+") != nullptr; }

}  // namespace

FILE* opened_stream(const char* name, const char* mode) {
  if (writes(mode)) refuse_below(AT_FDCWD, name, "a buffered stream");
  return next<FILE* (*)(const char*, const char*)>("fopen")(name, mode);
}

FILE* opened_stream(int descriptor, const char* mode) {
  if (writes(mode)) refuse_below(descriptor, "a buffered stream");
  return next<FILE* (*)(int, const char*)>("fdopen")(descriptor, mode);
}

void* mapped(void* address, std::size_t size, int protection, int flags, int descriptor,
             off_t offset) {
  if ((protection & PROT_WRITE) != 0 && (flags & MAP_TYPE) != MAP_PRIVATE && descriptor >= 0 &&
      is_covered(descriptor)) {
    refuse("a mapping that writes: " + path_of(descriptor));
  }
  // The kernel answers with an address or a small negative number; syscall() turns that into -1.
  const long result = ::syscall(SYS_mmap, address, size, protection, flags, descriptor, offset);
  return reinterpret_cast<void*>(result);
}

int truncated(int descriptor, off_t size) {
  if (!is_covered(descriptor)) return static_cast<int>(::syscall(SYS_ftruncate, descriptor, size));
  Call call;
  const long result = call.make(SYS_ftruncate, descriptor, size);
  if (result == 0) {
    call.note({.kind = Kind::truncate,
               .inode = inode_of(descriptor),
               .length_bytes = static_cast<std::uint64_t>(size)});
  }
  return static_cast<int>(result);
}

void refuse_below(int descriptor, const char* what) {
  if (is_covered(descriptor)) refuse(what + (": " + path_of(descriptor)));
}

void refuse_below(int directory, const char* name, const char* what) {
  const std::string place = place_of(directory, name);
  if (is_covered(place)) refuse(what + (": " + place));
}

}  // namespace power_cut
