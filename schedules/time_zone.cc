#include "schedules/time_zone.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <date/tz.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <vector>

namespace schedules {
namespace {

const date::tzdb& database() {
  try {
    return date::get_tzdb();
  } catch (const std::exception& problem) {
    throw base::Error{base::ErrorKind::failed,
                      base::text("the time zone database cannot be read (is the package tzdata "
                                 "installed?): ",
                                 problem.what())};
  }
}

const date::time_zone& find_zone(const std::string& name) {
  std::vector<std::string> known;
  for (const date::time_zone& zone : database().zones) {
    if (zone.name() == name) return zone;
    known.push_back(zone.name());
  }
  const auto near = base::nearest(name, known);
  throw base::Error{base::ErrorKind::usage,
                    base::text("unknown time zone \"", base::printable(name), "\"",
                               near ? base::text("; did you mean \"", *near, "\"?") : "")};
}

}  // namespace

TimeZone::TimeZone(const std::string& name) : zone_(&find_zone(name)) {}

std::chrono::seconds TimeZone::offset_at(base::Instant instant) const {
  try {
    return zone_->get_info(std::chrono::floor<std::chrono::seconds>(instant)).offset;
  } catch (const std::exception& problem) {  // the zone's file is read when it is first needed
    throw base::Error{base::ErrorKind::failed,
                      base::text("the rules of the time zone ", zone_->name(),
                                 " cannot be read: ", problem.what())};
  }
}

}  // namespace schedules
