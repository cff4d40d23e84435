// Which mailbox a run backs up first.
#pragma once

#include "src/backup/discovery.h"
#include "store/snapshot.h"

#include <vector>

namespace jobs {

// Policies and the order inside of each stay as discovery put them. Where these say nothing, the
// mailbox whose newest restore point is oldest comes first, one without any before all others: a
// run that ends with its window leaves other mailboxes out each night, never the same. Equals are
// spread. `points`: the newest of each mailbox.
void sort_for_run(std::vector<backup::Mailbox>& mailboxes,
                  const std::vector<store::Snapshot>& points);

}  // namespace jobs
