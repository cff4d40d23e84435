#include "src/http/head_reader.h"

#include "src/base/text.h"
#include "src/http/retry_policy.h"
#include "tests/fuzz/targets.h"

namespace fuzz {

// Two octets are the limit; then lines.
void fuzz_head_reader(base::ByteView input) {
  InputReader reader{input};
  const std::size_t limit = reader.number<std::uint16_t>();
  http::HeadReader head{limit};
  std::size_t given = 0;
  for (const std::string& line : base::split(base::as_text(reader.rest()), '\n')) {
    given += line.size() + 1;
    const bool taken = head.add(line + '\n');
    hold(taken == (given <= limit) && taken != head.too_large(), "a head ends at its limit");
    if (!taken) return;
  }
  std::size_t kept = 0;
  for (const http::Header& header : head.head().headers) {
    kept += header.name.size() + header.value.size();
    hold(header.name.find(':') == std::string::npos, "a name ends at its colon");
    hold(head.head().header(header.name).has_value(), "a header is found by its name");
  }
  hold(kept <= given, "no more is kept than came");
  hold(head.head().status >= 0 && head.head().status <= 999, "a status has three digits");
  hold(!head.complete() || head.head().status >= 200, "interim answers are not complete");

  const auto wait = http::retry_after(head.head(), base::from_milliseconds(1'775'000'000'000));
  hold(!wait || (*wait >= base::Duration{0} && *wait <= http::kLongestRetryAfter),
       "a wait is bounded");
  const http::Transfer transfer{head.head(), http::TransferFailure::none, {}};
  const http::Verdict verdict = http::judge({transfer, 1, true, {}, 0.5}, http::Repeatable::yes);
  hold(verdict.wait >= base::Duration{0} && verdict.wait <= http::kLongestRetryAfter,
       "a verdict is bounded");
}

}  // namespace fuzz
