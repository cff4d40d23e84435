#include "src/cli/commands.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/catalog/restore_points.h"

namespace cli {

std::string short_time(base::Instant instant) {
  const std::string whole = base::format_rfc3339(instant);  // 2026-11-23T02:00:00Z
  return base::text(whole.substr(0, 10), " ", whole.substr(11, 5));
}

double seconds_since(const base::Clock& clock, base::Duration begin) {
  return std::chrono::duration<double>(clock.monotonic() - begin).count();
}

base::Instant moment_of(const std::string& text, std::string_view option, bool to_its_end) {
  if (const auto instant = catalog::parse_time(text, to_its_end)) return *instant;
  throw AdvisedError{
      base::Error{base::ErrorKind::usage, base::text(option, " is not a time: '", text, "'")},
      "write YYYY-MM-DD, YYYY-MM-DD HH:MM (UTC) or RFC 3339"};
}

}  // namespace cli
