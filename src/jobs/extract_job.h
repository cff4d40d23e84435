// Writing the streams of a restore point into a directory, with a manifest beside them.
#pragma once

#include "src/catalog/extract.h"
#include "src/jobs/exit_status.h"
#include "src/jobs/record.h"
#include "src/jobs/restore_point.h"
#include "store/repository.h"

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

namespace jobs {

// The streams that the selection means, and manifest.json once they are all there. Called with each
// file's record,
// {"type":"item",...}, once it is written.
catalog::ExtractReport run_extract_job(store::Repository& repository, const RestorePoint& point,
                                       const catalog::ExtractSelection& selection,
                                       const std::filesystem::path& directory,
                                       const OnRecord& on_record, std::stop_token stop);

ExitStatus exit_status(const catalog::ExtractReport& report);
Record extract_summary(const catalog::ExtractReport& report, const RestorePoint& point,
                       const std::filesystem::path& directory, double seconds);

}  // namespace jobs
