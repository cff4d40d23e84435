#include "schedules/window.h"

#include "schedules/internal/source_text.h"
#include "src/base/error.h"
#include "src/base/text.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace schedules {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

// A window that opened two days ago has closed; one of tomorrow may be open where clocks went back
// over midnight.
constexpr days kBefore{2};
constexpr days kAfter{1};
// Far enough for a window of one day of the week, also if the clocks skip it once: what has not
// opened or closed by then never does.
constexpr days kHorizon{22};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

minutes parse_time(const SourceText& source, std::string_view text, minutes latest) {
  const std::size_t colon = text.find(':');
  const std::string_view hour = text.substr(0, colon);
  const std::string_view minute =
      colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  const auto has_digits = [](std::string_view part, std::size_t least) {
    return part.size() >= least && part.size() <= 2 && std::ranges::all_of(part, is_digit);
  };
  if (!has_digits(hour, 1) || !has_digits(minute, 2)) {
    source.refuse(text, "no time of day; write hours and minutes, such as \"22:00\"");
  }
  const auto number = [](std::string_view part) {
    int value = 0;
    for (const char digit : part) value = value * 10 + (digit - '0');
    return value;
  };
  const minutes time = hours{number(hour)} + minutes{number(minute)};
  if (number(minute) > 59) source.refuse(minute, "a minute is from 00 to 59");
  if (time > latest) {
    source.refuse(text, latest == days{1}
                            ? "a window closes at 24:00 at the latest, or on the next "
                              "day: write the time of that day, such as \"06:00\""
                            : "a window opens from 00:00 to 23:59");
  }
  return time;
}

}  // namespace

Windows::Window Windows::parse(const std::string& text) {
  const SourceText source{"window", text};
  const std::vector<std::string_view> words = source.words();
  constexpr std::string_view kForm =
      "a window is written \"22:00-06:00\" or \"Mon..Fri 20:00-06:00\"";
  if (words.empty()) source.refuse(source.whole.substr(0, 0), kForm);
  const bool weekdays_named = words.front().find(':') == std::string_view::npos;
  const std::size_t most = weekdays_named ? 2 : 1;
  if (words.size() > most) source.refuse(words[most], kForm);
  Window window;
  window.weekdays.set();
  if (words.size() == 2) window.weekdays = parse_weekdays(source, words.front());
  const std::string_view span = words.back();
  const std::size_t dash = span.find('-');
  if (dash == std::string_view::npos || span.find(':') == std::string_view::npos) {
    source.refuse(span, kForm);
  }
  window.opens = parse_time(source, span.substr(0, dash), days{1} - minutes{1});
  window.closes = parse_time(source, span.substr(dash + 1), days{1});
  if (window.closes % days{1} == window.opens) {
    const bool whole_day = window.opens == minutes{0} && window.closes == days{1};
    if (!whole_day) {
      source.refuse(span, "never open or never closed? for a whole day write \"00:00-24:00\"");
    }
  }
  if (window.closes < window.opens) window.closes += days{1};
  return window;
}

Windows::Windows(const std::vector<std::string>& texts, const TimeZone& zone) : zone_(zone) {
  std::ranges::transform(texts, std::back_inserter(windows_), parse);
}

std::vector<Windows::Stretch> Windows::stretches(std::chrono::local_days first,
                                                 std::chrono::local_days last) const {
  std::vector<Stretch> all;
  for (std::chrono::local_days day = first; day <= last; day += days{1}) {
    for (const Window& window : windows_) {
      if (!window.weekdays.test(index_of(std::chrono::weekday{day}))) continue;
      const Stretch stretch{zone_.when(day + window.opens).first,
                            zone_.when(day + window.closes).last};
      if (stretch.opens < stretch.closes) all.push_back(stretch);  // else all of it is skipped
    }
  }
  std::ranges::sort(all, {}, &Stretch::opens);
  std::vector<Stretch> merged;
  for (const Stretch& stretch : all) {
    if (merged.empty() || stretch.opens > merged.back().closes) {
      merged.push_back(stretch);
    } else {
      merged.back().closes = std::max(merged.back().closes, stretch.closes);
    }
  }
  return merged;
}

std::vector<Windows::Stretch> Windows::stretches_around(base::Instant at) const {
  const auto today = std::chrono::floor<days>(zone_.local_time(at));
  return stretches(today - kBefore, today + kHorizon);
}

bool Windows::is_open(base::Instant at) const {
  if (windows_.empty()) return true;
  const auto today = std::chrono::floor<days>(zone_.local_time(at));
  return std::ranges::any_of(
      stretches(today - kBefore, today + kAfter),
      [&](const Stretch& stretch) { return stretch.opens <= at && at < stretch.closes; });
}

std::optional<base::Instant> Windows::next_opening(base::Instant at) const {
  for (const Stretch& stretch : stretches_around(at)) {
    if (stretch.opens > at) return stretch.opens;
  }
  return std::nullopt;
}

std::optional<base::Instant> Windows::next_closing(base::Instant at) const {
  for (const Stretch& stretch : stretches_around(at)) {
    if (stretch.closes <= at) continue;
    if (stretch.closes - stretch.opens > kHorizon) return std::nullopt;
    return stretch.closes;
  }
  return std::nullopt;
}

base::Instant Windows::first_open(base::Instant at) const {
  if (is_open(at)) return at;
  const auto opening = next_opening(at);
  base::check(opening.has_value(), "what is closed opens within weeks");
  return *opening;
}

}  // namespace schedules
