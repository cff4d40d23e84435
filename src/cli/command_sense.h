// Whether the options of a command make sense together.
#pragma once

#include "src/cli/arguments.h"

namespace cli {

// Error(usage) naming the options that do not.
void require_sense(const Command& command);

// The exit statuses in words, for the help.
const char* exit_statuses();

}  // namespace cli
