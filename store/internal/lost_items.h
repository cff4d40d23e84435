// Items whose content was lost: the newest restore point of their mailbox names them, and no pack
// holds them. The next backup exports them again although they have not changed.
#pragma once

#include "store/chunk_store.h"
#include "store/index.h"
#include "store/internal/state_rows.h"
#include "store/snapshot.h"

#include <stop_token>
#include <vector>

namespace store {

// Whether every chunk of the content has its place in the index.
bool is_content_held(const ChunkStore& chunks, const Index& index, base::ByteView tenant_tag,
                     const ContentRef& content);

// Those of a restore point, as far as its items can be listed.
std::vector<LostItem> find_lost_items(const ChunkStore& chunks, const Index& index,
                                      base::ByteView tenant_tag, const Snapshot& snapshot,
                                      const std::stop_token& stop);

// What repair noted of a mailbox. A row that cannot be opened is left out: it only costs that the
// item waits for the next repair.
std::vector<LostItem> noted_lost_items(const Index& index, const StateRows& rows,
                                       const TenantDomain& tenant, const std::string& mailbox_id);

// After a commit: items that are not in this newest restore point, or whole in it, are lost no
// more.
void settle_lost_items(const ChunkStore& chunks, Index& index, const StateRows& rows,
                       base::ByteView tenant_tag, const Snapshot& snapshot);

}  // namespace store
