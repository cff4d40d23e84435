// What a job verified, if it verified anything.
#pragma once

#include "src/jobs/alerts.h"
#include "src/jobs/job.h"

#include <cstdint>
#include <optional>

namespace appliance {

// Empty for a job that is neither a check nor a drill.
std::optional<jobs::Verification> verification_of(const jobs::Job& job);

// Whether it came to a result, good or bad.
bool came_to_a_result(const jobs::Job& job);

// What a check found wrong, or the items of a drill that did not come back; by its summary.
std::uint64_t errors_found(const jobs::Job& job);

}  // namespace appliance
