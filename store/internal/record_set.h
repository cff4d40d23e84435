// A set of records in packs: one bit each.
#pragma once

#include "store/index.h"

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace store {

// Not thread-safe.
class RecordSet {
 public:
  // Whether it was not there before.
  bool add(const ChunkLocation& location) {
    std::vector<bool>& records = packs_[location.pack_number];
    if (records.size() <= location.record_number) records.resize(location.record_number + 1U);
    if (records[location.record_number]) return false;
    records[location.record_number] = true;
    return true;
  }

 private:
  std::unordered_map<std::uint32_t, std::vector<bool>> packs_;
};

}  // namespace store
