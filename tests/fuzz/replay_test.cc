// Every input that is kept (seeds, and whatever once was a finding) goes through its target again,
// in every build and with every compiler.
#include "src/base/file.h"
#include "src/base/text.h"
#include "tests/fuzz/targets.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const fs::path kCorpus{FUZZ_CORPUS};

std::vector<fs::path> inputs_of(std::string_view target) {
  std::vector<fs::path> inputs;
  for (const auto& entry : fs::directory_iterator{kCorpus / target}) inputs.push_back(entry.path());
  std::ranges::sort(inputs);
  return inputs;
}

// Empty if the target keeps its promises.
std::string finding_of(fuzz::Target target, base::ByteView input) {
  try {
    target(input);
    return {};
  } catch (const std::exception& broken) {
    return broken.what();
  }
}

}  // namespace

TEST_CASE("no input that was kept breaks a parser's promises", "[fuzz]") {
  for (const fuzz::NamedTarget& target : fuzz::all_targets()) {
    CAPTURE(target.name);
    const std::vector<fs::path> inputs = inputs_of(target.name);
    CHECK_FALSE(inputs.empty());
    for (const fs::path& path : inputs) {
      const std::string finding = finding_of(target.run, base::read_file(path));
      CAPTURE(path.string(), finding);
      CHECK(finding.empty());
    }
  }
}

TEST_CASE("inputs cut short anywhere break no promise either", "[fuzz]") {
  constexpr std::size_t kCuts = 24;
  for (const fuzz::NamedTarget& target : fuzz::all_targets()) {
    CAPTURE(target.name);
    for (const fs::path& path : inputs_of(target.name)) {
      const base::Bytes whole = base::read_file(path);
      for (std::size_t cut = 0; cut < kCuts; ++cut) {
        const std::size_t size = whole.size() * cut / kCuts;
        const std::string finding = finding_of(target.run, base::ByteView{whole}.first(size));
        CAPTURE(path.string(), size, finding);
        CHECK(finding.empty());
      }
    }
  }
}

TEST_CASE("every folder of inputs belongs to a target", "[fuzz]") {
  for (const auto& entry : fs::directory_iterator{kCorpus}) {
    const std::string name = entry.path().filename().string();
    CAPTURE(name);
    CHECK(std::ranges::find(fuzz::all_targets(), name, &fuzz::NamedTarget::name) !=
          fuzz::all_targets().end());
  }
}
