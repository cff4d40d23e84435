// Looking for damage: in the log, in the packs, in the index, and in the trees of every snapshot.
#pragma once

#include "store/backend.h"
#include "store/index.h"
#include "store/internal/commit_log.h"
#include "store/internal/pack_survey.h"
#include "store/internal/state_rows.h"
#include "store/internal/tenant_store.h"
#include "store/internal/verification_ledger.h"
#include "store/keys.h"
#include "store/repository.h"

#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

namespace store {

// What a check looks at. Everything outlives it.
struct CheckSubjects {
  const Backend& backend;
  const KeyRing& keys;
  const CommitLog& log;
  const Index& index;
  const StateRows& rows;
  std::vector<Snapshot> snapshots;  // all that can be restored or recalled, as the index has them
  std::optional<CommitLog::Chains> told;  // up to where they know the log; empty: to its end
  std::function<const ChunkStore&(const TenantDomain&)> chunks_of;
  // Whether the index names the pack still: another process may have pruned since it was opened.
  std::function<bool(const PackId&)> is_named_now;
};

// Finds damage and goes on. Memory: about 60 bytes for each tree node, recipe and damaged chunk,
// and what the log says of snapshots. Error(cancelled) on `stop`.
CheckReport check_repository(const CheckSubjects& subjects, CheckLevel level,
                             const OnProgress& on_progress, const std::stop_token& stop,
                             PackSurvey& survey);

// Whether a prune has taken away for good what `index` names, as `later`, opened after it, tells.
bool is_outdated(const Backend& backend, const Index& index, const Index& later);

// A full check proves packs as a scrub does, and more: the next scrub need not read them soon.
void note_full_check(Backend& backend, const VerificationPass& pass, base::Instant now,
                     const PackSurvey& survey, const CheckReport& report);

}  // namespace store
