#include "src/http/head_reader.h"

#include "src/base/text.h"

namespace http {
namespace {

// The three digits after the protocol's name; 0 if they are not there.
int status_of(std::string_view status_line) {
  const std::size_t blank = status_line.find(' ');
  if (blank == std::string_view::npos) return 0;
  int status = 0;
  for (const char c : status_line.substr(blank + 1, 3)) {
    if (c < '0' || c > '9') return 0;
    status = status * 10 + (c - '0');
  }
  return status;
}

}  // namespace

bool HeadReader::add(std::string_view line) {
  read_bytes_ += line.size();
  if (too_large()) return false;
  if (complete_) return true;
  if (line.starts_with("HTTP/")) {
    head_ = {status_of(line), {}};
    return true;
  }
  line = base::trim(line);
  if (line.empty()) {
    complete_ = head_.status >= 200;
    return true;
  }
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    head_.headers.push_back({std::string{base::trim(line.substr(0, colon))},
                             std::string{base::trim(line.substr(colon + 1))}});
  }
  return true;
}

}  // namespace http
