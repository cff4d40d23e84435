#include "src/base/clock.h"
#include "tests/fuzz/targets.h"

#include <string>

namespace fuzz {
namespace {

// The nearest instant whose year has four digits.
base::Instant shown_as(base::Instant instant) {
  return std::clamp(instant, *base::parse_rfc3339("0000-01-01T00:00:00Z"),
                    *base::parse_rfc3339("9999-12-31T23:59:59.999Z"));
}

}  // namespace

void fuzz_dates(base::ByteView input) {
  const std::string_view text = base::as_text(input);
  if (const auto instant = base::parse_rfc3339(text)) {
    hold(base::parse_rfc3339(base::format_rfc3339(*instant)) == shown_as(*instant),
         "an instant that is printed is read back");
  }
  if (const auto instant = base::parse_http_date(text)) {
    hold(base::to_milliseconds(*instant) % 1000 == 0, "an HTTP date has whole seconds");
  }
  // Stored instants may be any number.
  InputReader reader{input};
  const auto milliseconds = static_cast<std::int64_t>(reader.number<std::uint64_t>());
  const base::Instant instant = base::from_milliseconds(milliseconds);
  hold(base::parse_rfc3339(base::format_rfc3339(instant)) == shown_as(instant),
       "any instant can be shown");
}

}  // namespace fuzz
