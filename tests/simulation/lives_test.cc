// The promises of backups and restores over whole lives of a tenant: whatever goes wrong, each
// restore point is the tenant's listing of its time, or lacks exactly what the plan of the life
// made fail and says so; each restore brings back its restore point, and nothing twice.
#include "src/base/log.h"
#include "src/base/text.h"
#include "tests/simulation/tenant_life.h"
#include "tests/support/catch.h"

#include <cstdint>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>

namespace {

std::optional<std::uint64_t> asked_for(const char* variable) {
  const char* asked = std::getenv(variable);
  if (asked == nullptr) return std::nullopt;
  return std::strtoull(asked, nullptr, 10);
}

// What is wrong, and all that led to it; empty if nothing is.
std::string difference_in(std::uint64_t seed, graph::ApiForm form, simulation::LifeTally& tally) {
  simulation::TenantLife life{seed, form};
  std::string told = "no difference, but asked to tell";
  try {
    life.run();
    life.add_to(tally);
    if (std::getenv("COFFER_LIFE_TELL") == nullptr) return {};
  } catch (const std::exception& error) {
    told = error.what();
  }
  told = base::text("COFFER_LIFE_SEED=", seed, ": ", told, "\n");
  for (const std::string& note : life.notes()) told += "  " + note + "\n";
  return told;
}

// `otherwise`: how many, if nobody asks for a number of lives or for one of them.
void check_lives(graph::ApiForm form, std::uint64_t one_in, std::uint64_t otherwise) {
  base::set_log_level(static_cast<base::LogLevel>(4));  // faults are what this is about
  const auto first = asked_for("COFFER_LIFE_SEED");
  const auto asked = asked_for("COFFER_LIVES");
  const std::uint64_t count = asked ? *asked / one_in : first ? 1 : otherwise;
  simulation::LifeTally tally;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string difference = difference_in(first.value_or(1) + i, form, tally);
    if (!difference.empty()) FAIL_CHECK(difference);
  }
  if (asked) WARN(tally.told());
}

}  // namespace

TEST_CASE("in every life each restore point is exact or says what it lacks", "[simulation]") {
  check_lives(graph::ApiForm::items, 1, 50);
}

TEST_CASE("in every life of the article's form, too", "[simulation]") {
  check_lives(graph::ApiForm::folder_jobs, 10, 5);
}
