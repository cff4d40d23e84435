// What becomes of a job by what it tells and by how it ends.
#pragma once

#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/jobs/exit_status.h"
#include "src/jobs/job.h"
#include "src/jobs/told.h"

namespace jobs {

// An error that no command told, as the command line would.
Told told_error(const base::Error& error, ExitStatus status);

// Keeps the summary and the latest error, and counts problems.
void note_told(const Told& told, Job& job);

JobEnd end_of(ExitStatus status, bool was_cancelled);

void end_job(Job& job, JobEnd end, ExitStatus status, base::Instant now);

}  // namespace jobs
