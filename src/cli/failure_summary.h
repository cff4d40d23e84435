// The last record of a command that ended with an error.
#pragma once

#include "src/base/error.h"
#include "src/jobs/exit_status.h"
#include "src/jobs/record.h"

#include <string>

namespace cli {

// Has the fields of the command's own summary, as of one that did nothing, and "exit_status".
jobs::Record failure_summary(const std::string& command, const base::Error& error,
                             jobs::ExitStatus status);

}  // namespace cli
