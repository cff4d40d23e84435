// The figures of one run, for people and for scripts.
#pragma once

#include "tests/bench/contestants.h"
#include "tests/bench/corpus.h"
#include "tests/bench/directory_store.h"
#include "tests/bench/primitives.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

struct Result {
  std::string name;
  std::vector<Figures> runs;  // one a round
};

struct Report {
  CorpusShape shape;
  WrittenCorpus corpus;
  PrimitiveResult zstd;
  PrimitiveResult sha256;
  std::vector<Result> results;  // ours first
};

// Of all rounds; empty if the program cannot do that.
std::optional<Cost> median_cost(const Result& result, Phase phase);
// What the repository holds after the first day, and what the second one adds.
std::uint64_t stored_bytes(const Result& result);
std::uint64_t added_bytes(const Result& result);

// What `coffer-bench store` tells of itself, as one line of JSON.
std::string to_line(const Work& work);

std::string table(const Report& report);
std::string json(const Report& report);

}  // namespace bench
