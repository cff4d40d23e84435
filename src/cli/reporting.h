// What a command throws, told as an error and as the summary of a command that failed.
#pragma once

#include "src/cli/output.h"
#include "src/jobs/exit_status.h"

#include <functional>
#include <string>

namespace cli {

// What `act` gives, or the exit status of what it throws, which is told.
jobs::ExitStatus reporting(Output& output, const std::string& command,
                           const std::function<jobs::ExitStatus()>& act);

}  // namespace cli
