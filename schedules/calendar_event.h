// When something is due, in the language of systemd's calendar events (systemd.time(7)).
#pragma once

#include "schedules/internal/calendar_fields.h"
#include "schedules/time_zone.h"
#include "src/base/clock.h"

#include <optional>
#include <string>
#include <string_view>

namespace schedules {

// "daily", "Mon..Fri 22:30", "*-*~07/1 10:00 Europe/Berlin". Means what it means to systemd, as far
// as that is one thing:
// - A time that the zone's clocks skip does not elapse on that day, and nothing stands in for it:
// in
//   Berlin "02:30" elapses on 364 days of the year, in Santiago "daily" does.
// - A time that clocks show twice elapses once, at its first showing; "*:00/15" pauses while they
//   repeat an hour. (systemd elapses at the second showings too when it is asked in between them:
//   what it does depends on when it was started, and this does not.)
// - Years from 1970 to 2199. Not served: fractions of a second and moments ("@1700000000").
// From 2038 on, the zone has its winter time all year (TimeZone), which systemd's has not.
//
// Immutable. Thread-safe.
class CalendarEvent {
 public:
  // In `zone`, unless the text ends with the name of another one ("UTC", "Europe/Berlin").
  // Error(usage) says what is wrong at which place of the text, and what to write instead.
  CalendarEvent(std::string_view text, const TimeZone& zone);

  // The first elapse after that moment, which itself is not meant; empty if there is none any more.
  // The cost does not grow with the time until then, but by years that have no such day.
  [[nodiscard]] std::optional<base::Instant> next(base::Instant after) const;

  // The same event as systemd writes it: "Mon..Fri *-*-* 22:30:00".
  [[nodiscard]] std::string normalized() const;

 private:
  CalendarFields fields_;
  TimeZone zone_;
};

}  // namespace schedules
