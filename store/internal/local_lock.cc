#include "store/internal/local_lock.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace store {
namespace {

using base::FileHandle;

[[noreturn]] void fail(const std::string& what, int error_number) {
  throw base::system_error(what, error_number);
}

// Empty if it says nothing that can be told.
std::string owner_noted_in(const std::filesystem::path& lock_path) {
  constexpr std::size_t kLongest = 1024;
  try {
    return std::string{base::trim(base::as_text(base::read_file(lock_path, kLongest)))};
  } catch (const base::Error&) {
    return {};
  }
}

class LocalLock final : public Backend::Lock {
 public:
  explicit LocalLock(FileHandle file) : file_(std::move(file)) {}
  ~LocalLock() override {
    // A leftover text would only confuse: the lock itself goes with the descriptor.
    static_cast<void>(::ftruncate(file_.get(), 0));
  }
  LocalLock(const LocalLock&) = delete;
  LocalLock& operator=(const LocalLock&) = delete;

 private:
  FileHandle file_;
};

std::string who_we_are() {
  std::string host(256, '\0');
  if (::gethostname(host.data(), host.size() - 1) != 0) host = "unknown host";
  host.resize(std::char_traits<char>::length(host.c_str()));
  return base::text("process ", ::getpid(), " on ", host);
}

// The name is for messages; that it is there tells the next one whether we died.
void note_owner(const FileHandle& file, const std::filesystem::path& path, Backend::Reserve reserve,
                const LocalReserve& space) {
  const std::string ourselves = base::text(who_we_are(), "\n");
  if (::ftruncate(file.get(), 0) != 0) fail(base::text("writing '", path.string(), "'"), errno);
  try {
    base::write_all(file, base::as_bytes(ourselves), path);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::full || reserve != Backend::Reserve::use) throw;
    space.release();
    base::write_all(file, base::as_bytes(ourselves), path);
  }
}

}  // namespace

std::unique_ptr<Backend::Lock> lock_directory(const FileHandle& directory,
                                              const std::filesystem::path& path,
                                              Backend::Reserve reserve, const LocalReserve& space) {
  const std::filesystem::path lock_path = path / kLockFile;
  FileHandle file{
      ::openat(directory.get(), kLockFile, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!file.is_open()) fail(base::text("opening '", lock_path.string(), "'"), errno);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) fail(base::text("locking '", lock_path.string(), "'"), errno);
    const std::string owner = owner_noted_in(lock_path);
    throw base::Error{base::ErrorKind::in_use,
                      base::text("the store '", path.string(), "' is in use by ",
                                 owner.empty() ? "another process" : owner)};
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail(base::text("stat '", lock_path.string(), "'"), errno);
  // A holder that died left its name, and perhaps objects that are not durable yet: from here on
  // somebody relies on them.
  if (status.st_size > 0 && ::syncfs(file.get()) != 0) {
    fail(base::text("syncing '", path.string(), "'"), errno);
  }
  note_owner(file, lock_path, reserve, space);
  return std::make_unique<LocalLock>(std::move(file));
}

}  // namespace store
