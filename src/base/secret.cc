#include "src/base/secret.h"

#include "src/base/error.h"

#include <cerrno>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace base {

Secret::Secret(ByteView bytes) : size_(bytes.size()) {
  if (bytes.empty()) return;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  mapped_ = (bytes.size() + page - 1) / page * page;
  void* pages =
      ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) {
    throw Error{ErrorKind::failed, system_error("no memory for a secret", errno).message()};
  }
  // Both are precautions that small limits or old kernels may refuse; the secret works without
  // them.
  static_cast<void>(::mlock(pages, mapped_));
  static_cast<void>(::madvise(pages, mapped_, MADV_DONTDUMP));
  data_ = static_cast<std::byte*>(pages);
  std::memcpy(data_, bytes.data(), bytes.size());
}

Secret::~Secret() { wipe(); }

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      mapped_(std::exchange(other.mapped_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    mapped_ = std::exchange(other.mapped_, 0);
  }
  return *this;
}

void Secret::wipe() noexcept {
  if (data_ == nullptr) return;
  ::explicit_bzero(data_, mapped_);
  ::munmap(data_, mapped_);  // unlocks too
  data_ = nullptr;
  size_ = mapped_ = 0;
}

}  // namespace base
