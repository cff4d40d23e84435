// A commit log that has lost records: the index that took them in remembers what they told.
#pragma once

#include "src/base/clock.h"
#include "store/backend.h"
#include "store/index.h"
#include "store/internal/commit_log.h"
#include "store/internal/state_rows.h"

#include <string>

namespace store {

// Whether the index belongs to another copy of the store, a later one for the most part: it was
// made of records that this one lacks, and names a pack that is not here and was never lost here
// (its parity would be). What it remembers says nothing of this store.
bool is_of_another_copy(const Backend& backend, const Index& index);

// What went with records that the log has lost and the index took in, and what to do, for people.
// Empty if the log holds them all, if nothing went with them that could be missed, or if the index
// is of another copy. Reads the whole log if records are missing: Error(corrupt) if what is there
// is damaged.
std::string lost_with_log(const Backend& backend, const CommitLog& log, const StateRows& rows,
                          const Index& index);

// A log without any record, though the ledger of verification remembers some: the same for people.
std::string lost_altogether(const Backend& backend, base::Instant now);

}  // namespace store
