// The service's throttling limits: what one application may ask of one mailbox, and of the
// directory.
#pragma once

#include "tests/simulator/message.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace simulator {

struct LimitSettings {
  std::uint64_t in_flight = 4;
  std::uint64_t requests = 10'000;
  Duration request_window = std::chrono::minutes{10};
  std::uint64_t upload_bytes = 150'000'000;
  Duration upload_window = std::chrono::minutes{5};
  // 0: 3,500, 5,000 or 8,000 by the number of users.
  std::uint64_t directory_units = 0;
  Duration directory_window = std::chrono::seconds{10};
};

struct Throttled {
  std::string message;
  Duration retry_after{};
};

// Counts from the first event of a window to the window's end, then anew. Not thread-safe.
class FixedWindow {
 public:
  // The time to the window's end if the limit has been reached; else the amount is counted.
  // What begins below the limit passes whole, so that one item larger than the limit can pass at
  // all.
  std::optional<Duration> count(std::uint64_t amount, std::uint64_t limit, Duration window,
                                Instant now);
  [[nodiscard]] std::uint64_t used() const { return used_; }

 private:
  Instant start_{};
  std::uint64_t used_ = 0;
};

// Not thread-safe.
class Limits {
 public:
  explicit Limits(LimitSettings settings) : settings_(settings) {}

  // Takes a place for a request on a mailbox, unless the limits refuse it. An upload's bytes are
  // given ahead, from its length. Refused requests count as requests, too.
  std::optional<Throttled> enter(std::string_view application, std::string_view mailbox,
                                 std::uint64_t upload_bytes, Instant now);
  void leave(std::string_view application, std::string_view mailbox);
  // For uploads whose length was not known at the start.
  void add_upload(std::string_view application, std::string_view mailbox, std::uint64_t bytes,
                  Instant now);

  std::optional<Throttled> spend_units(std::string_view application, std::uint64_t units,
                                       std::size_t users, Instant now);

  // Over all applications.
  [[nodiscard]] std::uint64_t in_flight(std::string_view mailbox) const;
  [[nodiscard]] LimitSettings& settings() { return settings_; }

 private:
  struct Use {
    std::uint64_t in_flight = 0;
    FixedWindow requests;
    FixedWindow upload;
  };
  using Key = std::pair<std::string, std::string>;  // mailbox, application

  LimitSettings settings_;
  std::map<Key, Use> uses_;
  std::map<std::string, FixedWindow, std::less<>> directory_units_;
};

}  // namespace simulator
