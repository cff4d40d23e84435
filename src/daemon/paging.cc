#include "src/daemon/paging.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace appliance {
namespace {

template <typename Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

[[noreturn]] void fail(const std::string& cursor) {
  throw base::Error{base::ErrorKind::usage,
                    base::text("\"", base::printable(cursor), "\" is not where a page ended")};
}

}  // namespace

std::string time_cursor(base::Instant time, const std::string& id) {
  return base::text(base::to_milliseconds(time), ".", id);
}

std::pair<base::Instant, std::string> parse_time_cursor(const std::string& cursor) {
  const std::size_t dot = cursor.find('.');
  if (dot == std::string::npos) fail(cursor);
  const auto time = whole_number<std::int64_t>(std::string_view{cursor}.substr(0, dot));
  if (!time) fail(cursor);
  return {base::from_milliseconds(*time), cursor.substr(dot + 1)};
}

web::Page page_of(const std::vector<jobs::Record>& records, const web::PageRequest& asked) {
  std::size_t next = 0;
  if (!asked.after.empty()) {
    const auto number = whole_number<std::size_t>(asked.after);
    if (!number) fail(asked.after);
    next = std::min(*number, records.size());
  }
  web::Page page;
  page.total = records.size();
  for (; next < records.size() && page.records.size() < asked.limit; ++next) {
    page.records.push_back(jobs::to_json(records[next]));
  }
  if (next < records.size()) page.next = base::text(next);
  return page;
}

}  // namespace appliance
