// What a store holds, in numbers.
#pragma once

#include "store/index.h"
#include "store/repository.h"
#include "store/snapshot.h"

#include <vector>

namespace store {

StoreStatistics statistics_of(const Index& index, const std::vector<Snapshot>& snapshots);

}  // namespace store
