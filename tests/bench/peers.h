// The same work done by the programs that people use today for such data.
#pragma once

#include "tests/bench/measure.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace bench {

// What each program is asked for, on the same files.
struct Measured {
  std::string name;
  Cost new_data;
  Cost known_data;  // the same files again, all of them read again
  Cost restore;     // everything, to a stream that is dropped
  Cost check;       // every byte read and proven
  std::uint64_t stored_bytes = 0;
};

// Those that are installed, each in its own folder below `work`, which goes away again. `on_step`
// is told what is being done.
std::vector<Measured> measure_peers(const std::filesystem::path& corpus,
                                    const std::filesystem::path& work,
                                    const std::function<void(const std::string&)>& on_step);

}  // namespace bench
