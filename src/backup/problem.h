// Problems in the operator's words.
#pragma once

#include "src/backup/backup_run.h"
#include "src/base/error.h"

#include <string>

namespace backup {

// What an operator does about an error of this kind, or what the program will do.
std::string next_step(base::ErrorKind kind);

Problem problem_of(const std::string& mailbox, const std::string& folder, const base::Error& error);

}  // namespace backup
