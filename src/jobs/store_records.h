// What a store says of itself, as records: sizes and factors, the findings of a check, and what was
// copied to a second one.
#pragma once

#include "src/jobs/exit_status.h"
#include "src/jobs/record.h"
#include "store/copy.h"
#include "store/repository.h"

namespace jobs {

// {"type":"stats",...}. Factors are null while there is nothing to divide by.
Record stats_record(const store::StoreStatistics& statistics);

// {"type":"damage","message"}: one per error found.
std::vector<Record> damage_records(const store::CheckReport& report);
Record check_summary(const store::CheckReport& report, store::CheckLevel level, double seconds);
ExitStatus exit_status(const store::CheckReport& report);

Record copy_summary(const store::CopyReport& report, double seconds);
ExitStatus exit_status(const store::CopyReport& report);

}  // namespace jobs
