// The jobs of a daemon as its folder has them (job_log.h), for looking at: takes no lock and
// changes nothing, so it works beside a daemon and without one.
#pragma once

#include "src/jobs/job.h"
#include "src/jobs/told.h"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace jobs {

// Newest first. What cannot be read is left out and told in the log; none if there is no such
// folder.
std::vector<Job> read_jobs(const std::filesystem::path& folder);

// The one whose id begins like this. Error(not_found) if there is none, Error(usage) if there are
// several.
Job read_job(const std::filesystem::path& folder, std::string_view beginning);

// What it told so far, in order.
void read_told(const std::filesystem::path& folder, std::string_view id,
               const std::function<void(const Told&)>& on_told);

}  // namespace jobs
