// How the store grows: its sizes day by day, and what that means for its disk.
#pragma once

#include "src/base/clock.h"
#include "src/base/synchronized.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace appliance {

struct TrendPoint {
  base::Instant time;
  std::uint64_t logical_bytes = 0, unique_bytes = 0, stored_bytes = 0, index_bytes = 0;
  std::uint64_t free_bytes = 0, capacity_bytes = 0;
  std::uint64_t snapshots = 0, items = 0;
};

// Bytes that a day adds to what is stored, over the last 30 days at most: least squares. Empty for
// less than two days. Pure.
std::optional<double> growth_per_day(const std::vector<TrendPoint>& points);
// When the disk is full if that goes on; empty if it does not grow, or not within ten years. Pure.
std::optional<base::Instant> full_on(const std::vector<TrendPoint>& points, base::Instant now);

// Thread-safe. One point a day is kept, the last of it, for three years.
class Trend {
 public:
  // A file that cannot be read is set aside and told in the log.
  explicit Trend(std::filesystem::path file);

  // A disk that does not take it is told in the log; it then counts until a restart.
  void add(const TrendPoint& point);
  // Oldest first; the last one is of today.
  [[nodiscard]] std::vector<TrendPoint> points() const;

 private:
  std::filesystem::path file_;
  base::Synchronized<std::vector<TrendPoint>> points_;
};

}  // namespace appliance
