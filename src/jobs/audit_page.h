// The audit log from its end: for looking at what was done lately, without reading all of it.
#pragma once

#include "src/base/clock.h"
#include "src/jobs/record.h"
#include "store/journal.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace jobs {

struct AuditPage {
  std::vector<Record> entries;               // newest first, as read_audit_log() tells them
  std::optional<std::uint64_t> next_before;  // empty: there are no older ones
};

// The newest entries with numbers below `before` (empty: from the newest of all), `limit` at most,
// and none from before `since`. Reads these entries only; that none is missing or tied to another
// is for verify_audit_log(). An entry that cannot be read is told as one with "problem" and no
// "action".
AuditPage newest_audit_entries(const store::Journals& journals, std::optional<std::uint64_t> before,
                               std::optional<base::Instant> since, std::size_t limit);

}  // namespace jobs
