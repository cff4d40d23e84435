#include "src/catalog/restore_points.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace catalog {
namespace {

using base::Error;
using base::ErrorKind;
using base::text;

constexpr std::size_t kShortestIdPrefix = 8;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "2026-11-23": the form only; parse_rfc3339 judges the numbers.
bool looks_like_date(std::string_view text) {
  if (text.size() != 10) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 4 || i == 7 ? text[i] != '-' : !is_digit(text[i])) return false;
  }
  return true;
}

bool looks_like_minute(std::string_view text) {
  return text.size() == 5 && is_digit(text[0]) && is_digit(text[1]) && text[2] == ':' &&
         is_digit(text[3]) && is_digit(text[4]);
}

bool looks_like_id(std::string_view text) {
  return text.size() >= kShortestIdPrefix && std::all_of(text.begin(), text.end(), [](char c) {
           return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
         });
}

std::string what_there_is(const std::vector<store::Snapshot>& points) {
  const auto complete = std::count_if(points.begin(), points.end(),
                                      [](const store::Snapshot& point) { return point.complete; });
  if (complete == 0) {
    return text("no restore point of it is complete; the newest is ", points.back().id, " of ",
                base::format_rfc3339(points.back().time), ", which can be named by its id");
  }
  const auto oldest = std::find_if(points.begin(), points.end(),
                                   [](const store::Snapshot& point) { return point.complete; });
  return text("of ", complete, " complete ones the oldest is of ",
              base::format_rfc3339(oldest->time));
}

store::Snapshot choose_by_time(const std::vector<store::Snapshot>& points,
                               std::optional<base::Instant> latest, std::string_view at) {
  const store::Snapshot* chosen = nullptr;
  for (const store::Snapshot& point : points) {
    if (!point.complete || (latest && point.time > *latest)) continue;
    if (chosen == nullptr || point.time >= chosen->time) chosen = &point;
  }
  if (chosen != nullptr) {
    for (const store::Snapshot& point : points) {
      if (point.complete || point.time <= chosen->time || (latest && point.time > *latest))
        continue;
      base::log(base::LogLevel::warning, "restore point ", point.id, " of ",
                base::format_rfc3339(point.time),
                " is newer but partial; --at with its id chooses it");
    }
    return *chosen;
  }
  throw Error{ErrorKind::not_found, text("no complete restore point at or before ",
                                         base::printable(at), ": ", what_there_is(points))};
}

store::Snapshot choose_by_id(const std::vector<store::Snapshot>& points, std::string_view at) {
  if (const auto chosen = find_by_id(points, at)) return *chosen;
  throw Error{ErrorKind::not_found, text("no restore point ", base::to_lower(at),
                                         " of this mailbox: ", what_there_is(points))};
}

[[noreturn]] void throw_no_such_mailbox(const std::vector<store::Snapshot>& all,
                                        std::string_view who) {
  std::set<std::string> addresses;
  for (const store::Snapshot& point : all) addresses.insert(point.address);
  std::string message = text("no restore point of a mailbox ", base::printable(who));
  const std::vector<std::string> known{addresses.begin(), addresses.end()};
  if (const auto near = base::nearest(base::to_lower(who), known)) {
    message += text("; did you mean ", *near, "?");
  } else if (known.empty()) {
    message += "; there is none of any mailbox";
  } else {
    message += text("; there are restore points of ", known.size(),
                    " mailboxes, \"snapshots\" lists them");
  }
  throw Error{ErrorKind::not_found, message};
}

}  // namespace

std::optional<base::Instant> parse_time(std::string_view typed, bool to_its_end) {
  const std::string_view time = base::trim(typed);
  if (const auto instant = base::parse_rfc3339(time)) return instant;
  const std::string_view date = time.substr(0, 10);
  if (!looks_like_date(date)) return std::nullopt;
  if (time.size() == date.size()) {
    return base::parse_rfc3339(text(date, to_its_end ? "T23:59:59.999Z" : "T00:00:00Z"));
  }
  const std::string_view minute = time.substr(11);
  if ((time[10] != ' ' && time[10] != 'T') || !looks_like_minute(minute)) return std::nullopt;
  return base::parse_rfc3339(text(date, "T", minute, to_its_end ? ":59.999Z" : ":00Z"));
}

std::vector<store::Snapshot> restore_points_of(const store::Repository& repository,
                                               const std::optional<store::TenantDomain>& tenant,
                                               std::string_view who) {
  std::vector<store::Snapshot> all = repository.snapshots();
  if (tenant) {
    std::erase_if(all, [&](const store::Snapshot& point) { return point.tenant != *tenant; });
  }
  return restore_points_of(std::move(all), who);
}

std::vector<store::Snapshot> restore_points_of(std::vector<store::Snapshot> all,
                                               std::string_view who) {
  // An id names its mailbox even if it was another's address once, and whatever the configuration
  // called its tenant then: ids are unique among all tenants.
  std::map<std::string, std::string> meant;  // id to the tenant's name
  for (const store::Snapshot& point : all) {
    if (point.mailbox_id == who) meant.emplace(point.mailbox_id, point.tenant.name);
  }
  if (meant.empty()) {
    for (const store::Snapshot& point : all) {
      if (base::equals_ignoring_case(point.address, who))
        meant.emplace(point.mailbox_id, point.tenant.name);
    }
  }
  if (meant.empty()) throw_no_such_mailbox(all, who);
  if (meant.size() > 1) {
    std::string ids;
    for (const auto& [id, tenant] : meant)
      ids += text(ids.empty() ? "" : ", ", id, " (", tenant, ")");
    throw Error{ErrorKind::usage, text(base::printable(who), " was the address of ", meant.size(),
                                       " mailboxes; name one by its id: ", ids)};
  }
  std::erase_if(
      all, [&](const store::Snapshot& point) { return point.mailbox_id != meant.begin()->first; });
  return all;
}

std::optional<store::Snapshot> find_by_id(const std::vector<store::Snapshot>& points,
                                          std::string_view id) {
  const std::string wanted = base::to_lower(id);
  const store::Snapshot* found = nullptr;
  for (const store::Snapshot& point : points) {
    if (point.id == wanted) return point;
    if (wanted.size() < kShortestIdPrefix || !point.id.starts_with(wanted)) continue;
    if (found != nullptr) {
      throw Error{ErrorKind::usage,
                  text("\"", base::printable(wanted), "\" is the beginning of several restore ",
                       "points: ", found->id, ", ", point.id)};
    }
    found = &point;
  }
  if (found == nullptr) return std::nullopt;
  return *found;
}

store::Snapshot choose(const std::vector<store::Snapshot>& points, std::string_view at) {
  if (points.empty()) throw Error{ErrorKind::not_found, "the mailbox has no restore points"};
  if (at == "latest") return choose_by_time(points, std::nullopt, at);
  if (const auto instant = parse_time(at, true)) return choose_by_time(points, instant, at);
  if (looks_like_id(at)) return choose_by_id(points, at);
  throw Error{ErrorKind::usage,
              text("\"", base::printable(at),
                   "\" is not a time: write 2026-11-23, \"2026-11-23 02:00\", an RFC 3339 time, "
                   "latest, or a restore point's id (8 characters at least)")};
}

}  // namespace catalog
