#include "schedules/internal/weekdays.h"

#include "src/base/text.h"

#include <array>
#include <optional>

namespace schedules {
namespace {

constexpr std::array<std::string_view, 7> kNames{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                 "Friday", "Saturday", "Sunday"};

std::string_view short_name(std::size_t day) { return kNames[day].substr(0, 3); }

std::optional<std::size_t> day_named(std::string_view name) {
  for (std::size_t day = 0; day < kNames.size(); ++day) {
    if (base::equals_ignoring_case(name, kNames[day]) ||
        base::equals_ignoring_case(name, short_name(day))) {
      return day;
    }
  }
  return std::nullopt;
}

std::size_t parse_day(const SourceText& source, std::string_view name) {
  if (const auto day = day_named(name)) return *day;
  if (name.empty()) source.refuse(name, "a weekday is missing; write one, such as \"Mon\"");
  const std::vector<std::string> known{kNames.begin(), kNames.end()};
  const auto near = base::nearest(name, known);
  source.refuse(name, near ? base::text("no weekday; did you mean \"", near->substr(0, 3), "\"?")
                           : "no weekday; write \"Mon\", \"Mon,Wed\" or \"Mon..Fri\"");
}

std::string range_text(std::size_t first, std::size_t last) {
  if (first == last) return std::string{short_name(first)};
  return base::text(short_name(first), last - first == 1 ? "," : "..", short_name(last));
}

void add_range(const SourceText& source, std::string_view part, Weekdays& days) {
  const std::size_t dots = part.find("..");
  const std::size_t dash = part.find('-');
  const std::size_t end = dots != std::string_view::npos ? dots : dash;
  const std::size_t first = parse_day(source, part.substr(0, end));
  if (end == std::string_view::npos) {
    days.set(first);
    return;
  }
  const std::size_t last = parse_day(source, part.substr(end + (end == dots ? 2 : 1)));
  if (last < first) {
    source.refuse(part,
                  base::text("runs over the end of the week, which begins on Monday; write \"",
                             range_text(first, 6), ",", range_text(0, last), "\""));
  }
  for (std::size_t day = first; day <= last; ++day) days.set(day);
}

}  // namespace

Weekdays parse_weekdays(const SourceText& source, std::string_view word) {
  std::string_view list = word;
  if (list.size() > 1 && list.back() == ',') list.remove_suffix(1);
  Weekdays days;
  for (const std::string_view part : parts_between(list, ',')) add_range(source, part, days);
  return days;
}

std::string weekdays_text(const Weekdays& days) {
  if (days.all()) return {};
  std::string listed;
  for (std::size_t first = 0; first < days.size(); ++first) {
    if (!days.test(first)) continue;
    std::size_t last = first;
    while (last + 1 < days.size() && days.test(last + 1)) ++last;
    listed += (listed.empty() ? "" : ",") + range_text(first, last);
    first = last;
  }
  return listed;
}

bool begins_with_weekday(std::string_view word) {
  return day_named(word.substr(0, word.find_first_of(",.-"))).has_value();
}

}  // namespace schedules
