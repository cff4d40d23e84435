// One prune, from finding what is needed to moving packs to the trash.
//
// Order: plan -> condemned (writers treat these packs as absent) -> what lives in them moved ->
// second opinion -> fence: no commit, newcomers marked, both opinions compared, purges in the log
// -> deleting -> rows out of the index, packs to the trash -> done. Before `deleting` a prune that
// dies has changed nothing that matters; after it the next opening for writing ends it
// (prune_leftovers.h).
#pragma once

#include "src/base/clock.h"
#include "store/backend.h"
#include "store/index.h"
#include "store/internal/commit_log.h"
#include "store/internal/leases.h"
#include "store/internal/repository_state.h"
#include "store/internal/state_rows.h"
#include "store/keys.h"
#include "store/prune.h"
#include "store/repository.h"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

namespace store {

// What a prune works on. Everything outlives it.
struct PruneSubjects {
  Backend& backend;
  const KeyRing& keys;
  const CommitLog& log;
  Index& index;
  const StateRows& rows;
  Leases& leases;
  base::Clock& clock;
  bool reserve_used;  // so full that this is the last space there is
  std::function<ChunkStore&(const TenantDomain&)> chunks_of;
  std::function<std::vector<TenantDomain>()> open_tenants;  // that somebody has asked for
  std::function<RepositoryState()> state;
  // Runs `act` while nothing else can be committed; it commits by what it is given.
  using Commit = std::function<void(std::vector<LogEvent>)>;
  std::function<void(const std::function<void(const Commit&)>& act)> holding_commits;
};

// Errors as Repository::prune() says.
PruneReport run_prune(const PruneSubjects& subjects, const PruneOptions& options,
                      const OnProgress& on_progress, const std::stop_token& stop);

}  // namespace store
