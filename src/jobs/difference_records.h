// What changed between two restore points, as records.
#pragma once

#include "src/catalog/difference.h"
#include "src/jobs/record.h"
#include "src/jobs/restore_point.h"

#include <stop_token>

namespace jobs {

// {"type":"difference","what","kind","id","folder","from_folder",...}: one per folder and item that
// differs, all with the same fields.
catalog::DifferenceCounts difference_records(const RestorePoint& from, const RestorePoint& to,
                                             const OnRecord& on_record, std::stop_token stop);

Record difference_summary(const store::Snapshot& from, const store::Snapshot& to,
                          const catalog::DifferenceCounts& counts);

}  // namespace jobs
