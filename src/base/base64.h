// Base64 (RFC 4648): standard alphabet with padding, and the URL alphabet without.
#pragma once

#include "src/base/bytes.h"

#include <optional>
#include <string>
#include <string_view>

namespace base {

std::string base64_encode(ByteView bytes);
std::string base64url_encode(ByteView bytes);
// Standard alphabet, padding required, nothing else tolerated. Empty on anything malformed.
std::optional<Bytes> base64_decode(std::string_view text);

// Decodes base64 that arrives in pieces cut anywhere. Not thread-safe.
class Base64Decoder {
 public:
  // Appends the bytes decoded so far to `out`; false once the text has been malformed.
  [[nodiscard]] bool decode(std::string_view piece, Bytes& out);
  // Whether the text may end here: whole quads, and padding (if any) at the end only.
  [[nodiscard]] bool complete() const { return !failed_ && pending_size_ == 0; }

 private:
  // `quads` is a multiple of four characters.
  bool decode_whole_quads(std::string_view quads, Bytes& out);

  char pending_[4]{};
  std::size_t pending_size_ = 0;
  bool padded_ = false;
  bool failed_ = false;
};

}  // namespace base
