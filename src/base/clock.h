// Instants, and where they come from. Nothing but SystemClock reads the machine's clock or sleeps.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace base {

using Duration = std::chrono::milliseconds;
// UTC.
using Instant = std::chrono::sys_time<std::chrono::milliseconds>;

class Clock {
 public:
  virtual ~Clock() = default;

  [[nodiscard]] virtual Instant now() const = 0;
  // Never goes back; only differences mean anything.
  [[nodiscard]] virtual Duration monotonic() const = 0;
  // Returns early when `stop` is requested. Zero and negative durations return at once.
  virtual void sleep_for(Duration duration, std::stop_token stop) = 0;
};

// Thread-safe.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override;
  [[nodiscard]] Duration monotonic() const override;
  void sleep_for(Duration duration, std::stop_token stop) override;
};

// RFC 3339 in UTC: "2026-11-23T02:00:00Z", ".123" only for milliseconds; years 0 to 9999 at most.
std::string format_rfc3339(Instant instant);
// Any RFC 3339 text, any offset, fractions cut to milliseconds. Empty if it is not one.
std::optional<Instant> parse_rfc3339(std::string_view text);
// An HTTP date, IMF-fixdate only (RFC 9110, 5.6.7). Empty if it is not one.
std::optional<Instant> parse_http_date(std::string_view text);

inline std::int64_t to_milliseconds(Instant instant) { return instant.time_since_epoch().count(); }
inline Instant from_milliseconds(std::int64_t ms) { return Instant{Duration{ms}}; }

}  // namespace base
