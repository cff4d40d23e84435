#include "tests/crash/power_cut/trace.h"

#include <array>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace power_cut {
namespace {

static_assert(std::endian::native == std::endian::little);

struct Head {
  std::uint32_t kind;
  std::uint32_t flags;
  std::uint64_t inode;
  std::uint64_t offset;
  std::uint64_t length_bytes;
  std::uint64_t printed_bytes;
  std::uint32_t path_bytes;
  std::uint32_t second_path_bytes;
};
static_assert(sizeof(Head) == 48);

// Straight to the kernel: the library's own call would be recorded.
void write_whole(int descriptor, const char* data, std::size_t size) {
  while (size > 0) {
    const long count = ::syscall(SYS_write, descriptor, data, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) refuse("the trace cannot be written");
    data += count;
    size -= static_cast<std::size_t>(count);
  }
}

}  // namespace

void refuse(const std::string& why) {
  const std::string message = "power cut recorder: " + why + "\n";
  static_cast<void>(::syscall(SYS_write, STDERR_FILENO, message.data(), message.size()));
  std::abort();
}

Trace::Trace(const char* path)
    : descriptor_(static_cast<int>(
          ::syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600))) {
  if (descriptor_ < 0) refuse(std::string{"the trace cannot be opened: "} + path);
}

void Trace::append(const Event& event, std::uint64_t printed_bytes) const {
  const Head head{static_cast<std::uint32_t>(event.kind),
                  event.flags,
                  event.inode,
                  event.offset,
                  event.length_bytes,
                  printed_bytes,
                  static_cast<std::uint32_t>(event.path.size()),
                  static_cast<std::uint32_t>(event.second_path.size())};
  std::string bytes(sizeof head, '\0');
  std::memcpy(bytes.data(), &head, sizeof head);
  bytes += event.path;
  bytes += event.second_path;
  std::uint64_t left = event.kind == Kind::write ? event.length_bytes : 0;
  for (const iovec& part : event.data) {
    const std::uint64_t taken = left < part.iov_len ? left : part.iov_len;
    bytes.append(static_cast<const char*>(part.iov_base), taken);
    left -= taken;
  }
  write_whole(descriptor_, bytes.data(), bytes.size());
}

}  // namespace power_cut
