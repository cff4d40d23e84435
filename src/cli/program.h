// The program `coffer`, but for main().
#pragma once

namespace cli {

// Runs one command and gives its exit status. Throws nothing.
int run_program(int argument_count, const char* const* arguments) noexcept;

}  // namespace cli
