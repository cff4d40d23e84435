// The administration endpoint: what the tenant holds, and ways to change it from outside. See
// README.md.
#pragma once

#include "src/base/synchronized.h"
#include "tests/simulator/item_stream.h"
#include "tests/simulator/tenant.h"

#include <string>
#include <string_view>
#include <unordered_map>

namespace simulator {

// Thread-safe.
class Admin {
 public:
  // The tenant outlives it.
  explicit Admin(Tenant& tenant) : tenant_(tenant) {}

  // Answers requests whose path begins with /_admin.
  Response handle(const RequestHead& head, std::string_view body, Instant now);

 private:
  // With the digests of folder streams, if `of_folders`.
  Response show_state(const std::string& mailbox, bool of_folders);
  Response show_statistics();
  StreamSummary summary_of(const Recipe& recipe);

  Tenant& tenant_;
  // Making a stream again costs as much as exporting it, so its digest is kept.
  base::Synchronized<std::unordered_map<std::string, StreamSummary>> summaries_;
};

}  // namespace simulator
