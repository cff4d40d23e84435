#include "src/base/text.h"
#include "src/cli/audited_command.h"
#include "src/cli/commands.h"
#include "src/cli/store_progress.h"
#include "src/daemon/second_store.h"
#include "src/jobs/progress.h"
#include "src/jobs/store_records.h"

namespace cli {
namespace {

void tell(Output& output, const store::CopyReport& report, const std::string& place,
          double seconds) {
  for (const store::CopyProblem& problem : report.problems) {
    output.line(base::printable(problem.snapshot.empty()
                                    ? base::text("problem: ", problem.message)
                                    : base::text("not copied: restore point ", problem.snapshot,
                                                 " of ", problem.mailbox, ": ", problem.message)));
  }
  if (report.created) output.remark(base::text("Second store made at ", place));
  const base::Duration took{static_cast<std::int64_t>(seconds * 1000)};
  output.remark(base::text(counted(report.snapshots, "restore point"), " copied, ",
                           counted(report.skipped, "restore point"), " not new there, ",
                           counted(report.holds, "hold"), " added"));
  output.remark(base::text(
      counted(report.packs, "pack"), " copied whole and ", counted(report.chunks, "chunk"),
      " one by one: ", base::human_bytes(report.bytes), " in ", jobs::human_duration(took)));
  if (!report.problems.empty()) {
    output.remark(
        "What was not copied is tried again by the next copy: run `coffer check --repair`.");
  }
}

}  // namespace

jobs::ExitStatus run(const Context& context, const CopyOptions& options) {
  const auto configuration = context.configuration();
  const appliance::StoreSettings second = appliance::second_store(configuration.store, options.to);
  const base::Duration begin = context.clock.monotonic();
  const auto first = context.resources.open_store(store::Access::read);
  AuditedCommand audited{context, first->repository().journals(),
                         "copy",  AuditedCommand::Entry::wanted,
                         "",      {{"second_store", second.directory.string()}}};
  store::CopyReport report;
  {
    StoreProgress progress{context};
    report = appliance::copy_store(*first, configuration.store, second, context.clock,
                                   progress.listener(), context.stop);
  }
  const double seconds = seconds_since(context.clock, begin);
  tell(context.output, report, second.directory.string(), seconds);
  const jobs::Record summary = jobs::copy_summary(report, seconds);
  audited.end(jobs::exit_status(report), summary);
  context.output.record(summary);
  return jobs::exit_status(report);
}

}  // namespace cli
