// What every fuzz target is made of. A target takes any bytes, gives them to one parser, and holds
// it to its promises: what it accepts means what it says, and what it refuses, it refuses with
// base::Error of the promised kinds. Anything else leaves the target as an exception, which is a
// finding.
#pragma once

#include "src/base/bytes.h"
#include "src/base/error.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>

namespace fuzz {

using Target = void (*)(base::ByteView input);

// A promise of the parser; `promise` is told if it is broken.
inline void hold(bool kept, const char* promise) { base::check(kept, promise); }

// What `read` gives; empty if it refused with one of `kinds`.
template <typename Read>
auto unless_refused(std::initializer_list<base::ErrorKind> kinds, Read read)
    -> std::optional<decltype(read())> {
  try {
    return read();
  } catch (const base::Error& error) {
    if (std::ranges::find(kinds, error.kind()) == kinds.end()) throw;
    hold(!error.message().empty(), "a refusal says why");
    return std::nullopt;
  }
}

// Takes an input apart from its front. At its end everything is zero or empty, so that no input is
// useless.
class InputReader {
 public:
  explicit InputReader(base::ByteView input) : rest_(input) {}

  template <typename Unsigned>
  Unsigned number() {
    std::byte bytes[sizeof(Unsigned)]{};
    std::ranges::copy(take(sizeof(Unsigned)), bytes);
    return base::load_le<Unsigned>(bytes);
  }
  std::uint8_t octet() { return number<std::uint8_t>(); }
  // At most that many bytes.
  base::ByteView take(std::size_t size_bytes) {
    const base::ByteView front = rest_.first(std::min(size_bytes, rest_.size()));
    rest_ = rest_.subspan(front.size());
    return front;
  }
  base::ByteView rest() { return take(rest_.size()); }
  [[nodiscard]] bool empty() const { return rest_.empty(); }

 private:
  base::ByteView rest_;
};

// Changes that the input asks for: a number of them, then for each a place (2 bytes) and what is
// mixed (exclusive or) into the byte there.
inline void patch(base::MutableByteView bytes, InputReader& input) {
  for (unsigned left = input.octet() % 16; left > 0; --left) {
    const auto place = input.number<std::uint16_t>();
    const std::uint8_t change = input.octet();
    if (!bytes.empty()) bytes[place % bytes.size()] ^= static_cast<std::byte>(change);
  }
}

}  // namespace fuzz
