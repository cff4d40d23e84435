// Secret bytes: kept out of swap and core dumps, wiped when dropped, and never printed.
#pragma once

#include "src/base/bytes.h"

#include <string_view>
#include <utility>

namespace base {

// Owns its bytes in pages of their own, between two that nothing may touch: whatever runs past the
// end, or before the beginning, ends the program instead of telling or changing a key. The pages
// are locked against swapping; where the limits of the process forbid that, the log says so once.
// Movable, not copyable.
class Secret {
 public:
  Secret() = default;
  explicit Secret(ByteView bytes);
  explicit Secret(std::string_view text) : Secret(as_bytes(text)) {}
  ~Secret();
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;

  // Made in its place, so that no copy has to be wiped: `fill` gets `size_bytes` zeros to write to.
  template <typename Fill>
  static Secret filled(std::size_t size_bytes, Fill&& fill) {
    Secret secret;
    secret.allocate(size_bytes);
    std::forward<Fill>(fill)(MutableByteView{secret.data_, secret.size_});
    return secret;
  }

  [[nodiscard]] ByteView bytes() const { return {data_, size_}; }
  [[nodiscard]] std::string_view text() const { return as_text(bytes()); }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] Secret clone() const { return Secret{bytes()}; }

 private:
  void allocate(std::size_t size_bytes);
  void wipe() noexcept;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace base
