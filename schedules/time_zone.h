// Time zones by name, from the system's database (Debian's package tzdata).
#pragma once

#include "src/base/clock.h"

#include <chrono>
#include <string>

namespace date {
class time_zone;
}

namespace schedules {

// What clocks on a wall show: no moment until a zone is named.
using LocalTime = std::chrono::local_seconds;

// When the clocks of a zone show a local time.
struct Showing {
  // Where clocks are set forward over it, it is never shown: both are then the moment at which they
  // are. Where they are set back, it is shown twice. Otherwise both are the same.
  base::Instant first;
  base::Instant last;
  bool skipped = false;

  bool operator==(const Showing&) const = default;
};

// Immutable and cheap to copy. Thread-safe. The database is read once a process: rules that a
// government changes are known after the next start. It reaches to the end of 2037; from then on
// the winter offset is taken for the whole year.
class TimeZone {
 public:
  // A name of the IANA database, in its own case: "Europe/Berlin", "UTC". Error(usage) tells an
  // unknown one and the nearest that there is; Error(failed) if the machine has no database.
  explicit TimeZone(const std::string& name);

  // What its clocks show more than UTC at that moment.
  [[nodiscard]] std::chrono::seconds offset_at(base::Instant instant) const;
  // What they show, without the fraction of the second.
  [[nodiscard]] LocalTime local_time(base::Instant instant) const;
  // The latest time that they have shown by then: what they show, but while they repeat an hour,
  // the end of that hour.
  [[nodiscard]] LocalTime latest_shown(base::Instant instant) const;
  [[nodiscard]] Showing when(LocalTime time) const;

 private:
  const date::time_zone* zone_;  // belongs to the database, which lives as long as the process
};

}  // namespace schedules
