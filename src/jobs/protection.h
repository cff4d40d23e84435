// Who is protected and who is not, and why not: every account of a tenant as a record.
#pragma once

#include "src/backup/discovery.h"
#include "src/jobs/record.h"
#include "store/repository.h"

#include <vector>

namespace jobs {

// {"type":"mailbox","address","protected","reason",...}: one per account, ordered by address.
// Protected is a mailbox that a policy selects and that has a complete restore point. `points`: all
// of the tenant, or more.
std::vector<Record> protection_records(const store::TenantDomain& tenant,
                                       const backup::Discovery& found,
                                       const std::vector<store::Snapshot>& points);

// The newest restore point of each mailbox of the tenant: what discovery may believe.
std::vector<store::Snapshot> newest_points(const std::vector<store::Snapshot>& points,
                                           const store::TenantDomain& tenant);

}  // namespace jobs
