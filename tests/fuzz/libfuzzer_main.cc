// The entry of one libFuzzer program. FUZZ_TARGET names the function of targets.h that it calls.
#include "tests/fuzz/targets.h"

#include <cstddef>
#include <cstdint>

// An exception that leaves the target ends the process, which is what libFuzzer takes for a
// finding.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::FUZZ_TARGET(std::as_bytes(std::span{data, size}));
  return 0;
}
