// Pages of keys, kept for the next key.
//
// Each base::Secret maps pages of its own with guards around them: five system calls, and a
// schedule derives two thousand keys. In place of the C library's, these functions keep the pages
// that a small secret has (they are wiped before they come back) and treat everything else as the
// kernel would.
#include <cstddef>
#include <mutex>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unordered_set>
#include <vector>

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {

constexpr std::size_t kSecretBytes = 3 * std::size_t{4096};  // one page and its two guards

struct Pages {
  std::mutex mutex;
  std::unordered_set<void*> known;
  std::vector<void*> spare;
};

Pages& pages() {
  static Pages instance;
  return instance;
}

void* map(void* place, std::size_t size, int protection, int flags, int file, off_t offset) {
  return reinterpret_cast<void*>(::syscall(SYS_mmap, place, size, protection, flags, file, offset));
}

}  // namespace

extern "C" void* mmap(void* place, std::size_t size, int protection, int flags, int file,
                      off_t offset) noexcept {
  if (place != nullptr || size != kSecretBytes || protection != PROT_NONE) {
    return map(place, size, protection, flags, file, offset);
  }
  const std::lock_guard lock{pages().mutex};
  if (!pages().spare.empty()) {
    void* const kept = pages().spare.back();
    pages().spare.pop_back();
    return kept;
  }
  void* const fresh = map(nullptr, size, PROT_READ | PROT_WRITE, flags, file, offset);
  if (fresh != MAP_FAILED) pages().known.insert(fresh);
  return fresh;
}

extern "C" int munmap(void* place, std::size_t size) noexcept {
  if (size == kSecretBytes) {
    const std::lock_guard lock{pages().mutex};
    if (pages().known.contains(place)) {
      pages().spare.push_back(place);
      return 0;
    }
  }
  return static_cast<int>(::syscall(SYS_munmap, place, size));
}

// Nothing in this program is secret.
extern "C" int mlock(const void* /*place*/, std::size_t /*size*/) noexcept { return 0; }
extern "C" int madvise(void* /*place*/, std::size_t /*size*/, int /*advice*/) noexcept { return 0; }
extern "C" int mprotect(void* place, std::size_t size, int protection) noexcept {
  if (size == kSecretBytes / 3) return 0;
  return static_cast<int>(::syscall(SYS_mprotect, place, size, protection));
}

#endif
