// What the simulator saw, for tests and demonstrations to check.
#pragma once

#include "tests/simulator/message.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace simulator {

// Not thread-safe.
struct Statistics {
  std::map<std::pair<std::string, int>, std::uint64_t> requests;  // by operation and status
  std::map<std::string, std::uint64_t> maximum_in_flight;         // by mailbox id
  std::map<std::string, std::uint64_t> faults;                    // struck, by name
  // Where delta rounds ended before the newest changes: folder ids by mailbox id; empty for the
  // rounds of the folders themselves.
  std::map<std::string, std::set<std::string>> late_rounds;
  // Things a client must never do: an Authorization header sent to an import URL, ...
  std::map<std::string, std::uint64_t> violations;
  // Requests that came before a mailbox's Retry-After was over, and had not been under way.
  std::uint64_t early_retries = 0;
  std::uint64_t imported_items = 0;
  std::uint64_t imported_bytes = 0;  // of streams
  std::uint64_t uploaded_bytes = 0;  // of request bodies
  std::uint64_t exported_items = 0;
  std::map<std::string, std::uint64_t> exported_items_by_mailbox;  // by mailbox id
};

}  // namespace simulator
