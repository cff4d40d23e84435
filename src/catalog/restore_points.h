// Choosing a mailbox and a restore point from what people type.
#pragma once

#include "src/base/clock.h"
#include "store/repository.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace catalog {

// All restore points of the mailbox that `who` means: its address (of any time), or mailbox id;
// also those made while the configuration gave its tenant another name.
// Error(not_found) names the nearest addresses; Error(usage) if an address stood for
// several mailboxes.
std::vector<store::Snapshot> restore_points_of(const store::Repository& repository,
                                               const std::optional<store::TenantDomain>& tenant,
                                               std::string_view who);
// The same, of those given.
std::vector<store::Snapshot> restore_points_of(std::vector<store::Snapshot> all,
                                               std::string_view who);

// The one that `id` means: whole, or the unique beginning of one (at least 8 characters), in either
// case of letters. Empty if there is none; Error(usage) if it is the beginning of several.
std::optional<store::Snapshot> find_by_id(const std::vector<store::Snapshot>& points,
                                          std::string_view id);

// `at`: RFC 3339, "YYYY-MM-DD", "YYYY-MM-DD HH:MM" (both UTC, and meaning the end of that day or
// minute, so that a time as it is listed finds the point it was listed for),
// "latest", or a snapshot id or the unique beginning of one (at least 8 characters). A time means
// the newest complete restore point at or before it; an id means that one, complete or not.
// Error(not_found) tells what there is; Error(usage) for a text that is none of these.
store::Snapshot choose(const std::vector<store::Snapshot>& points, std::string_view at);

// The same syntax for --after, --before, --since: the first instant of a day or minute, or the last
// one. Empty if it is not a time.
std::optional<base::Instant> parse_time(std::string_view text, bool to_its_end);

}  // namespace catalog
