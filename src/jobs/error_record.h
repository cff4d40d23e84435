// An error as a record.
#pragma once

#include "src/base/error.h"
#include "src/jobs/exit_status.h"
#include "src/jobs/record.h"

#include <string_view>

namespace jobs {

// `remedy` may be empty: then the record has null.
Record error_record(const base::Error& error, ExitStatus status, std::string_view remedy);

}  // namespace jobs
