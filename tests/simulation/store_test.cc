// The store's promises over its whole life: whatever happens, in whatever order, every restore
// point that was acknowledged is there until it may go, and nothing names what is not there.
#include "src/base/log.h"
#include "src/base/text.h"
#include "tests/simulation/store_schedule.h"
#include "tests/support/catch.h"

#include <cstdint>
#include <cstdlib>
#include <exception>
#include <string>

namespace {

std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
  const char* asked = std::getenv(variable);
  return asked == nullptr ? otherwise : std::strtoull(asked, nullptr, 10);
}

// What is wrong, and all that led to it; empty if nothing is.
std::string violation_of(std::uint64_t seed) {
  simulation::StoreSchedule schedule{seed};
  std::string problem = "no problem, but asked to tell";
  try {
    schedule.run();
    if (std::getenv("COFFER_SIM_TELL") == nullptr) return {};
  } catch (const std::exception& error) {
    problem = error.what();
  }
  std::string told = base::text("COFFER_SIM_SEED=", seed, " COFFER_SIM_RUNS=1: ", problem, "\n");
  for (const std::string& note : schedule.notes()) told += "  " + note + "\n";
  return told;
}

}  // namespace

TEST_CASE("whatever happens to a store, what was acknowledged is there until it may go",
          "[simulation]") {
  base::set_log_level(static_cast<base::LogLevel>(4));  // faults are what this is about
  const std::uint64_t first = number_of("COFFER_SIM_SEED", 1);
  const std::uint64_t runs = number_of("COFFER_SIM_RUNS", 300);
  for (std::uint64_t seed = first; seed < first + runs; ++seed) {
    const std::string problem = violation_of(seed);
    if (!problem.empty()) FAIL_CHECK(problem);
  }
}
