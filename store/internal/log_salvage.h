// A way out of a damaged commit log: what can be proven is written down anew, and the old log is
// set aside.
#pragma once

#include "src/base/clock.h"
#include "store/backend.h"
#include "store/index.h"
#include "store/internal/commit_log.h"
#include "store/internal/state_rows.h"

#include <cstdint>
#include <string>
#include <vector>

namespace store {

struct LogSalvage {
  std::vector<std::string> damage;  // what was wrong; empty: the log is whole and nothing was done
  std::string lost;                 // as LogRepair::lost
  std::uint64_t snapshots = 0;      // in the new log, forgotten ones included
};

// Gathers the restore points, tombstones and holds that `index` (null if there is none that can be
// used) and every record that can be read tell of, writes them as the first records of a new
// writer, and only then moves the old records below trash/quarantine. What neither tells of is
// lost; nothing that was purged comes back as long as either remembers it. The caller holds the
// lock, and makes the index anew afterwards. Killed anywhere, it leaves a log that tells as much or
// is seen to be damaged, and is run again. `damage`: what is wrong with the log although each
// record in it is sound.
LogSalvage salvage_log(Backend& backend, const CommitLog& log, const StateRows& rows,
                       const Index* index, std::vector<std::string> damage, base::Instant now);

}  // namespace store
