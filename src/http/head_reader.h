// Puts the head of an answer together from its lines.
#pragma once

#include "src/http/transport.h"

#include <cstddef>
#include <string_view>

namespace http {

class HeadReader {
 public:
  explicit HeadReader(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  // A status line, a header field, or the empty line at the end; line ends may be there. Interim
  // answers (100, 103) are forgotten; trailers after the end are ignored. False once all lines
  // together exceed the limit.
  [[nodiscard]] bool add(std::string_view line);

  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] bool too_large() const { return read_bytes_ > limit_bytes_; }
  [[nodiscard]] const ResponseHead& head() const { return head_; }

 private:
  std::size_t limit_bytes_;
  std::size_t read_bytes_ = 0;
  bool complete_ = false;
  ResponseHead head_;
};

}  // namespace http
