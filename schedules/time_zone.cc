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

using std::chrono::seconds;

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

// The zone's file is read when it is first needed.
template <typename Read>
auto read_rules(const date::time_zone& zone, Read read) {
  try {
    return read();
  } catch (const std::exception& problem) {
    throw base::Error{base::ErrorKind::failed,
                      base::text("the rules of the time zone ", zone.name(),
                                 " cannot be read: ", problem.what())};
  }
}

date::sys_info rules_at(const date::time_zone& zone, std::chrono::sys_seconds second) {
  return read_rules(zone, [&] { return zone.get_info(second); });
}

}  // namespace

TimeZone::TimeZone(const std::string& name) : zone_(&find_zone(name)) {}

std::chrono::seconds TimeZone::offset_at(base::Instant instant) const {
  return rules_at(*zone_, std::chrono::floor<seconds>(instant)).offset;
}

LocalTime TimeZone::local_time(base::Instant instant) const {
  const auto second = std::chrono::floor<seconds>(instant);
  return LocalTime{second.time_since_epoch() + rules_at(*zone_, second).offset};
}

LocalTime TimeZone::latest_shown(base::Instant instant) const {
  const auto second = std::chrono::floor<seconds>(instant);
  const date::sys_info rules = rules_at(*zone_, second);
  const LocalTime shown{second.time_since_epoch() + rules.offset};
  // Before anybody set clocks by law, the rules have no beginning to go back from.
  if (rules.begin < std::chrono::sys_days{std::chrono::year{1800} / 1 / 1}) return shown;
  return std::max(shown, local_time(rules.begin - seconds{1}));
}

Showing TimeZone::when(LocalTime time) const {
  const date::local_info rules = read_rules(
      *zone_, [&] { return zone_->get_info(date::local_seconds{time.time_since_epoch()}); });
  if (rules.result == date::local_info::nonexistent) {
    return {rules.first.end, rules.first.end, true};
  }
  const std::chrono::sys_seconds as_utc{time.time_since_epoch()};
  const base::Instant first = as_utc - rules.first.offset;
  if (rules.result == date::local_info::unique) return {first, first};
  return {first, as_utc - rules.second.offset};
}

}  // namespace schedules
