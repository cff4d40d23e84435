#include "src/base/error.h"
#include "src/base/text.h"
#include "src/cli/audited_command.h"
#include "src/cli/commands.h"
#include "src/cli/table.h"
#include "src/daemon/appliance.h"
#include "src/jobs/forget_job.h"

namespace cli {
namespace {

jobs::Record summary_of(std::string_view command) {
  return jobs::Record{{"type", "summary"}, {"command", command}, {"status", "complete"}};
}

}  // namespace

jobs::ExitStatus run(const Context& context, const HoldAddOptions& options) {
  const auto store = context.resources.open_store(store::Access::reclaim);
  const store::Hold hold =
      jobs::new_hold(store->repository(), options.subject, options.reason, context.clock.now());
  AuditedCommand audited{context,        store->repository().journals(),
                         "hold add",     AuditedCommand::Entry::required,
                         options.reason, jobs::hold_record(hold)};
  store->repository().add_hold(hold);
  context.output.record(jobs::hold_record(hold));
  context.output.remark(base::text(
      base::printable(hold.subject), " is held",
      hold.snapshot_id.empty() ? ", with all restore points to come" : "", ": ", hold.id));
  const jobs::Record summary = summary_of("hold add").set("id", hold.id);
  audited.end(jobs::ExitStatus::done, summary);
  context.output.record(summary);
  return jobs::ExitStatus::done;
}

jobs::ExitStatus run(const Context& context, const HoldRemoveOptions& options) {
  const auto store = context.resources.open_store(store::Access::reclaim);
  AuditedCommand audited{context,        store->repository().journals(),
                         "hold remove",  AuditedCommand::Entry::required,
                         options.reason, {{"id", options.id}}};
  try {
    store->repository().remove_hold(options.id, options.reason);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::not_found) throw;
    throw AdvisedError{error, "`coffer hold list` lists the holds that there are"};
  }
  context.output.remark(base::text("Hold ", options.id, " is removed."));
  const jobs::Record summary = summary_of("hold remove").set("id", options.id);
  audited.end(jobs::ExitStatus::done, summary);
  context.output.record(summary);
  return jobs::ExitStatus::done;
}

jobs::ExitStatus run(const Context& context, const HoldListOptions&) {
  const auto store = context.resources.open_store(store::Access::read);
  const std::vector<store::Hold> holds = store->repository().holds();
  Table table{{{"Id"}, {"On"}, {"Since (UTC)"}, {"Why"}}};
  for (const store::Hold& hold : holds) {
    context.output.record(jobs::hold_record(hold));
    table.add({hold.id, base::printable(hold.subject), short_time(hold.time),
               base::printable(hold.reason)});
  }
  if (!holds.empty()) {
    for (const std::string& line : table.lines(context.output.columns())) {
      context.output.line(line);
    }
  }
  context.output.remark(counted(holds.size(), "hold"));
  context.output.record(summary_of("hold list").set("holds", holds.size()));
  return jobs::ExitStatus::done;
}

}  // namespace cli
