#include "src/base/text.h"
#include "src/cli/audited_command.h"
#include "src/cli/commands.h"
#include "src/cli/store_progress.h"
#include "src/daemon/appliance.h"
#include "src/jobs/forget_job.h"

#include <algorithm>
#include <optional>

namespace cli {
namespace {

void tell(Output& output, const store::PruneReport& report, bool dry_run) {
  if (report.purged.empty() && report.bytes_deleted == 0) {
    output.remark("Nothing is dead.");
  } else {
    output.remark(
        base::text(counted(report.purged.size(), "restore point"), dry_run ? " would be" : "",
                   " purged, ", counted(report.packs_deleted, "pack"), " deleted, ",
                   counted(report.packs_rewritten, "pack"), " written anew: ",
                   base::human_bytes(report.bytes_deleted -
                                     std::min(report.bytes_deleted, report.bytes_written)),
                   dry_run ? " less at most" : " less"));
  }
  if (report.trash_bytes_freed > 0) {
    output.remark(base::text("Trash emptied: ", base::human_bytes(report.trash_bytes_freed)));
  } else if (!dry_run && report.bytes_deleted > 0) {
    output.remark("The space is free once the trash is emptied, by a prune in 72 hours.");
  }
}

}  // namespace

jobs::ExitStatus run(const Context& context, const PruneOptions& options) {
  const base::Duration begin = context.clock.monotonic();
  store::PruneReport report;
  jobs::Record summary;
  {
    StoreProgress progress{context};
    const auto store = context.resources.open_store(store::Access::reclaim);
    std::optional<AuditedCommand> audited;
    if (!options.prune.dry_run) {
      audited.emplace(context, store->repository().journals(), "prune",
                      AuditedCommand::Entry::wanted, "",
                      jobs::Record{{"delete_only", options.prune.delete_only}});
    }
    report = store->repository().prune(options.prune, progress.listener(), context.stop);
    summary =
        jobs::prune_summary(report, options.prune.dry_run, seconds_since(context.clock, begin));
    if (audited) audited->end(jobs::ExitStatus::done, summary);
  }
  tell(context.output, report, options.prune.dry_run);
  context.output.record(summary);
  return jobs::ExitStatus::done;
}

}  // namespace cli
