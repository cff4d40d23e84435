// The programs that do the same work on the same files: ours, and those that people use today for
// such data.
#pragma once

#include "tests/bench/corpus.h"
#include "tests/bench/measure.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

enum class Phase : std::uint8_t {
  first,    // backup of the first day
  known,    // the same files again, all of them read again
  second,   // backup of the second day, by whatever the program goes by
  restore,  // everything of the second day
  check,    // every byte read and proven
  prune,    // the first day is let go, and its space given back
};
inline constexpr std::array kPhases{Phase::first,   Phase::known, Phase::second,
                                    Phase::restore, Phase::check, Phase::prune};
std::string_view name(Phase phase);

// How a program is asked for it. Each phase takes one or more runs of the program in the corpus;
// what a program cannot do has none.
struct Contestant {
  std::string name;
  std::string program;  // that has to be in PATH, or a path
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<std::vector<std::string>> prepare;
  std::map<Phase, std::vector<std::vector<std::string>>> phases;
  std::filesystem::path repository;  // whose size counts
};

// Ours is `coffer_bench store`, which is this program, and has to read and restore all of `corpus`;
// each works below `work`/<its name>.
std::vector<Contestant> contestants(const std::filesystem::path& coffer_bench,
                                    const std::filesystem::path& work, const WrittenCorpus& corpus,
                                    bool with_peers);

struct Figures {
  std::map<Phase, Cost> costs;
  std::map<Phase, std::uint64_t> repository_bytes;  // after it
};

// The corpus stands at `current` while a program runs; the days are moved there and back, so that
// every file keeps its name and its times.
struct Days {
  std::filesystem::path first;
  std::filesystem::path second;
  std::filesystem::path current;
};
// All phases in their order. Error(failed) with the end of what the program said if it fails.
Figures run(const Contestant& contestant, const Days& days);

}  // namespace bench
