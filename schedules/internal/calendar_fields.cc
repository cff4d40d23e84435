#include "schedules/internal/calendar_fields.h"

#include "src/base/text.h"

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace schedules {
namespace {

constexpr int kOpen = -1;
// As many days has every month: the day of that number from the end is always there.
constexpr int kShortestMonth = 28;

// What a list consists of: start, or start to stop, each step; an open one goes on to the end.
struct Range {
  int start = 0;
  int stop = kOpen;
  int step = 0;  // none: the start alone

  auto operator<=>(const Range&) const = default;
};

// One part of date or time, as operators call it.
struct Part {
  std::string_view name;
  int least;
  int most;
  std::size_t digits = 2;
  bool from_end = false;
};

constexpr Part kYear{"year", kFirstYear, kLastYear, 4};
constexpr Part kMonth{"month", 1, 12};
constexpr Part kDay{"day", 1, 31};
constexpr Part kDayFromEnd{"day before the end of the month", 1, kShortestMonth, 2, true};
constexpr Part kHour{"hour", 0, 23};
constexpr Part kMinute{"minute", 0, 59};
constexpr Part kSecond{"second", 0, 59};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool has(std::string_view word, char c) { return word.find(c) != std::string_view::npos; }

std::string padded(int value, std::size_t digits) {
  std::string text = base::text(value);
  if (text.size() < digits) text.insert(0, digits - text.size(), '0');
  return text;
}

int parse_number(const SourceText& source, std::string_view text, std::string_view name) {
  if (text.empty()) source.refuse(text, base::text("the ", name, " is missing; write a number"));
  if (!std::ranges::all_of(text, is_digit)) {
    source.refuse(text, has(text, '.') ? base::text("the ", name,
                                                    " is a whole number; a range is written 1..5")
                                       : base::text("no ", name, "; write a number in digits"));
  }
  int value = 0;
  for (const char digit : text) value = std::min(value * 10 + (digit - '0'), 100'000'000);
  return value;
}

int parse_value(const SourceText& source, std::string_view text, const Part& part) {
  int value = parse_number(source, text, part.name);
  // Years of two digits are those from 1970 to 2069.
  if (part.least == kFirstYear && value < 100) value += value < 70 ? 2000 : 1900;
  if (value < part.least || value > part.most) {
    source.refuse(text, base::text("the ", part.name, " is from ", part.least, " to ", part.most));
  }
  return value;
}

std::string run_text(int first, int last, const Part& part) {
  const std::string text = padded(first, part.digits);
  return first == last ? text : base::text(text, "..", padded(last, part.digits));
}

int parse_step(const SourceText& source, std::string_view text, std::string_view part_name) {
  const int step = parse_number(source, text, "step");
  if (step == 0) source.refuse(text, base::text("a step of no ", part_name, "; write 1 or more"));
  return step;
}

Range parse_range(const SourceText& source, std::string_view text, const Part& part) {
  const std::size_t slash = text.find('/');
  const std::string_view values = text.substr(0, slash);
  const bool stepped = slash != std::string_view::npos;
  if (has(values, '*')) {
    source.refuse(text,
                  values == "*" && stepped
                      ? base::text("\"*\" takes no step; write \"",
                                   run_text(part.least, part.least, part), text.substr(slash), "\"")
                      : base::text("\"*\" stands alone for each ", part.name));
  }
  const std::size_t dots = values.find("..");
  Range range{parse_value(source, values.substr(0, dots), part)};
  if (stepped) range.step = parse_step(source, text.substr(slash + 1), part.name);
  if (dots != std::string_view::npos) {
    const int stop = parse_value(source, values.substr(dots + 2), part);
    if (stop < range.start) {
      source.refuse(values, base::text("runs backwards; write \"", run_text(part.least, stop, part),
                                       ",", run_text(range.start, part.most, part), "\""));
    }
    range.step = std::max(range.step, 1);
    range.stop = stop - (stop - range.start) % range.step;
    if (range.stop == range.start) range = Range{range.start};
  } else if (stepped) {
    const int room = part.from_end ? range.start - part.least : part.most - range.start;
    if (range.step > room) {
      source.refuse(text, base::text("the first step leads past the last ", part.name, "; write \"",
                                     padded(range.start, part.digits), "\""));
    }
  }
  return range;
}

// Empty if it is "*".
std::vector<Range> parse_ranges(const SourceText& source, std::string_view word, const Part& part) {
  std::vector<Range> ranges;
  if (word == "*") return ranges;
  for (const std::string_view text : parts_between(word, ',')) {
    ranges.push_back(parse_range(source, text, part));
  }
  std::ranges::sort(ranges);
  ranges.erase(std::unique(ranges.begin(), ranges.end()), ranges.end());
  return ranges;
}

std::string text_of(const std::vector<Range>& ranges, const Part& part) {
  if (ranges.empty()) return "*";
  // All seconds are the one thing that has two names; of hours and minutes, "00/1" stays.
  const bool seconds = part.name == kSecond.name;
  if (seconds && std::ranges::find(ranges, Range{0, kOpen, 1}) != ranges.end()) return "*";
  std::vector<std::string> listed;
  for (const Range& range : ranges) {
    const bool closed = range.stop != kOpen;
    std::string text = run_text(range.start, closed ? range.stop : range.start, part);
    if (range.step > 1 || (range.step == 1 && !closed)) text += base::text("/", range.step);
    listed.push_back(std::move(text));
  }
  std::string joined = listed.front();
  for (std::size_t i = 1; i < listed.size(); ++i) joined += "," + listed[i];
  return joined;
}

template <std::size_t Size>
void allow(std::bitset<Size>& set, const Range& range, const Part& part) {
  const auto put = [&](int value) { set.set(static_cast<std::size_t>(value)); };
  put(range.start);
  if (range.step == 0) return;
  if (range.stop == kOpen && part.from_end) {  // on to the end of the month: downwards
    for (int value = range.start; value >= part.least; value -= range.step) put(value);
    return;
  }
  const int last = range.stop == kOpen ? part.most : range.stop;
  for (int value = range.start; value <= last; value += range.step) put(value);
}

// Reads one part into its set; gives its normalized text.
template <std::size_t Size>
std::string read_part(const SourceText& source, std::string_view word, const Part& part,
                      std::bitset<Size>& set) {
  const std::vector<Range> ranges = parse_ranges(source, word, part);
  if (ranges.empty()) allow(set, {part.least, part.most, 1}, part);
  for (const Range& range : ranges) allow(set, range, part);
  return text_of(ranges, part);
}

void read_date(const SourceText& source, std::string_view word, CalendarFields& fields) {
  if (has(word, ':')) {
    source.refuse(word,
                  "date and time are two words, such as \"2026-12-31 10:00\"; several hours are "
                  "written 10..12:00");
  }
  const std::size_t day_at = word.find_last_of("-~");
  const bool from_end = word[day_at] == '~';
  const std::vector<std::string_view> before = parts_between(word.substr(0, day_at), '-');
  if (before.size() > 2 || has(word.substr(0, day_at), '~')) {
    source.refuse(word, "a date is year, month and day, such as \"*-12-24\" or \"*-*~01\"");
  }
  const std::string year =
      read_part(source, before.size() == 2 ? before.front() : "*", kYear, fields.years);
  const std::string month = read_part(source, before.back(), kMonth, fields.months);
  const std::string_view day_word = word.substr(day_at + 1);
  // All days from the end are all days, also those that every month does not have.
  fields.days_from_end = from_end && day_word != "*";
  const std::string day =
      read_part(source, day_word, fields.days_from_end ? kDayFromEnd : kDay, fields.days);
  fields.normalized += base::text(year, "-", month, fields.days_from_end ? "~" : "-", day);
}

void read_time(const SourceText& source, std::string_view word, CalendarFields& fields) {
  const std::vector<std::string_view> parts = parts_between(word, ':');
  if (parts.size() > 3) source.refuse(word, "a time is written as \"02:30\" or \"02:30:00\"");
  const std::string_view second = parts.size() == 3 ? parts[2] : "0";
  const std::string_view whole_seconds = second.substr(0, second.find('.'));
  if (whole_seconds.size() < second.size() &&
      !second.substr(whole_seconds.size()).starts_with("..")) {
    source.refuse(second, base::text("fractions of a second are not served; write \"",
                                     whole_seconds.empty() ? "00" : whole_seconds, "\""));
  }
  const std::string hour = read_part(source, parts[0], kHour, fields.hours);
  const std::string minute = read_part(source, parts[1], kMinute, fields.minutes);
  fields.normalized +=
      base::text(" ", hour, ":", minute, ":", read_part(source, second, kSecond, fields.seconds));
}

using Words = std::vector<std::string_view>;

constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kShorthands{{
    {"minutely", "*-*-* *:*:00"},
    {"hourly", "*-*-* *:00:00"},
    {"daily", "*-*-* 00:00:00"},
    {"weekly", "Mon *-*-* 00:00:00"},
    {"monthly", "*-*-01 00:00:00"},
    {"quarterly", "*-01,04,07,10-01 00:00:00"},
    {"semiannually", "*-01,07-01 00:00:00"},
    {"semi-annually", "*-01,07-01 00:00:00"},
    {"biannually", "*-01,07-01 00:00:00"},
    {"bi-annually", "*-01,07-01 00:00:00"},
    {"annually", "*-01-01 00:00:00"},
    {"yearly", "*-01-01 00:00:00"},
    {"anually", "*-01-01 00:00:00"},
}};

std::optional<std::string_view> expansion_of(std::string_view word) {
  for (const auto& [name, event] : kShorthands) {
    if (base::equals_ignoring_case(name, word)) return event;
  }
  return std::nullopt;
}

// A word that begins with a letter where weekdays or a shorthand may stand.
void require_weekdays(const SourceText& source, std::string_view word) {
  if (begins_with_weekday(word)) return;
  if (expansion_of(word)) {
    source.refuse(word, "stands for a whole event: only a time zone may stand beside it");
  }
  std::vector<std::string> known;
  for (const auto& shorthand : kShorthands) known.emplace_back(shorthand.first);
  const auto near = base::nearest(base::to_lower(word), known);
  if (near) source.refuse(word, base::text("did you mean \"", *near, "\"?"));
}

// Takes the time zone from the end, if there is one.
std::string take_zone(const SourceText& source, Words& words) {
  const std::string_view last = words.back();
  if (!is_letter(last.front())) return {};
  if (words.size() == 1) return {};
  if (begins_with_weekday(last)) {
    source.refuse(last, "weekdays are one word and stand first, such as \"Mon,Wed 10:00\"");
  }
  if (expansion_of(last)) {
    source.refuse(last, "stands for a whole event: only a time zone may stand beside it");
  }
  words.pop_back();
  return base::equals_ignoring_case(last, "UTC") ? "UTC" : std::string{last};
}

void read_words(const SourceText& source, const Words& words, CalendarFields& fields) {
  auto word = words.begin();
  fields.weekdays.set();
  if (word != words.end() && is_letter(word->front())) {
    require_weekdays(source, *word);
    fields.weekdays = parse_weekdays(source, *word++);
    const std::string days = weekdays_text(fields.weekdays);
    if (!days.empty()) fields.normalized = days + " ";
  }
  constexpr std::string_view kEveryDay = "*-*-*";
  constexpr std::string_view kMidnight = "00:00:00";
  const bool dated = word != words.end() && word->find_first_of("-~") != std::string_view::npos;
  read_date(source, dated ? *word++ : kEveryDay, fields);
  const bool timed = word != words.end() && has(*word, ':');
  read_time(source, timed ? *word++ : kMidnight, fields);
  if (word == words.end()) return;
  source.refuse(*word, word->front() == '@'
                           ? "a moment never comes again; write a date and a time"
                           : "what is expected here is weekdays, then a date, then a time, such "
                             "as \"Mon..Fri *-*-* 02:00\"");
}

}  // namespace

CalendarFields parse_calendar_event(std::string_view text) {
  const SourceText source{"calendar event", text};
  Words words = source.words();
  if (words.empty()) source.refuse(text.substr(0, 0), "nothing is written; write \"daily\"");
  CalendarFields fields;
  fields.zone = take_zone(source, words);
  const auto expansion = words.size() == 1 ? expansion_of(words.front()) : std::nullopt;
  if (!expansion) {
    read_words(source, words, fields);
    return fields;
  }
  const SourceText whole{source.kind, *expansion};
  read_words(whole, whole.words(), fields);
  return fields;
}

}  // namespace schedules
