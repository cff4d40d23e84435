// One copy to a second store, from finding what is new to the last commit.
//
// Order: holds -> what the new restore points name and the second store lacks is counted, by pack
// -> for each restore point, oldest first, what it names is brought -> groups of them are
// committed. A run that dies leaves packs that no commit names; the next one finds them in the
// index.
#pragma once

#include "store/backend.h"
#include "store/chunk_store.h"
#include "store/copy.h"
#include "store/index.h"
#include "store/internal/commit_log.h"
#include "store/internal/pack_copy.h"
#include "store/internal/state_rows.h"
#include "store/keys.h"
#include "store/repository.h"
#include "store/retention.h"
#include "store/snapshot.h"

#include <functional>
#include <span>
#include <stop_token>
#include <vector>

namespace store {

// Everything outlives the copy.
struct CopySource {
  const Backend& backend;
  const KeyRing& keys;
  const Index& index;
  std::vector<Snapshot> snapshots;  // that are not forgotten
  std::vector<Hold> holds;
  std::function<const ChunkStore&(const TenantDomain&)> chunks_of;
};

struct CopyTarget {
  PackArrivals packs;
  const CommitLog& log;
  const StateRows& rows;
  std::function<ChunkStore&(const TenantDomain&)> chunks_of;
  // Flushes; makes a record if there is a restore point.
  std::function<void(std::span<const Snapshot>)> commit;
  std::function<void(std::vector<LogEvent>)> commit_events;
};

// Errors as Repository::copy_to() says. Memory: three bits for each record of the first store that
// a new restore point names, one group of restore points, and a pack.
CopyReport run_copy(const CopySource& from, const CopyTarget& to, const CopyOptions& options,
                    const OnProgress& on_progress, const std::stop_token& stop);

}  // namespace store
