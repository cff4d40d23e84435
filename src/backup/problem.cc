#include "src/backup/problem.h"

#include "src/base/text.h"

namespace backup {

using base::ErrorKind;

std::string next_step(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::denied:
      return "grant the right that is named, then run the backup again";
    case ErrorKind::not_found:
      return "check whether the account still has a mailbox";
    case ErrorKind::corrupt:
      return "run a check of the store";
    case ErrorKind::full:
      return "make room for the store, then run the backup again";
    case ErrorKind::disk:
      return "check the disk of the store, then run the backup again";
    case ErrorKind::cancelled:
      return "a rerun goes on from there";
    default:
      return "retry next run";
  }
}

Problem problem_of(const std::string& mailbox, const std::string& folder,
                   const base::Error& error) {
  return {mailbox,
          folder,
          "",
          std::string{base::name(error.kind())},
          base::printable(error.what()),
          next_step(error.kind())};
}

}  // namespace backup
