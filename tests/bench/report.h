// The figures of one run, for people and for scripts.
#pragma once

#include "tests/bench/corpus.h"
#include "tests/bench/peers.h"
#include "tests/bench/primitives.h"
#include "tests/bench/store_phases.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

struct Report {
  CorpusShape shape;
  CorpusSummary corpus;
  PrimitiveResult zstd;
  PrimitiveResult sha256;
  Measured coffer;         // as whole processes, like the peers
  PhaseResult ingest_new;  // the store alone: without start and key derivation
  PhaseResult ingest_known;
  PhaseResult restore;
  PhaseResult check;
  std::vector<Measured> peers;
};

// MB (10^6 bytes) per second of processor time; 0 if it took none that could be measured.
double rate(std::uint64_t bytes, const Cost& cost);

// How a phase tells its figures to the process that started it.
std::string to_line(const PhaseResult& phase);
PhaseResult parse_line(std::string_view line);

std::string table(const Report& report);
std::string json(const Report& report);

}  // namespace bench
