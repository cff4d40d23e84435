#include "src/base/secret.h"

#include "src/base/error.h"
#include "src/base/log.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace base {
namespace {

// Keys are read in words; what ends with a page would otherwise begin anywhere.
constexpr std::size_t kAlignment = 16;

std::size_t page_bytes() {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

std::size_t rounded_up(std::size_t size_bytes, std::size_t unit) {
  return (size_bytes + unit - 1) / unit * unit;
}

// The pages of a secret, without the two guards.
struct Pages {
  std::byte* begin;
  std::size_t size_bytes;
};

// A secret ends where its pages end, but for the alignment.
Pages pages_of(std::byte* data, std::size_t size_bytes) {
  const std::size_t page = page_bytes();
  std::byte* const begin = data - reinterpret_cast<std::uintptr_t>(data) % page;
  return {begin, rounded_up(static_cast<std::size_t>(data - begin) + size_bytes, page)};
}

// Secrets work without it, so it is no error; but nobody should have to guess it.
void warn_once(int error_number) {
  static std::atomic_flag warned;
  if (warned.test_and_set()) return;
  log(LogLevel::warning, "keys cannot be locked in memory and may reach the swap (",
      std::generic_category().message(error_number),
      "): raise the limit of locked memory, LimitMEMLOCK= in the service or `ulimit -l`");
}

}  // namespace

Secret::Secret(ByteView bytes) {
  allocate(bytes.size());
  std::ranges::copy(bytes, data_);
}

void Secret::allocate(std::size_t size_bytes) {
  if (size_bytes == 0) return;
  const std::size_t page = page_bytes();
  const std::size_t inner_bytes = rounded_up(size_bytes, page);
  void* const mapping = ::mmap(nullptr, inner_bytes + 2 * page, PROT_NONE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) {
    throw Error{ErrorKind::failed, system_error("no memory for a secret", errno).message()};
  }
  std::byte* const inner = static_cast<std::byte*>(mapping) + page;
  if (::mprotect(inner, inner_bytes, PROT_READ | PROT_WRITE) != 0) {
    const int error_number = errno;
    ::munmap(mapping, inner_bytes + 2 * page);
    throw Error{ErrorKind::failed, system_error("no memory for a secret", error_number).message()};
  }
  if (::mlock(inner, inner_bytes) != 0) warn_once(errno);
  static_cast<void>(::madvise(inner, inner_bytes, MADV_DONTDUMP));  // a precaution of new kernels
  data_ = inner + inner_bytes - rounded_up(size_bytes, kAlignment);
  size_ = size_bytes;
}

Secret::~Secret() { wipe(); }

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

void Secret::wipe() noexcept {
  if (data_ == nullptr) return;
  const Pages pages = pages_of(data_, size_);
  ::explicit_bzero(pages.begin, pages.size_bytes);
  const std::size_t page = page_bytes();
  ::munmap(pages.begin - page, pages.size_bytes + 2 * page);  // unlocks too
  data_ = nullptr;
  size_ = 0;
}

}  // namespace base
