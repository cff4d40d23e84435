// How far long work is, in one line: items, bytes, rate, time left, minutes lost to throttling.
// Pure: readings and their times come from the caller.
#pragma once

#include "src/base/clock.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace jobs {

struct ProgressReading {
  std::string stage;  // "12 of 40 mailboxes"; may be empty
  std::uint64_t items_done = 0;
  std::uint64_t items_total = 0;  // 0: not known
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;  // 0: not known
  base::Duration throttled{};     // lost to the limits of the service so far
};

class ProgressModel {
 public:
  // `at`: monotonic; never earlier than the one before.
  void update(const ProgressReading& reading, base::Duration at);

  // Bytes a second over the last half minute.
  [[nodiscard]] double bytes_per_second() const;
  // From the rate and the bytes that are left, or from the items where bytes are not known. Empty
  // as long as there is nothing to tell it from.
  [[nodiscard]] std::optional<base::Duration> time_left() const;
  // Fits into `columns` by leaving out what matters least.
  [[nodiscard]] std::string line(std::size_t columns) const;

 private:
  struct Sample {
    base::Duration at;
    std::uint64_t items;
    std::uint64_t bytes;
  };
  [[nodiscard]] double per_second(std::uint64_t Sample::*figure) const;

  ProgressReading last_;
  std::deque<Sample> samples_;
};

// "45 s", "12 min", "3 h 20 min".
std::string human_duration(base::Duration duration);
// "12,345".
std::string human_count(std::uint64_t count);
// A plural that reads well: "1 item", "2 items".
std::string counted(std::uint64_t count, std::string_view singular);

}  // namespace jobs
