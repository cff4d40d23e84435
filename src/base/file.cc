#include "src/base/file.h"

#include "src/base/error.h"
#include "src/base/random.h"
#include "src/base/text.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace base {
namespace {

constexpr std::size_t kReadStepBytes = std::size_t{64} << 10;
constexpr std::size_t kLargestSecretBytes = std::size_t{1} << 20;

std::string quoted(const std::filesystem::path& path) { return text("'", path.string(), "'"); }

// The descriptor, or -1 with errno set.
int open_descriptor(const std::filesystem::path& path, int flags, mode_t mode) {
  for (;;) {
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    if (descriptor >= 0 || errno != EINTR) return descriptor;
  }
}

struct stat status_of(const FileHandle& file, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw system_error(text("stat ", quoted(path)), errno);
  return status;
}

// Reads up to the end of the file, or until `bytes` is full; returns how many were read.
std::size_t read_into(const FileHandle& file, MutableByteView bytes,
                      const std::filesystem::path& path) {
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t count = ::read(file.get(), bytes.data() + filled, bytes.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error(text("reading ", quoted(path)), errno);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  return filled;
}

// Whether `path` is a credential that systemd placed for this service. Such a file belongs to root
// and may show group rights: they are the mask of the access list that admits the service's own
// user.
bool is_service_credential(const std::filesystem::path& path, const struct stat& status) {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory == '\0' || status.st_uid != 0) return false;
  std::error_code unresolved;
  return std::filesystem::equivalent(path.parent_path(), directory, unresolved);
}

void check_secret_mode(const std::filesystem::path& path, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) {
    throw Error{ErrorKind::usage, text("secret file ", quoted(path), " is not a regular file")};
  }
  const mode_t forbidden = is_service_credential(path, status) ? S_IRWXO : S_IRWXG | S_IRWXO;
  if ((status.st_mode & forbidden) != 0) {
    throw Error{ErrorKind::usage,
                text("secret file ", quoted(path), " is open to other users (mode ",
                     fmt::format("{:04o}", status.st_mode & 07777U),
                     "); make it private: chmod 600 ", quoted(path))};
  }
}

void write_and_rename(const std::filesystem::path& temporary, const std::filesystem::path& path,
                      ByteView bytes, mode_t mode) {
  {
    const FileHandle file = open_file(temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
    write_all(file, bytes, temporary);
    sync_file(file, temporary);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    throw system_error(text("renaming ", quoted(temporary), " to ", quoted(path)), errno);
  }
}

}  // namespace

FileHandle::~FileHandle() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FileHandle open_file(const std::filesystem::path& path, int flags, mode_t mode) {
  FileHandle file{open_descriptor(path, flags, mode)};
  if (!file.is_open()) throw system_error(text("opening ", quoted(path)), errno);
  return file;
}

Bytes read_file(const std::filesystem::path& path, std::size_t most_bytes) {
  // A FIFO would be waited for, for ever.
  const FileHandle file{open_descriptor(path, O_RDONLY | O_NONBLOCK, 0)};
  if (!file.is_open() && errno == ENOENT) {
    throw Error{ErrorKind::not_found, text("there is no file ", quoted(path))};
  }
  if (!file.is_open()) throw system_error(text("opening ", quoted(path)), errno);
  // One byte more than the size, so that the end is seen without another round. The size is a hint
  // only: files below /proc have none, and others may grow.
  const struct stat status = status_of(file, path);
  if (!S_ISREG(status.st_mode)) {
    throw Error{ErrorKind::usage, text(quoted(path), " is not a regular file")};
  }
  Bytes bytes(std::min(static_cast<std::size_t>(status.st_size), most_bytes) + 1);
  std::size_t filled = read_into(file, bytes, path);
  while (filled == bytes.size() && filled <= most_bytes) {
    bytes.resize(std::min(bytes.size() + std::max(bytes.size(), kReadStepBytes), most_bytes + 1));
    filled += read_into(file, MutableByteView{bytes}.subspan(filled), path);
  }
  if (filled > most_bytes) {
    throw Error{ErrorKind::usage, text(quoted(path), " is larger than ", human_bytes(most_bytes))};
  }
  bytes.resize(filled);
  return bytes;
}

void write_all(const FileHandle& file, ByteView bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error(text("writing ", quoted(path)), errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void replace_file(const std::filesystem::path& path, ByteView bytes, mode_t mode) {
  std::filesystem::path temporary = path;
  temporary += text(".", new_uuid(), ".tmp");
  try {
    write_and_rename(temporary, path, bytes, mode);
  } catch (const Error&) {
    ::unlink(temporary.c_str());
    throw;
  }
  const std::filesystem::path directory = path.parent_path();
  sync_directory(directory.empty() ? "." : directory);
}

void sync_file(const FileHandle& file, const std::filesystem::path& path) {
  if (::fdatasync(file.get()) != 0) throw system_error(text("syncing ", quoted(path)), errno);
}

void sync_directory(const std::filesystem::path& directory) {
  const FileHandle handle = open_file(directory, O_RDONLY | O_DIRECTORY);
  if (::fsync(handle.get()) != 0) {
    throw system_error(text("syncing directory ", quoted(directory)), errno);
  }
}

Secret read_secret_file(const std::filesystem::path& path) {
  const FileHandle file{open_descriptor(path, O_RDONLY | O_NONBLOCK, 0)};
  if (!file.is_open()) {
    throw Error{ErrorKind::usage, text("cannot read secret file ", quoted(path), ": ",
                                       std::generic_category().message(errno))};
  }
  const struct stat status = status_of(file, path);
  check_secret_mode(path, status);
  // The whole file and one byte more, so that a longer one shows; never outside locked memory.
  const auto expected = static_cast<std::size_t>(status.st_size);
  if (expected > kLargestSecretBytes) {
    throw Error{ErrorKind::usage, text("secret file ", quoted(path), " is larger than 1 MiB")};
  }
  std::size_t size = 0;
  const Secret whole = Secret::filled(
      expected + 1, [&](MutableByteView bytes) { size = read_into(file, bytes, path); });
  if (size > expected) {
    throw Error{ErrorKind::usage, text("secret file ", quoted(path), " grew while it was read")};
  }
  std::string_view content = whole.text().substr(0, size);
  if (content.ends_with('\n')) content.remove_suffix(content.ends_with("\r\n") ? 2 : 1);
  if (content.empty()) {
    throw Error{ErrorKind::usage, text("secret file ", quoted(path), " is empty")};
  }
  return Secret{content};
}

}  // namespace base
