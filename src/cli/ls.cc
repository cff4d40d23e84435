#include "src/base/text.h"
#include "src/cli/commands.h"
#include "src/cli/listed_line.h"
#include "src/daemon/appliance.h"
#include "src/jobs/restore_point.h"

namespace cli {

jobs::ExitStatus run(const Context& context, const LsOptions& options) {
  Output& output = context.output;
  const auto store = context.resources.open_store(store::Access::read);
  const jobs::RestorePoint point =
      jobs::open_restore_point(store->repository(), options.mailbox, options.at);
  if (options.folder) static_cast<void>(jobs::folder_ids(point, {*options.folder}));
  output.remark(base::text(base::printable(point.snapshot.address), " at ",
                           short_time(point.snapshot.time), " UTC, restore point ",
                           point.snapshot.id, point.snapshot.complete ? "" : " (incomplete)"));
  const auto on_record = [&](const jobs::Record& record) {
    output.record(record);
    if (output.json()) return;
    for (const std::string& line : listed_lines(record, output.columns(), output.verbose())) {
      output.line(line);
    }
  };
  const jobs::ListedCounts counts =
      jobs::list(point, options.folder, options.recursive, on_record, context.stop);
  output.remark(base::text(counted(counts.items, "item"), ", ", base::human_bytes(counts.bytes),
                           " in ", counted(counts.folders, "folder")));
  output.record(jobs::Record{{"type", "summary"},
                             {"command", "ls"},
                             {"status", "complete"},
                             {"mailbox", point.snapshot.address},
                             {"snapshot", point.snapshot.id},
                             {"time", point.snapshot.time},
                             {"complete", point.snapshot.complete},
                             {"folders", counts.folders},
                             {"items", counts.items},
                             {"bytes", counts.bytes}});
  return jobs::ExitStatus::done;
}

}  // namespace cli
