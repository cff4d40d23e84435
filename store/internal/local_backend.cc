#include "store/local_backend.h"

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "store/internal/local_directories.h"
#include "store/internal/local_lock.h"
#include "store/internal/local_trash.h"
#include "store/internal/object_name.h"
#include "store/internal/recently_used.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <mutex>
#include <set>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace store {
namespace {

using base::FileHandle;
using Missing = LocalDirectories::Missing;

constexpr const char* kTemporaryDirectory = "tmp";
// Each prune and each restore has a directory of its own there, which goes with its last object.
constexpr std::array kPassingDirectories{"gc", "restore"};
constexpr int kAttemptsToPublish = 16;
constexpr std::string_view kTrashPrefix = "trash/";
constexpr std::string_view kQuarantine = "trash/quarantine";
// Packs are read chunk by chunk: opening anew for each would cost more than reading.
constexpr const char* kOftenReadPrefix = "pack/";
constexpr std::size_t kMostOpenPacks = 32;

// An object that is being read. Objects do not change, so it stays true however long it is kept.
struct OpenObject {
  FileHandle file;
  std::uint64_t size_bytes = 0;
};
// Shared, because a cached one may be pushed out while it is read.
using SharedObject = std::shared_ptr<const OpenObject>;

// A name taken apart: the directories on the way, and the last component.
struct Place {
  std::vector<std::string> directories;
  std::string file;
};

// What lies in the directory and is no object.
bool is_own_name(std::string_view name) {
  if (name == kTemporaryDirectory || name == kLockFile || name == LocalReserve::kFileName) {
    return true;
  }
  return name.starts_with(kTrashPrefix) && !name.starts_with(kQuarantine);
}

Place place_of(std::string_view name) {
  check_object_name(name);
  Place place{base::split(name, '/'), {}};
  place.file = std::move(place.directories.back());
  place.directories.pop_back();
  const std::string& top = place.directories.empty() ? place.file : place.directories.front();
  base::check(!is_own_name(top) && !is_own_name(name), "the backend's own names");
  return place;
}

// Gives the object its name, if nobody else has it; 0, or the number of the error.
int publish(const FileHandle& temporary_directory, const std::string& temporary,
            const FileHandle& directory, const std::string& file) {
  if (::renameat2(temporary_directory.get(), temporary.c_str(), directory.get(), file.c_str(),
                  RENAME_NOREPLACE) == 0) {
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP) return errno;
  // Some file systems (NFS) cannot rename so, but every one that we know can link.
  if (::linkat(temporary_directory.get(), temporary.c_str(), directory.get(), file.c_str(), 0) !=
      0) {
    return errno;
  }
  ::unlinkat(temporary_directory.get(), temporary.c_str(), 0);
  return 0;
}

class LocalBackend final : public Backend {
 public:
  explicit LocalBackend(const std::filesystem::path& path)
      : root_(std::filesystem::absolute(path).lexically_normal()),
        directories_(root_),
        trash_(directories_),
        reserve_(directories_) {}

  Put put_if_absent(std::string_view name, std::span<const base::ByteView> parts) override;
  void replace(std::string_view name, base::ByteView content) override;
  [[nodiscard]] base::Bytes read(std::string_view name, std::uint64_t offset,
                                 std::size_t size_bytes) const override;
  [[nodiscard]] std::optional<std::uint64_t> size_bytes(std::string_view name) const override;
  void list(std::string_view prefix,
            const std::function<void(const std::string& name, std::uint64_t size_bytes)>& on_object)
      const override;
  void keep_copy(std::string_view name, std::string_view copy) override;
  void remove(std::string_view name) override;
  [[nodiscard]] std::set<std::string> occupants() const override;
  [[nodiscard]] std::string describe() const override { return root_.string(); }
  void discard(std::string_view name, std::uint64_t batch) override;
  [[nodiscard]] std::vector<std::uint64_t> discarded_batches() const override {
    return trash_.batches();
  }
  std::uint64_t empty_batch(std::uint64_t batch) override;
  [[nodiscard]] std::optional<std::uint64_t> free_bytes() const override {
    return free_bytes_at(root_);
  }
  void keep_reserve(std::uint64_t size_bytes) override { reserve_.keep(size_bytes); }
  void release_reserve() override { reserve_.release(); }
  void regain_reserve(std::uint64_t size_bytes) override { reserve_.regain(size_bytes); }
  [[nodiscard]] std::unique_ptr<Lock> lock_for_writing(Reserve reserve) override;

