// Which items go into one export call. Pure.
#pragma once

#include "src/graph/mailbox_service.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace graph {

using Batch = std::vector<ExportRequest>;

// Keeps the order, except that an item at or above the byte limit goes alone, without ending the
// batch that it interrupts.
std::vector<Batch> plan_batches(std::span<const ExportRequest> units, const BatchLimits& limits);

}  // namespace graph
