// Secret bytes: kept out of swap, wiped when dropped, and never printed.
#pragma once

#include "src/base/bytes.h"

#include <string_view>

namespace base {

// Owns its bytes in pages locked against swapping where the limits allow it. Movable, not copyable.
class Secret {
 public:
  Secret() = default;
  explicit Secret(ByteView bytes);
  explicit Secret(std::string_view text) : Secret(as_bytes(text)) {}
  ~Secret();
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;

  [[nodiscard]] ByteView bytes() const { return {data_, size_}; }
  [[nodiscard]] std::string_view text() const { return as_text(bytes()); }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] Secret clone() const { return Secret{bytes()}; }

 private:
  void wipe() noexcept;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t mapped_ = 0;
};

}  // namespace base
