#include "src/cli/failure_summary.h"

#include "src/jobs/backup_job.h"
#include "src/jobs/drill_job.h"
#include "src/jobs/restore_job.h"
#include "src/jobs/store_records.h"

namespace cli {
namespace {

jobs::Record summary_of(const std::string& command, const base::Error& error) {
  if (command == "backup") {
    jobs::BackupReport report;
    report.stopped_by = error;
    return jobs::summary(report);
  }
  if (command == "copy") return jobs::copy_summary({}, 0);
  if (command == "drill") {
    jobs::Record summary = jobs::drill_summary({}, {}, 0);
    return summary.set("seed", {}).set("items", {});
  }
  if (command == "restore") return jobs::restore_summary_of_none();
  if (command == "check") {
    jobs::Record summary = jobs::check_summary({}, store::CheckLevel::structure, 0);
    return summary.set("level", {})
        .set("restore_points", {})
        .set("packs", {})
        .set("chunks", {})
        .set("errors", {});
  }
  return jobs::Record{{"type", "summary"}, {"command", jobs::text_or_null(command)}};
}

}  // namespace

jobs::Record failure_summary(const std::string& command, const base::Error& error,
                             jobs::ExitStatus status) {
  return summary_of(command, error)
      .set("status", "failed")
      .set("exit_status", jobs::number(status));
}

}  // namespace cli
