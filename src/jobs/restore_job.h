// A restore as a job: the plan's settings, what was done item by item, and the report as records.
#pragma once

#include "src/base/clock.h"
#include "src/jobs/exit_status.h"
#include "src/jobs/record.h"
#include "src/jobs/restore_point.h"
#include "src/restore/restore_run.h"
#include "store/repository.h"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

namespace jobs {

struct RestoreRequest {
  std::string job_id;  // a ULID
  restore::RestoreSelection selection;
  restore::RestoreTarget target;
  restore::RestoreSettings settings;
  std::string reason;  // why, in the words of whoever asked; may be empty
};

struct RestoreJobReport {
  std::string job_id;  // a ULID
  base::Duration took{};
  restore::RestoreReport report;
  // What the plan came to, item by item.
  struct {
    std::uint64_t create = 0, skip = 0, replace = 0;
    std::uint64_t bytes = 0;  // of the streams to be sent
  } planned;
};

// Error(not_found) for folders, items or a target that are not there; what happens once it has
// begun is in the report. `on_record` gets {"type":"item",...} for each selected item.
RestoreJobReport run_restore_job(store::Repository& repository, graph::MailboxService& service,
                                 const RestorePoint& point, const RestoreRequest& request,
                                 base::Clock& clock, restore::RestoreProgress& progress,
                                 const OnRecord& on_record, std::stop_token stop);

// "Restored 2026-11-23T02:00:00Z": the folder for what is restored when none is named.
std::string default_folder(const store::Snapshot& snapshot);

// The least time that the service allows for sending so many bytes of streams to one mailbox:
// base64 by 150 MB in 5 minutes.
base::Duration least_upload_time(std::uint64_t stream_bytes);

ExitStatus exit_status(const RestoreJobReport& job, bool dry_run);
Record restore_summary(const RestoreJobReport& job, const RestorePoint& point,
                       const RestoreRequest& request);
// Of a restore that never began: the same fields.
Record restore_summary_of_none();

}  // namespace jobs
