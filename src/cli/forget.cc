#include "src/base/error.h"
#include "src/base/text.h"
#include "src/catalog/restore_points.h"
#include "src/cli/audited_command.h"
#include "src/cli/commands.h"
#include "src/cli/table.h"
#include "src/daemon/appliance.h"
#include "src/jobs/forget_job.h"
#include "src/jobs/retention_job.h"

#include <functional>
#include <string>
#include <vector>

namespace cli {
namespace {

using jobs::ExitStatus;

constexpr std::string_view kPruneHint =
    "`coffer prune` frees their space; until then `coffer "
    "forget --undo ID` brings them back.";

jobs::Value as_value(const store::Snapshot& point) {
  return jobs::Record{{"id", point.id},
                      {"mailbox", point.address},
                      {"mailbox_id", point.mailbox_id},
                      {"time", point.time}};
}

jobs::Value::List as_list(const std::vector<store::Snapshot>& points) {
  jobs::Value::List list;
  for (const store::Snapshot& point : points) list.push_back(as_value(point));
  return list;
}

jobs::Value::List as_list(const std::vector<store::Forgetting>& forgettings) {
  jobs::Value::List list;
  for (const store::Forgetting& each : forgettings) list.push_back(as_value(each.snapshot));
  return list;
}

// What happens to restore points, written down; nothing is where none is meant.
void audited(const Context& context, store::Repository& repository, std::string_view action,
             const std::string& reason, const jobs::Value::List& points,
             const std::function<void()>& act) {
  if (points.empty()) return act();
  AuditedCommand audited{context, repository.journals(),  action, AuditedCommand::Entry::required,
                         reason,  {{"snapshots", points}}};
  act();
  audited.end(ExitStatus::done, {});
}

void require_agreement(const std::vector<std::string>& reasons, bool confirmed) {
  if (reasons.empty() || confirmed) return;
  std::string all;
  for (const std::string& reason : reasons) all += (all.empty() ? "" : "; ") + reason;
  throw AdvisedError{base::Error{base::ErrorKind::usage, all},
                     "look at it with --dry-run, then give --confirm; nothing was forgotten"};
}

void tell_plan(Output& output, const jobs::RetentionReport& report) {
  for (const jobs::PlannedSeries& series : report.series) {
    if (series.points.empty()) continue;
    Table table{{{"Id"}, {"Time (UTC)"}, {"Kept"}, {"Why"}}};
    for (const jobs::PlannedPoint& point : series.points) {
      std::string why;
      for (const std::string& reason : point.reasons) why += (why.empty() ? "" : ", ") + reason;
      table.add(
          {point.snapshot.id, short_time(point.snapshot.time), point.keep ? "yes" : "no", why});
    }
    output.line(base::printable(series.points.back().snapshot.address));
    for (const std::string& line : table.lines(output.columns() - 2)) output.line("  " + line);
    output.line("");
  }
}

ExitStatus apply_retention(const Context& context, const ForgetOptions& options) {
  const auto configuration = context.configuration();
  const auto policies = appliance::retention_policies(configuration, options.policy);
  const auto access = options.dry_run ? store::Access::read : store::Access::reclaim;
  const auto store = context.resources.open_store(access);
  jobs::RetentionReport report =
      jobs::plan_retention_of(store->repository(), policies, context.clock.now());
  if (options.policy) {
    const auto is_other = [&](const auto& part) { return part.policy != *options.policy; };
    std::erase_if(report.series, is_other);
    std::erase_if(report.outcomes, is_other);
  }
  if (!options.dry_run) {
    require_agreement(jobs::confirmations(report), options.confirm);
    const std::vector<store::Forgetting> forgettings = jobs::forgettings_of(report);
    audited(context, store->repository(), "forget",
            options.policy ? base::text("policy ", *options.policy) : "the policies",
            as_list(forgettings), [&] { store->repository().forget(forgettings); });
  }
  for (const jobs::Record& record : jobs::retention_records(report)) context.output.record(record);
  if (!context.output.json() && (options.dry_run || context.output.verbose())) {
    tell_plan(context.output, report);
  }
  const std::size_t gone = jobs::forgettings_of(report).size();
  context.output.remark(base::text(counted(gone, "restore point"),
                                   options.dry_run ? " would be forgotten" : " forgotten", "."));
  for (const std::string& reason : jobs::confirmations(report)) {
    if (options.dry_run) context.output.remark(base::text("Needs --confirm: ", reason));
  }
  if (!options.dry_run && gone > 0) context.output.remark(kPruneHint);
  context.output.record(
      jobs::retention_summary(report).set("status", "complete").set("dry_run", options.dry_run));
  return ExitStatus::done;
}

jobs::Record summary_of(std::size_t count, std::string_view what) {
  return jobs::Record{{"type", "summary"},
                      {"command", "forget"},
                      {"status", "complete"},
                      {std::string{what}, count}};
}

// What people name goes, whatever the rules say; only holds and the minimum age are above them.
ExitStatus forget_named(const Context& context, const ForgetOptions& options) {
  const auto configuration = context.configuration();
  const auto store =
      context.resources.open_store(options.dry_run ? store::Access::read : store::Access::reclaim);
  std::vector<store::Snapshot> points = jobs::shown_by_id(store->repository(), options.snapshots);
  if (options.mailbox) {
    const std::vector<store::Snapshot> all =
        catalog::restore_points_of(store->repository(), std::nullopt, *options.mailbox);
    if (!options.dry_run) {
      require_agreement({base::text("this forgets every restore point of ", all.back().address,
                                    ", ", all.size(), " in all")},
                        options.confirm);
    }
    points.insert(points.end(), all.begin(), all.end());
  }
  jobs::require_old_enough(points, configuration.store.minimum_age, context.clock.now());
  const std::vector<store::Hold> holds = store->repository().holds();
  const jobs::RetentionReport plan = jobs::plan_named(
      std::move(points), [&](const store::Snapshot& point) { return jobs::is_held(holds, point); });
  const std::string reason = options.reason.empty() ? "named by an operator" : options.reason;
  std::vector<store::Forgetting> forgettings;
  std::size_t held = 0;
  for (const jobs::PlannedSeries& series : plan.series) {
    for (const jobs::PlannedPoint& point : series.points) {
      forgettings.push_back({point.snapshot, reason});
      held += point.keep ? 1 : 0;
    }
  }
  // Refused by the store, with the name of the hold, if one of them is held.
  if (!options.dry_run) {
    audited(context, store->repository(), "forget", reason, as_list(forgettings),
            [&] { store->repository().forget(forgettings); });
  }
  for (const jobs::Record& record : jobs::retention_records(plan)) context.output.record(record);
  if (options.dry_run && !context.output.json()) tell_plan(context.output, plan);
  const std::size_t gone = forgettings.size() - held;
  context.output.remark(base::text(counted(gone, "restore point"),
                                   options.dry_run ? " would be forgotten." : " forgotten."));
  if (held > 0) {
    context.output.remark(base::text("Held: ", counted(held, "restore point"),
                                     "; without --dry-run nothing would be forgotten."));
  }
  if (!options.dry_run) context.output.remark(kPruneHint);
  context.output.record(summary_of(gone, "removed").set("dry_run", options.dry_run));
  return ExitStatus::done;
}

ExitStatus recall(const Context& context, const ForgetOptions& options) {
  const auto store =
      context.resources.open_store(options.dry_run ? store::Access::read : store::Access::reclaim);
  const std::vector<store::Snapshot> points =
      jobs::forgotten_by_id(store->repository(), options.undo);
  if (!options.dry_run) {
    audited(context, store->repository(), "forget --undo", options.reason, as_list(points),
            [&] { store->repository().recall(points); });
  }
  context.output.remark(base::text(counted(points.size(), "restore point"),
                                   options.dry_run ? " would be brought back." : " brought back."));
  context.output.record(summary_of(points.size(), "recalled").set("dry_run", options.dry_run));
  return ExitStatus::done;
}

ExitStatus list_forgotten(const Context& context) {
  const auto store = context.resources.open_store(store::Access::read);
  const std::vector<store::ForgottenSnapshot> forgotten = store->repository().forgotten();
  Table table{{{"Id"}, {"Mailbox"}, {"Time (UTC)"}, {"Forgotten (UTC)"}, {"Why"}}};
  for (const store::ForgottenSnapshot& each : forgotten) {
    context.output.record(jobs::forgotten_record(each));
    table.add({each.snapshot.id, base::printable(each.snapshot.address),
               short_time(each.snapshot.time), short_time(each.time),
               base::printable(each.reason)});
  }
  if (!forgotten.empty()) {
    for (const std::string& line : table.lines(context.output.columns())) {
      context.output.line(line);
    }
  }
  context.output.remark(
      base::text(counted(forgotten.size(), "restore point"), " can be brought back."));
  context.output.record(summary_of(forgotten.size(), "forgotten"));
  return ExitStatus::done;
}

}  // namespace

ExitStatus run(const Context& context, const ForgetOptions& options) {
  if (options.list) return list_forgotten(context);
  if (!options.undo.empty()) return recall(context, options);
  if (options.mailbox || !options.snapshots.empty()) return forget_named(context, options);
  return apply_retention(context, options);
}

}  // namespace cli
