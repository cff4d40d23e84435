// What to do after a transfer: take its answer, wait and repeat, or give up. Pure: same arguments,
// same verdict.
#pragma once

#include "src/base/clock.h"
#include "src/http/transport.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace http {

// Whether the peer's acting twice on the request would do harm.
enum class Repeatable : std::uint8_t {
  yes,
  unless_sent,  // only where the peer cannot have acted: never sent, or told to come back later
};

// Attempts in all, the first included, by why the earlier ones failed.
struct AttemptLimits {
  unsigned throttled = 12;   // 423, 429, 503, 504, 509
  unsigned broken = 6;       // 500, 502, cut answers, lost connections
  unsigned unreachable = 6;  // never sent
};

// The wait before the repetition, when the answer names none.
inline constexpr base::Duration kFirstBackoff = std::chrono::seconds{2};
inline constexpr base::Duration kLongestBackoff = std::chrono::seconds{60};
// A longer Retry-After is taken for this long.
inline constexpr base::Duration kLongestRetryAfter = std::chrono::hours{1};

enum class Action : std::uint8_t {
  take,     // an answer to be judged by the caller, whatever its status
  repeat,   // after `wait`
  give_up,  // no more attempts; the last transfer is the outcome
  lost,     // the peer may have acted and must not be asked again blindly
};

struct Verdict {
  Action action = Action::take;
  base::Duration wait{};
  bool throttled = false;  // the service told us to come later
  bool holds_others =
      false;  // `wait` is for all requests to the same mailbox, not for this one alone

  bool operator==(const Verdict&) const = default;
};

struct Attempt {
  const Transfer& transfer;
  unsigned number = 1;        // of this request, from 1
  bool body_is_whole = true;  // false: status 2xx, but the body broke off or is malformed
  base::Instant now{};        // by our clock
  double jitter = 0.5;        // random, [0, 1)
};

Verdict judge(const Attempt& attempt, Repeatable repeatable, const AttemptLimits& limits = {});

// Doubles from kFirstBackoff to kLongestBackoff; `jitter` in [0, 1) moves it between half and
// whole.
base::Duration backoff(unsigned attempt, double jitter);

// The wait that a Retry-After header asks for: seconds, or an HTTP date measured against the
// answer's own Date (the peer's clock) or else `now`. Bounded; empty if absent or neither.
std::optional<base::Duration> retry_after(const ResponseHead& head, base::Instant now);

}  // namespace http
