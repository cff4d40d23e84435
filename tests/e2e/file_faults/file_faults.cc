// Preloaded into a program (LD_PRELOAD): counts what it does to files below given directories, and
// lets one of these calls fail, or be its last.
//
// strace can inject failures, too, but counts for each thread by itself: the N-th call of each
// thread would fail, and most calls of a run could not be reached. Here all threads share one
// count.
//
// The environment says what to do:
//   FILE_FAULTS_BELOW    directories, absolute, joined by ':'; nothing else is counted or touched
//   FILE_FAULTS_ON       only paths that contain this text count
//   FILE_FAULTS_LOG      a file to which a line is appended for each call: number, name, path
//   FILE_FAULTS_AT       the number of the call that meets the fault, from 1
//   FILE_FAULTS_WHAT     ENOSPC or EIO: it fails (a write after half of its bytes); kill: SIGKILL
//                        right after it; tear: SIGKILL after half of a write, or instead of the
//                        call
//   FILE_FAULTS_LASTING  set: every later call fails as well
//
// Reading is left alone. The calls are those that coffer, RocksDB and the C++ library import.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>
#include <vector>

namespace {

std::string setting(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string{value};
}

class Plan {
 public:
  Plan() {
    std::string_view rest = below_text_;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(':'), rest.size());
      below_.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    const std::string log = setting("FILE_FAULTS_LOG");
    if (log.empty()) return;
    log_ = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, log.c_str(),
                                      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (log_ < 0) std::abort();  // a count that nobody can trust
  }

  enum class Fate : std::uint8_t { carry_out, fail, kill, tear };

  // What becomes of this call.
  Fate meet(const char* call, const std::string& path) {
    if (!counts(path)) return Fate::carry_out;
    const std::uint64_t number = ++count_;
    if (log_ >= 0) {
      const std::string line = std::to_string(number) + " " + call + " " + path + "\n";
      static_cast<void>(::syscall(SYS_write, log_, line.data(), line.size()));
    }
    if (at_ == 0 || number < at_ || (number > at_ && !lasting_)) return Fate::carry_out;
    if (what_ == "kill") return Fate::kill;
    return what_ == "tear" ? Fate::tear : Fate::fail;
  }

  [[nodiscard]] int error_number() const { return what_ == "ENOSPC" ? ENOSPC : EIO; }

 private:
  [[nodiscard]] bool counts(const std::string& path) const {
    return path.find(on_) != std::string::npos &&
           std::any_of(below_.begin(), below_.end(), [&](const std::string& directory) {
             return path.compare(0, directory.size(), directory) == 0 &&
                    (path.size() == directory.size() || path[directory.size()] == '/');
           });
  }

  std::string below_text_ = setting("FILE_FAULTS_BELOW");
  std::vector<std::string> below_;
  std::string on_ = setting("FILE_FAULTS_ON");
  std::uint64_t at_ = std::strtoull(setting("FILE_FAULTS_AT").c_str(), nullptr, 10);
  std::string what_ = setting("FILE_FAULTS_WHAT");
  bool lasting_ = !setting("FILE_FAULTS_LASTING").empty();
  int log_ = -1;
  std::atomic<std::uint64_t> count_{0};
};

// Never destroyed: threads of RocksDB write until the very end.
Plan& plan() {
  static Plan& only = *new Plan;
  return only;
}

[[noreturn]] void die() {
  ::syscall(SYS_kill, ::syscall(SYS_getpid), SIGKILL);
  for (;;) ::pause();
}

// The real call itself: what this library stands in front of is not asked.
template <typename... Arguments>
long real(long number, Arguments... arguments) {
  return ::syscall(number, arguments...);
}

// `half` is what a torn call leaves behind.
template <typename Whole, typename Half>
long meet(const char* call, const std::string& path, Whole whole, Half half) {
  switch (plan().meet(call, path)) {
    case Plan::Fate::carry_out:
      return whole();
    case Plan::Fate::kill:
      whole();
      die();
    case Plan::Fate::tear:
      half();
      die();
    case Plan::Fate::fail:
      break;
  }
  half();
  errno = plan().error_number();
  return -1;
}

template <typename Whole>
int meet(const char* call, const std::string& path, Whole whole) {
  return static_cast<int>(meet(call, path, whole, [] {}));
}

std::string path_of(int descriptor) {
  const std::string link = descriptor == AT_FDCWD ? std::string{"/proc/self/cwd"}
                                                  : "/proc/self/fd/" + std::to_string(descriptor);
  std::string path(PATH_MAX, '\0');
  const long length = real(SYS_readlinkat, AT_FDCWD, link.c_str(), path.data(), path.size());
  path.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
  return path;
}

std::string path_of(int directory, const char* name) {
  return name[0] == '/' ? std::string{name} : path_of(directory) + "/" + name;
}

