// Looking for damage: in the log, in the packs, in the index, and in the trees of every snapshot.
#pragma once

#include "src/base/clock.h"
#include "store/backend.h"
#include "store/index.h"
#include "store/internal/commit_log.h"
#include "store/internal/pack_survey.h"
#include "store/internal/repository_state.h"
#include "store/internal/state_rows.h"
#include "store/internal/tenant_store.h"
#include "store/keys.h"
#include "store/repository.h"

#include <functional>
#include <optional>
#include <stop_token>

namespace store {

// What a check looks at. Everything outlives it.
struct CheckSubjects {
  Backend& backend;
  const KeyRing& keys;
  const CommitLog& log;
  const Index& index;
  const StateRows& rows;
  base::Clock& clock;
  // All that can be restored or recalled, as the index has them.
  RepositoryState::Snapshots snapshots;
  RepositoryState::Bases bases;           // the backup's notes in others are of no use any more
  std::optional<CommitLog::Chains> told;  // up to where they know the log; empty: to its end
  std::function<const ChunkStore&(const TenantDomain&)> chunks_of;
  // Whether the index names the pack still: another process may have pruned since it was opened.
  std::function<bool(const PackId&)> is_named_now;
};

// Finds damage and goes on. A full check also notes what it has verified: it proves packs as a
// scrub does, and more, so the next scrub need not read them soon. Memory: about 60 bytes for each
// tree node, recipe and damaged chunk, and what the log says of snapshots. Error(cancelled) on
// `stop`.
CheckReport check_repository(const CheckSubjects& subjects, CheckLevel level,
                             const OnProgress& on_progress, const std::stop_token& stop,
                             PackSurvey& survey);

// Whether a prune has taken away for good what `index` names, as `later`, opened after it, tells.
bool is_outdated(const Backend& backend, const Index& index, const Index& later);

}  // namespace store
