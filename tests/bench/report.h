// The figures of one run, for people and for scripts.
#pragma once

#include "tests/bench/contestants.h"
#include "tests/bench/corpus.h"
#include "tests/bench/directory_store.h"
#include "tests/bench/primitives.h"

#include <string>
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

// What `coffer-bench store` tells of itself, as one line of JSON.
std::string to_line(const Work& work);

std::string table(const Report& report);
std::string json(const Report& report);

}  // namespace bench
