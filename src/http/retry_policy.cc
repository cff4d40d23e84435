#include "src/http/retry_policy.h"

#include "src/base/text.h"

#include <algorithm>
#include <charconv>

namespace http {
namespace {

bool is_success(int status) { return status >= 200 && status < 300; }

bool is_throttling(int status) {
  return status == 423 || status == 429 || status == 503 || status == 504 || status == 509;
}

// 423 and 429 and 509 say that nothing was done; a gateway's 503 or 504 may hide a request that
// was.
bool is_certainly_not_done(int status) { return status == 423 || status == 429 || status == 509; }

Verdict repeat_or(Action otherwise, const Attempt& attempt, unsigned limit, base::Duration wait,
                  bool throttled) {
  if (attempt.number >= limit) return {otherwise, wait, throttled, throttled};
  return {Action::repeat, wait, throttled, throttled};
}

Verdict judge_throttling(const Attempt& attempt, Repeatable repeatable,
                         const AttemptLimits& limits) {
  const auto asked = retry_after(attempt.transfer.head, attempt.now);
  // "At once" is believed once: more of them would use up all attempts within a moment.
  const bool in_vain = attempt.number > 1 && asked == base::Duration{0};
  const base::Duration wait = asked && !in_vain ? *asked : backoff(attempt.number, attempt.jitter);
  if (repeatable == Repeatable::unless_sent &&
      !is_certainly_not_done(attempt.transfer.head.status)) {
    return {Action::lost, wait, true, true};
  }
  return repeat_or(Action::give_up, attempt, limits.throttled, wait, true);
}

Verdict judge_broken(const Attempt& attempt, Repeatable repeatable, const AttemptLimits& limits) {
  if (repeatable == Repeatable::unless_sent) return {Action::lost, {}, false, false};
  const base::Duration wait = backoff(attempt.number, attempt.jitter);
  return repeat_or(Action::give_up, attempt, limits.broken, wait, false);
}

}  // namespace

base::Duration backoff(unsigned attempt, double jitter) {
  base::Duration whole = kFirstBackoff;
  for (unsigned i = 1; i < attempt && whole < kLongestBackoff; ++i) whole *= 2;
  whole = std::min(whole, kLongestBackoff);
  const double share = 0.5 + std::clamp(jitter, 0.0, 1.0) / 2;
  return base::Duration{
      static_cast<base::Duration::rep>(static_cast<double>(whole.count()) * share)};
}

std::optional<base::Duration> retry_after(const ResponseHead& head, base::Instant now) {
  const auto header = head.header("Retry-After");
  if (!header) return std::nullopt;
  const std::string_view value = base::trim(*header);
  std::uint64_t seconds = 0;
  const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (!value.empty() && end == value.data() + value.size()) {
    const auto longest = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(kLongestRetryAfter).count());
    if (code == std::errc::result_out_of_range || seconds > longest) return kLongestRetryAfter;
    return std::chrono::seconds{seconds};
  }
  const auto when = base::parse_http_date(value);
  if (!when) return std::nullopt;
  const auto date = head.header("Date");
  const auto peer_now = date ? base::parse_http_date(base::trim(*date)) : std::nullopt;
  return std::clamp(*when - peer_now.value_or(now), base::Duration{0}, kLongestRetryAfter);
}

Verdict judge(const Attempt& attempt, Repeatable repeatable, const AttemptLimits& limits) {
  switch (attempt.transfer.failure) {
    case TransferFailure::not_sent:
      return repeat_or(Action::give_up, attempt, limits.unreachable,
                       backoff(attempt.number, attempt.jitter), false);
    case TransferFailure::interrupted:
    case TransferFailure::timed_out:
      return judge_broken(attempt, repeatable, limits);
    case TransferFailure::untrusted:
    case TransferFailure::too_large:
    case TransferFailure::cancelled:
      return {Action::give_up, {}, false, false};
    case TransferFailure::none:
      break;
  }
  const int status = attempt.transfer.head.status;
  if (is_throttling(status)) return judge_throttling(attempt, repeatable, limits);
  if (status == 500 || status == 502) return judge_broken(attempt, repeatable, limits);
  if (is_success(status) && !attempt.body_is_whole)
    return judge_broken(attempt, repeatable, limits);
  return {};
}

}  // namespace http
