#include "schedules/calendar_event.h"
#include "schedules/window.h"
#include "src/base/text.h"
#include "tests/fuzz/targets.h"

#include <string>

namespace fuzz {
namespace {

void check_event(std::string_view text, base::Instant after) {
  const schedules::TimeZone zone{"Australia/Lord_Howe"};
  const auto event = unless_refused({base::ErrorKind::usage}, [&] {
    return schedules::CalendarEvent{text, zone};
  });
  if (!event) return;
  const std::string normalized = event->normalized();
  const schedules::CalendarEvent again{normalized, zone};
  hold(again.normalized() == normalized, "what is normalized stays what it is");
  const auto next = event->next(after);
  hold(again.next(after) == next, "the normalized event is the same event");
  if (!next) return;
  hold(*next > after, "the next elapse is later");
  const base::Instant between = after + (*next - after) / 2;
  hold(event->next(between) == next, "none lies between");
}

void check_window(const std::string& text, base::Instant at) {
  const schedules::TimeZone zone{"America/St_Johns"};
  const auto windows = unless_refused({base::ErrorKind::usage}, [&] {
    return schedules::Windows{{text}, zone};
  });
  if (!windows) return;
  const auto opening = windows->next_opening(at);
  const auto closing = windows->next_closing(at);
  hold(opening.has_value() == closing.has_value(), "what opens closes again");
  if (!opening) {
    hold(windows->is_open(at), "what never changes is open");
    return;
  }
  hold(*opening > at && *closing > at, "changes come later");
  hold(windows->is_open(at) == (*closing < *opening), "what is open closes before it opens");
  hold(windows->is_open(*opening) && !windows->is_open(*closing), "changes are changes");
}

}  // namespace

// The seconds since 1970 (4 bytes), then a calendar event or a window.
void fuzz_calendar(base::ByteView input) {
  InputReader reader{input};
  const base::Instant moment{std::chrono::seconds{reader.number<std::uint32_t>()}};
  const base::ByteView rest = reader.rest();
  const std::string_view text = base::as_text(rest);
  check_event(text, moment);
  check_window(std::string{text}, moment);
}

}  // namespace fuzz
