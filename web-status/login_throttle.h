// How long whoever guesses passwords has to wait: a policy without clock or lock.
#pragma once

#include "src/base/clock.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace web {

// Failures are counted for an account and for an address; after some, each makes the next try wait
// twice as long. An address that an account lately logged in from is not kept waiting by what
// others do to the account, so that nobody can lock it out. Bounded: the oldest entries are
// forgotten.
class LoginThrottle {
 public:
  static constexpr std::size_t kMostEntries = 4096;

  // What is left to wait; empty if it may try. `now` is monotonic, `address` a normalized one.
  [[nodiscard]] std::optional<base::Duration> wait_for(const std::string& account,
                                                       std::string_view address,
                                                       base::Duration now) const;
  void failed(const std::string& account, std::string_view address, base::Duration now);
  void succeeded(const std::string& account, std::string_view address, base::Duration now);

  [[nodiscard]] std::size_t entries() const { return entries_.size(); }

 private:
  struct Entry {
    unsigned failures = 0;
    base::Duration last{};
    bool is_trusted = false;  // an account at an address, after a login
  };

  [[nodiscard]] const Entry* find(const std::string& key, base::Duration now) const;
  Entry& touch(const std::string& key, base::Duration now);

  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace web
