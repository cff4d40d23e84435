// A drill as a job: the items it restored up to the request, and the report as records.
#pragma once

#include "src/jobs/exit_status.h"
#include "src/jobs/record.h"
#include "src/jobs/restore_point.h"
#include "src/restore/drill_run.h"
#include "store/repository.h"

#include <stop_token>

namespace jobs {

// Called with each item's record, {"type":"item",...}, once it has ended.
restore::DrillReport run_drill_job(store::Repository& repository,
                                   const restore::DrillSettings& settings,
                                   restore::DrillProgress& progress, const OnRecord& on_record,
                                   std::stop_token stop);

// Damage is told before an interruption: it will not go away.
ExitStatus exit_status(const restore::DrillReport& report);
Record drill_summary(const restore::DrillReport& report, const restore::DrillSettings& settings,
                     double seconds);

}  // namespace jobs
