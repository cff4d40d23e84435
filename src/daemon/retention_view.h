// What retention would remove with the rules in force or with others, and on which days to come.
#pragma once

#include "src/daemon/view_parts.h"
#include "src/jobs/record.h"
#include "src/jobs/retention_job.h"
#include "web-status/appliance_view.h"

#include <string>

namespace appliance {

// The policy with these rules in place of its own: `keep_last`, ... as numbers, `keep_within` as a
// duration ("14d"). Error(usage) naming the member that is unknown or of the wrong kind. Pure.
jobs::RetentionPolicy with_rules(jobs::RetentionPolicy policy, const web::Fields& rules);

// {"type":"simulation",...}; nothing is removed. `policy` may be empty where there is only one.
// The days to come are an estimate, whose assumptions it tells. What would be freed is not told:
// only a prune can say which chunks nothing else needs.
jobs::Record simulate_retention(const ViewParts& parts, const std::string& policy,
                                const web::Fields& rules);

}  // namespace appliance
