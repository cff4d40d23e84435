// Time zones by name, from the system's database (Debian's package tzdata).
#pragma once

#include "src/base/clock.h"

#include <chrono>
#include <string>

namespace date {
class time_zone;
}

namespace schedules {

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

 private:
  const date::time_zone* zone_;  // belongs to the database, which lives as long as the process
};

}  // namespace schedules
