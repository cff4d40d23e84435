// What the machine itself gives on the same bytes: the two operations that no store of this kind
// can do without.
#pragma once

#include "tests/bench/measure.h"

#include <cstdint>
#include <filesystem>

namespace bench {

struct PrimitiveResult {
  Cost cost;
  std::uint64_t bytes_out = 0;
};

// zstd level 3 over each file of the corpus, one frame a file; only the compression is measured.
PrimitiveResult compress_corpus(const std::filesystem::path& corpus);
// SHA-256 over each file of the corpus; only the hashing is measured.
PrimitiveResult hash_corpus(const std::filesystem::path& corpus);

}  // namespace bench
