#include "src/graph/export_plan.h"

#include <utility>

namespace graph {

std::vector<Batch> plan_batches(std::span<const ExportRequest> units, const BatchLimits& limits) {
  std::vector<Batch> batches;
  Batch batch;
  std::uint64_t batch_bytes = 0;
  for (const ExportRequest& unit : units) {
    if (unit.size_bytes >= limits.bytes) {
      batches.push_back({unit});
      continue;
    }
    const bool full = batch.size() >= limits.items || batch_bytes + unit.size_bytes > limits.bytes;
    if (full && !batch.empty()) {
      batches.push_back(std::exchange(batch, {}));
      batch_bytes = 0;
    }
    batch.push_back(unit);
    batch_bytes += unit.size_bytes;
  }
  if (!batch.empty()) batches.push_back(std::move(batch));
  return batches;
}

}  // namespace graph