int open_at(const char* call, int directory, const char* name, int flags, mode_t mode) {
  const auto open_it = [&] { return real(SYS_openat, directory, name, flags, mode); };
  if ((flags & O_CREAT) == 0) return static_cast<int>(open_it());
  return meet(call, path_of(directory, name), open_it);
}

int rename_at(const char* call, int from_directory, const char* from, int to_directory,
              const char* to, unsigned flags) {
  return meet(call, path_of(to_directory, to),
              [&] { return real(SYS_renameat2, from_directory, from, to_directory, to, flags); });
}

int unlink_at(const char* call, int directory, const char* name, int flags) {
  return meet(call, path_of(directory, name),
              [&] { return real(SYS_unlinkat, directory, name, flags); });
}

}  // namespace

extern "C" {

int open(const char* name, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open_at("open", AT_FDCWD, name, flags, mode);
}

int openat(int directory, const char* name, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open_at("openat", directory, name, flags, mode);
}

ssize_t write(int file, const void* bytes, std::size_t size) {
  return meet(
      "write", path_of(file), [&] { return real(SYS_write, file, bytes, size); },
      [&] { real(SYS_write, file, bytes, size / 2); });
}

ssize_t pwrite(int file, const void* bytes, std::size_t size, off_t offset) {
  return meet(
      "pwrite", path_of(file), [&] { return real(SYS_pwrite64, file, bytes, size, offset); },
      [&] { real(SYS_pwrite64, file, bytes, size / 2, offset); });
}

ssize_t writev(int file, const struct iovec* parts, int count) {
  return meet(
      "writev", path_of(file), [&] { return real(SYS_writev, file, parts, count); },
      [&] { real(SYS_writev, file, parts, count / 2); });
}

int fsync(int file) {
  return meet("fsync", path_of(file), [&] { return real(SYS_fsync, file); });
}

int fdatasync(int file) {
  return meet("fdatasync", path_of(file), [&] { return real(SYS_fdatasync, file); });
}

int syncfs(int file) noexcept {
  return meet("syncfs", path_of(file), [&] { return real(SYS_syncfs, file); });
}

int sync_file_range(int file, off64_t offset, off64_t size, unsigned flags) {
  // Without flags it does nothing: RocksDB asks whether there is such a call.
  if (flags == 0) return static_cast<int>(real(SYS_sync_file_range, file, offset, size, flags));
  return meet("sync_file_range", path_of(file),
              [&] { return real(SYS_sync_file_range, file, offset, size, flags); });
}

int rename(const char* from, const char* to) noexcept {
  return rename_at("rename", AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_directory, const char* from, int to_directory, const char* to) noexcept {
  return rename_at("renameat", from_directory, from, to_directory, to, 0);
}

int renameat2(int from_directory, const char* from, int to_directory, const char* to,
              unsigned flags) noexcept {
  return rename_at("renameat2", from_directory, from, to_directory, to, flags);
}

int linkat(int from_directory, const char* from, int to_directory, const char* to,
           int flags) noexcept {
  return meet("linkat", path_of(to_directory, to),
              [&] { return real(SYS_linkat, from_directory, from, to_directory, to, flags); });
}

int link(const char* from, const char* to) noexcept {
  return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int mkdirat(int directory, const char* name, mode_t mode) noexcept {
  return meet("mkdirat", path_of(directory, name),
              [&] { return real(SYS_mkdirat, directory, name, mode); });
}

int mkdir(const char* name, mode_t mode) noexcept { return mkdirat(AT_FDCWD, name, mode); }

int ftruncate(int file, off_t size) noexcept {
  return meet("ftruncate", path_of(file), [&] { return real(SYS_ftruncate, file, size); });
}

int truncate(const char* name, off_t size) noexcept {
  return meet("truncate", path_of(AT_FDCWD, name), [&] { return real(SYS_truncate, name, size); });
}

int fallocate(int file, int mode, off_t offset, off_t size) {
  return meet("fallocate", path_of(file),
              [&] { return real(SYS_fallocate, file, mode, offset, size); });
}

// Tells its failure by what it returns.
int posix_fallocate(int file, off_t offset, off_t size) {
  return fallocate(file, 0, offset, size) == 0 ? 0 : errno;
}

int unlinkat(int directory, const char* name, int flags) noexcept {
  return unlink_at("unlinkat", directory, name, flags);
}

int unlink(const char* name) noexcept { return unlink_at("unlink", AT_FDCWD, name, 0); }

int rmdir(const char* name) noexcept { return unlink_at("rmdir", AT_FDCWD, name, AT_REMOVEDIR); }

int remove(const char* name) noexcept {
  const int removed = unlink_at("remove", AT_FDCWD, name, 0);
  return removed != 0 && errno == EISDIR ? unlink_at("remove", AT_FDCWD, name, AT_REMOVEDIR)
                                         : removed;
}

}  // extern "C"