 private:
  [[nodiscard]] std::filesystem::path path_of(std::string_view name) const {
    return directories_.path_of(name);
  }
  void remove_if_empty(std::vector<std::string> directories) const;
  // The object's file; not open if there is none.
  [[nodiscard]] FileHandle open_object(std::string_view name) const;
  // Open and known to be a regular file; null if there is none.
  [[nodiscard]] SharedObject open_for_reading(std::string_view name) const;
  // A new file below tmp/, whole and synced; gives its name there.
  std::string write_temporary(const FileHandle& temporary_directory,
                              std::span<const base::ByteView> parts, std::string_view name) const;
  // Gives a new file its place by `rename`, which tells 0 or the number of the error; anew where
  // somebody has removed the directory with the last of its objects, or, taking the lock, what lay
  // below tmp/.
  using Rename = std::function<int(const FileHandle& from, const std::string& temporary)>;
  int write_in_place(const Place& place, std::string_view name,
                     std::span<const base::ByteView> parts, FileHandle& directory,
                     const Rename& rename) const;
  void list_directory(
      const FileHandle& directory, const std::string& path, std::string_view prefix,
      const std::function<void(const std::string&, std::uint64_t)>& on_object) const;
  void clean_temporary_directory() const;

  std::filesystem::path root_;
  LocalDirectories directories_;
  LocalTrash trash_;
  LocalReserve reserve_;
  mutable RecentlyUsed<std::string, SharedObject> open_packs_{kMostOpenPacks};
};

[[noreturn]] void fail(const std::string& what, int error_number) {
  throw base::system_error(what, error_number);
}

FileHandle LocalBackend::open_object(std::string_view name) const {
  const Place place = place_of(name);
  const FileHandle directory = directories_.open(place.directories, Missing::tolerate);
  if (!directory.is_open()) return {};
  FileHandle file{::openat(directory.get(), place.file.c_str(),
                           O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  if (!file.is_open()) {
    if (errno == ENOENT) return {};
    fail(base::text("opening '", path_of(name).string(), "' (links are not followed)"), errno);
  }
  return file;
}

struct stat status_of(const FileHandle& file, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail(base::text("stat '", path.string(), "'"), errno);
  if (!S_ISREG(status.st_mode)) {
    throw base::Error{base::ErrorKind::corrupt,
                      base::text("'", path.string(), "' is not a regular file")};
  }
  return status;
}

std::string LocalBackend::write_temporary(const FileHandle& temporary_directory,
                                          std::span<const base::ByteView> parts,
                                          std::string_view name) const {
  std::string temporary = base::new_uuid();
  const FileHandle file{::openat(temporary_directory.get(), temporary.c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  const std::filesystem::path path = path_of(name);
  if (!file.is_open()) fail(base::text("making a temporary file for '", path.string(), "'"), errno);
  try {
    for (const base::ByteView part : parts) base::write_all(file, part, path);
    base::sync_file(file, path);
  } catch (const base::Error&) {
    ::unlinkat(temporary_directory.get(), temporary.c_str(), 0);
    throw;
  }
  return temporary;
}

int LocalBackend::write_in_place(const Place& place, std::string_view name,
                                 std::span<const base::ByteView> parts, FileHandle& directory,
                                 const Rename& rename) const {
  for (int left = kAttemptsToPublish;; --left) {
    const FileHandle from = directories_.open({kTemporaryDirectory}, Missing::make);
    const std::string temporary = write_temporary(from, parts, name);
    const int error_number = rename(from, temporary);
    if (error_number == 0) return 0;
    ::unlinkat(from.get(), temporary.c_str(), 0);
    if (error_number != ENOENT || left == 0) return error_number;
    directory = directories_.open(place.directories, Missing::make);
  }
}

Backend::Put LocalBackend::put_if_absent(std::string_view name,
                                         std::span<const base::ByteView> parts) {
  const Place place = place_of(name);
  FileHandle directory = directories_.open(place.directories, Missing::make);
  if (const FileHandle present = open_object(name); present.is_open()) {
    // Whoever wrote it may have died before it was durable; from here on somebody relies on it.
    base::sync_file(present, path_of(name));
    directories_.sync(directory, name);
    return Put::exists;
  }
  const int error_number = write_in_place(
      place, name, parts, directory, [&](const FileHandle& from, const std::string& temporary) {
        return publish(from, temporary, directory, place.file);
      });
  if (error_number != 0) {
    if (error_number != EEXIST) {
      fail(base::text("publishing '", path_of(name).string(), "'"), error_number);
    }
    directories_.sync(directory, name);
    return Put::exists;
  }
  try {
    directories_.sync(directory, name);
  } catch (const base::Error&) {
    // Nobody can tell whether the name would survive; what is not acknowledged shall not linger.
    ::unlinkat(directory.get(), place.file.c_str(), 0);
    throw;
  }
  return Put::stored;
}

void LocalBackend::replace(std::string_view name, base::ByteView content) {
  const Place place = place_of(name);
  FileHandle directory = directories_.open(place.directories, Missing::make);
  const int error_number =
      write_in_place(place, name, {&content, 1}, directory,
                     [&](const FileHandle& from, const std::string& temporary) {
                       const bool is_done = ::renameat(from.get(), temporary.c_str(),
                                                       directory.get(), place.file.c_str()) == 0;
                       return is_done ? 0 : errno;
                     });
  if (error_number != 0) {
    fail(base::text("replacing '", path_of(name).string(), "'"), error_number);
  }
  open_packs_.erase(std::string{name});
  directories_.sync(directory, name);
}

void LocalBackend::keep_copy(std::string_view name, std::string_view copy) {
  const Place from = place_of(name);
  const Place to = place_of(copy);
  const FileHandle source = directories_.open(from.directories, Missing::tolerate);
  if (!source.is_open()) {
    throw base::Error{base::ErrorKind::not_found,
                      base::text("there is no '", path_of(name).string(), "'")};
  }
  const FileHandle target = directories_.open(to.directories, Missing::make);
  // A link needs no space, and cannot fail on a sector that cannot be read.
  if (::linkat(source.get(), from.file.c_str(), target.get(), to.file.c_str(), 0) == 0 ||
      errno == EEXIST) {
    directories_.sync(target, copy);
    return;
  }
  if (errno == ENOENT) {
    throw base::Error{base::ErrorKind::not_found,
                      base::text("there is no '", path_of(name).string(), "'")};
  }
  if (errno != EPERM && errno != ENOTSUP && errno != EMLINK) {
    fail(base::text("linking '", path_of(copy).string(), "'"), errno);
  }
  Backend::keep_copy(name, copy);
}

SharedObject LocalBackend::open_for_reading(std::string_view name) const {
  const bool often = name.starts_with(kOftenReadPrefix);
  const std::string key{name};
  if (often) {
    if (auto known = open_packs_.find(key)) return std::move(*known);
  }
  FileHandle file = open_object(name);
  if (!file.is_open() && often) file = trash_.open(name);
  if (!file.is_open()) return nullptr;
  const auto bytes = static_cast<std::uint64_t>(status_of(file, path_of(name)).st_size);
  auto opened = std::make_shared<const OpenObject>(OpenObject{std::move(file), bytes});
  if (often) open_packs_.insert(key, opened);
  return opened;
}

base::Bytes LocalBackend::read(std::string_view name, std::uint64_t offset,
                               std::size_t size_bytes) const {
  const SharedObject object = open_for_reading(name);
  const std::filesystem::path path = path_of(name);
  if (!object) {
    throw base::Error{base::ErrorKind::not_found, base::text("there is no '", path.string(), "'")};
  }
  // Before any memory is taken: the size asked for may come from a damaged file.
  if (offset > object->size_bytes || size_bytes > object->size_bytes - offset) {
    throw base::Error{base::ErrorKind::corrupt,
                      base::text("'", path.string(), "' ends at ", object->size_bytes,
                                 " bytes, before ", offset, " + ", size_bytes)};
  }
  base::Bytes bytes(size_bytes);
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t count = ::pread(object->file.get(), bytes.data() + filled, bytes.size() - filled,
                                  static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(base::text("reading '", path.string(), "'"), errno);
    if (count == 0) {
      throw base::Error{base::ErrorKind::corrupt,
                        base::text("'", path.string(), "' became shorter while it was read")};
    }
    filled += static_cast<std::size_t>(count);
  }
  return bytes;
}

std::optional<std::uint64_t> LocalBackend::size_bytes(std::string_view name) const {
  const FileHandle file = open_object(name);
  if (!file.is_open()) return std::nullopt;
  return static_cast<std::uint64_t>(status_of(file, path_of(name)).st_size);
}

void LocalBackend::list_directory(
    const FileHandle& directory, const std::string& path, std::string_view prefix,
    const std::function<void(const std::string&, std::uint64_t)>& on_object) const {
  for_each_name(directory, path_of(path), [&](const std::string& entry) {
    const std::string name = path + entry;
    if (!is_object_name(name) || is_own_name(name)) return;
    // Either may be the beginning of the other: "pack" of "pack/d/", or the other way round.
    const std::size_t common = std::min(name.size(), prefix.size());
    if (name.compare(0, common, prefix, 0, common) != 0) return;
    struct stat status {};
    if (::fstatat(directory.get(), entry.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return;
      fail(base::text("stat '", path_of(name).string(), "'"), errno);
    }
    if (S_ISREG(status.st_mode) && name.starts_with(prefix)) {
      on_object(name, static_cast<std::uint64_t>(status.st_size));
    } else if (S_ISDIR(status.st_mode)) {
      const FileHandle next = open_directory_at(directory, entry);
      if (!next.is_open() && errno == ENOENT) return;
      if (!next.is_open()) fail(base::text("opening '", path_of(name).string(), "'"), errno);
      list_directory(next, base::text(name, "/"), prefix, on_object);
    }
  });
}

void LocalBackend::list(
    std::string_view prefix,
    const std::function<void(const std::string& name, std::uint64_t size_bytes)>& on_object) const {
  const FileHandle root = directories_.open_root(Missing::tolerate);
  if (root.is_open()) list_directory(root, "", prefix, on_object);
}

void LocalBackend::remove_if_empty(std::vector<std::string> directories) const {
  const std::string name = base::text(directories.front(), "/", directories.back());
  const std::string last = std::move(directories.back());
  directories.pop_back();
  const FileHandle parent = directories_.open(directories, Missing::tolerate);
  if (!parent.is_open() || ::unlinkat(parent.get(), last.c_str(), AT_REMOVEDIR) != 0) return;
  directories_.sync(parent, name);
}

void LocalBackend::remove(std::string_view name) {
  const Place place = place_of(name);
  const FileHandle directory = directories_.open(place.directories, Missing::tolerate);
  if (!directory.is_open()) return;
  if (::unlinkat(directory.get(), place.file.c_str(), 0) != 0) {
    if (errno == ENOENT) return;
    fail(base::text("removing '", path_of(name).string(), "'"), errno);
  }
  open_packs_.erase(std::string{name});
  directories_.sync(directory, name);
  const bool passes = place.directories.size() == 2 &&
                      std::ranges::find(kPassingDirectories, place.directories.front()) !=
                          kPassingDirectories.end();
  if (passes) remove_if_empty(place.directories);
}

void LocalBackend::clean_temporary_directory() const {
  const FileHandle directory = directories_.open({kTemporaryDirectory}, Missing::tolerate);
  if (!directory.is_open()) return;
  std::vector<std::string> leftovers;
  list_directory(directory, "", "", [&](const std::string& name, std::uint64_t) {
    if (name.find('/') == std::string::npos) leftovers.push_back(name);
  });
  for (const std::string& name : leftovers) {
    if (::unlinkat(directory.get(), name.c_str(), 0) != 0 && errno != ENOENT) {
      fail(
          base::text("removing the leftover '", (root_ / kTemporaryDirectory / name).string(), "'"),
          errno);
    }
  }
}

std::set<std::string> LocalBackend::occupants() const {
  std::set<std::string> names;
  std::error_code problem;
  for (std::filesystem::directory_iterator entry{root_, problem}, end; entry != end;
       entry.increment(problem)) {
    const std::string name = entry->path().filename().string();
    // The root of a file system of its own is a good place; what is ours holds nothing.
    if (name != "lost+found" && !is_own_name(name)) names.insert(name);
  }
  if (problem && problem != std::errc::no_such_file_or_directory) {
    fail(base::text("listing '", root_.string(), "'"), problem.value());
  }
  return names;
}

void LocalBackend::discard(std::string_view name, std::uint64_t batch) {
  check_object_name(name);
  trash_.take(name, batch);
  open_packs_.erase(std::string{name});
}

std::uint64_t LocalBackend::empty_batch(std::uint64_t batch) {
  const std::uint64_t freed = trash_.empty(batch);
  open_packs_.clear();  // a file that is open keeps its space
  return freed;
}

std::unique_ptr<Backend::Lock> LocalBackend::lock_for_writing(Reserve reserve) {
  auto lock = lock_directory(directories_.open_root(Missing::make), root_, reserve, reserve_);
  clean_temporary_directory();
  return lock;
}

}  // namespace

std::unique_ptr<Backend> open_local(const std::filesystem::path& path) {
  return std::make_unique<LocalBackend>(path);
}

}  // namespace store
