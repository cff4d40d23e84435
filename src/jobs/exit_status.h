// The exit statuses that scripts depend on.
#pragma once

#include "src/base/error.h"

#include <cstdint>

namespace jobs {

enum class ExitStatus : std::uint8_t {
  done = 0,
  failed = 1,
  usage = 2,
  partial = 3,  // finished, but some items or mailboxes failed
  denied = 4,
  not_found = 5,
  no_store = 10,
  in_use = 11,
  wrong_key = 12,
  corrupt = 13,
  full = 14,
  interrupted = 130,  // a rerun resumes
};

ExitStatus exit_status(base::ErrorKind kind);

inline int number(ExitStatus status) { return static_cast<int>(status); }

}  // namespace jobs
