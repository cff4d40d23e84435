// Items whose content was lost: a restore point of their mailbox from which the next backup may
// start names them, and no pack holds them. The next backup exports them again although they have
// not changed.
#pragma once

#include "src/base/clock.h"
#include "store/chunk_store.h"
#include "store/index.h"
#include "store/internal/repository_state.h"
#include "store/internal/state_rows.h"
#include "store/keys.h"
#include "store/snapshot.h"

#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

namespace store {

// Notes those of each mailbox's newest restore point, and of later ones that can be recalled, as
// far as items can be listed, and settles what earlier repairs noted. Error(cancelled) on `stop`.
using ChunksOf = std::function<const ChunkStore&(const TenantDomain&)>;
void note_lost_items(const RepositoryState& state, Index& index, const KeyRing& keys,
                     const StateRows& rows, const ChunksOf& chunks_of, const std::stop_token& stop);

// note_lost_items() if that was never done for this index: one that was made anew knows no packs
// that are gone, so nobody has noticed what went with them, and it must not pass for stored.
void survey_once(const RepositoryState& state, Index& index, const KeyRing& keys,
                 const StateRows& rows, const ChunksOf& chunks_of);

// Since when restore points are known to have lost content, or that none is. A scrub proves no
// restore point then: it reads what is there, and does not know what is missing.
void note_damaged_since(Index& index, std::optional<base::Instant> since);
std::optional<base::Instant> damaged_since(const Index& index);

// What repair noted of a mailbox. A row that cannot be opened is left out: it only costs that the
// item waits for the next repair.
std::vector<LostItem> noted_lost_items(const Index& index, const StateRows& rows,
                                       const TenantDomain& tenant, const std::string& mailbox_id);

// After a commit: items that are not in this newest restore point, or whole in it, are lost no
// more.
void settle_lost_items(const ChunkStore& chunks, Index& index, const StateRows& rows,
                       base::ByteView tenant_tag, const Snapshot& snapshot);

}  // namespace store
