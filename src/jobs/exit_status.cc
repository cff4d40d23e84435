#include "src/jobs/exit_status.h"

namespace jobs {

ExitStatus exit_status(base::ErrorKind kind) {
  switch (kind) {
    case base::ErrorKind::usage:
      return ExitStatus::usage;
    case base::ErrorKind::denied:
      return ExitStatus::denied;
    case base::ErrorKind::not_found:
      return ExitStatus::not_found;
    case base::ErrorKind::no_store:
      return ExitStatus::no_store;
    case base::ErrorKind::in_use:
      return ExitStatus::in_use;
    case base::ErrorKind::wrong_key:
      return ExitStatus::wrong_key;
    case base::ErrorKind::corrupt:
      return ExitStatus::corrupt;
    case base::ErrorKind::full:
      return ExitStatus::full;
    case base::ErrorKind::cancelled:
      return ExitStatus::interrupted;
    case base::ErrorKind::failed:
    case base::ErrorKind::unavailable:
    case base::ErrorKind::protocol:
    case base::ErrorKind::disk:
      return ExitStatus::failed;
  }
  return ExitStatus::failed;
}

}  // namespace jobs
