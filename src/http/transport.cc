#include "src/http/transport.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <algorithm>
#include <cstring>

namespace http {

std::string_view name(TransferFailure failure) {
  switch (failure) {
    case TransferFailure::none:
      return "none";
    case TransferFailure::not_sent:
      return "not sent";
    case TransferFailure::untrusted:
      return "untrusted";
    case TransferFailure::interrupted:
      return "interrupted";
    case TransferFailure::timed_out:
      return "timed out";
    case TransferFailure::too_large:
      return "headers too large";
    case TransferFailure::cancelled:
      return "cancelled";
  }
  return "unknown";
}

std::size_t TextSource::read(base::MutableByteView target) {
  const std::size_t size = std::min(target.size(), text_.size() - position_);
  std::memcpy(target.data(), text_.data() + position_, size);
  position_ += size;
  return size;
}

std::optional<std::string_view> ResponseHead::header(std::string_view name) const {
  for (const Header& header : headers) {
    if (base::equals_ignoring_case(header.name, name)) return header.value;
  }
  return std::nullopt;
}

void CollectingSink::on_head(const ResponseHead&) { text_.clear(); }

void CollectingSink::on_body(base::ByteView piece) {
  if (piece.size() > limit_bytes_ - text_.size()) {
    throw base::Error{base::ErrorKind::protocol,
                      base::text("the answer is longer than ", limit_bytes_, " bytes")};
  }
  text_.append(base::as_text(piece));
}

}  // namespace http
