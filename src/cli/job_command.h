// Command lines as jobs of the daemon: which are handed over, what they are called, what they may
// run beside, and how they are run there.
#pragma once

#include "src/base/clock.h"
#include "src/cli/arguments.h"
#include "src/daemon/shared_resources.h"
#include "src/jobs/job.h"
#include "src/jobs/job_runner.h"

#include <functional>
#include <string>
#include <vector>

namespace cli {

// Whether the command line hands it to a running daemon: what writes to the store or to a mailbox,
// and what counts against the limits of one. Commands that tell secrets are not: no record of a job
// may hold one (needs_store_alone()).
bool is_handed_over(const Command& command);
// What changes keys: a daemon has to close the store meanwhile.
bool needs_store_alone(const Command& command);

// Error(usage) for what makes no sense, and for what no daemon runs. `directory`: what a relative
// path among the words is relative to.
jobs::JobOrder order_of(const std::vector<std::string>& words, const std::string& directory);
jobs::Lane lane_of(const jobs::JobOrder& order);
// A restore for the restore point that `choose` gives now; others as they are.
jobs::JobOrder at_fixed_point(
    jobs::JobOrder order,
    const std::function<std::string(const std::string& mailbox, const std::string& at)>& choose);

// Runs it as the command line would, telling `control` what it prints.
jobs::ExitStatus run_job(const jobs::Job& job, jobs::JobControl& control,
                         appliance::SharedResources& resources, base::Clock& clock);

}  // namespace cli
