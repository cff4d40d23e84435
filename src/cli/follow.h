// A command that the running daemon does: handed over, and followed as if it ran here.
#pragma once

#include "src/base/clock.h"
#include "src/cli/arguments.h"
#include "src/cli/output.h"
#include "src/daemon/control.h"
#include "src/jobs/exit_status.h"
#include "src/jobs/told.h"

#include <stop_token>
#include <string>
#include <vector>

namespace cli {

// Prints what a job told, as the command would have printed it.
void print(ProcessOutput& output, const jobs::Told& told);

// `draw`: whether to show a progress bar. A request to stop cancels the job. Errors of
// appliance::ControlClient::run().
jobs::ExitStatus follow(appliance::ControlClient& daemon, const std::vector<std::string>& words,
                        ProcessOutput& output, bool draw, base::Clock& clock, std::stop_token stop);

}  // namespace cli
