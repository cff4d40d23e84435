#include "src/base/error.h"
#include "src/base/text.h"
#include "src/cli/audited_command.h"
#include "src/cli/commands.h"
#include "src/cli/progress_bar.h"
#include "src/daemon/appliance.h"
#include "src/daemon/places.h"
#include "src/jobs/extract_job.h"
#include "src/jobs/progress.h"

#include <atomic>

namespace cli {
namespace {

void tell(Output& output, const catalog::ExtractReport& report, const ExtractOptions& options,
          double seconds) {
  for (const catalog::ExtractFailure& failure : report.failures) {
    output.line(base::printable(base::text("failed: ", failure.folder, ", item ", failure.id, ": ",
                                           failure.error.message())));
  }
  const base::Duration took{static_cast<std::int64_t>(seconds * 1000)};
  output.remark(base::text(jobs::human_count(report.written), " of ",
                           counted(report.selected, "item"), ", ", base::human_bytes(report.bytes),
                           ", written to ", options.output.string(), " in ",
                           jobs::human_duration(took)));
}

}  // namespace

jobs::ExitStatus run(const Context& context, const ExtractOptions& options) {
  const auto configuration = context.configuration();
  appliance::require_outside_store(configuration.store, options.output, "--output");
  const auto store = context.resources.open_store(store::Access::read);
  const jobs::RestorePoint point =
      jobs::open_restore_point(store->repository(), options.mailbox, options.at);
  catalog::ExtractSelection selection;
  selection.folders = jobs::folder_ids(point, options.folders);
  selection.items = {options.items.begin(), options.items.end()};
  AuditedCommand audited{context,
                         store->repository().journals(),
                         "extract",
                         AuditedCommand::Entry::wanted,
                         "",
                         {{"mailbox", point.snapshot.address},
                          {"mailbox_id", point.snapshot.mailbox_id},
                          {"snapshot", point.snapshot.id},
                          {"folders", as_list(options.folders)},
                          {"items", as_list(options.items)},
                          {"output", options.output.string()}}};
  std::atomic<std::uint64_t> items{0};
  const base::Duration begin = context.clock.monotonic();
  catalog::ExtractReport report;
  {
    const auto shown = context.progress.show([&] {
      jobs::ProgressReading reading;
      reading.items_done = items;
      return reading;
    });
    const auto on_record = [&](const jobs::Record& record) {
      context.output.record(record);
      ++items;
    };
    report = jobs::run_extract_job(store->repository(), point, selection, options.output, on_record,
                                   context.stop);
  }
  const double seconds = seconds_since(context.clock, begin);
  tell(context.output, report, options, seconds);
  if (report.cancelled) {
    const base::Error error{base::ErrorKind::cancelled, "the extraction was stopped on request"};
    context.output.error(error, jobs::exit_status(report), remedy_for(error));
  }
  const jobs::Record summary = jobs::extract_summary(report, point, options.output, seconds);
  audited.end(jobs::exit_status(report), summary);
  context.output.record(summary);
  return jobs::exit_status(report);
}

}  // namespace cli
