#include "src/base/error.h"
#include "src/base/text.h"
#include "src/cli/audited_command.h"
#include "src/cli/commands.h"
#include "src/cli/store_progress.h"
#include "src/daemon/appliance.h"
#include "src/jobs/progress.h"
#include "src/jobs/store_records.h"

#include <algorithm>

namespace cli {
namespace {

// A store that lost a whole pack has thousands of them.
constexpr std::size_t kLinesTold = 20;

template <typename Entry, typename LineOf>
void tell_some(Output& output, const std::vector<Entry>& entries, const std::string& noun,
               LineOf line_of) {
  const std::size_t told = output.verbose() ? entries.size() : std::min(entries.size(), kLinesTold);
  for (std::size_t i = 0; i < told; ++i) output.line(base::printable(line_of(entries[i])));
  if (told < entries.size()) {
    output.line(base::text("and ", counted(entries.size() - told, noun),
                           " more; --verbose or --json tells all"));
  }
}

std::string conclusion(const store::CheckReport& report) {
  if (!report.affected.empty()) {
    return base::text(counted(report.errors.size(), "error"), ", ",
                      counted(report.affected.size(), "affected item"),
                      ". Restore what is affected from another restore point.");
  }
  if (!report.errors.empty()) return base::text(counted(report.errors.size(), "error"), ".");
  return report.healed + report.rescued_chunks > 0 ? "All damage was healed." : "No damage found.";
}

void tell(Output& output, const store::CheckReport& report, store::CheckLevel level,
          double seconds) {
  tell_some(output, report.errors, "error",
            [](const std::string& error) { return base::text("damage: ", error); });
  tell_some(output, report.affected, "affected item", [](const store::AffectedItem& affected) {
    return base::text("affected: ", affected.mailbox, affected.folder.empty() ? "" : ", folder ",
                      affected.folder, affected.item.empty() ? "" : ", item ", affected.item,
                      ", in ", counted(affected.snapshots.size(), "restore point"));
  });
  const base::Duration took{static_cast<std::int64_t>(seconds * 1000)};
  const std::string chunks =
      report.chunks > 0 ? base::text(" with ", counted(report.chunks, "chunk")) : std::string{};
  output.remark(base::text(counted(report.packs, "pack"), chunks, " checked, ",
                           base::human_bytes(report.bytes_read), " read in ",
                           jobs::human_duration(took)));
  if (report.restore_points == 0 && report.packs > 0 && level != store::CheckLevel::scrub) {
    output.remark(
        "No restore point names what lies there: a first backup was cut off before anything was "
        "complete, or the commit log is lost; then put log/ back, from a second store or a copy.");
  }
  if (report.packs_without_parity > 0) {
    output.remark(base::text(counted(report.packs_without_parity, "pack"), " without parity"));
  }
  if (report.packs_left > 0) {
    output.remark(
        base::text(counted(report.packs_left, "pack"), " left; the next scrub goes on from there"));
  }
  if (report.healed > 0) {
    output.remark(base::text(counted(report.healed, "damaged object"),
                             " healed; the damaged bytes lie below trash/quarantine"));
  }
  if (report.rescued_chunks > 0) {
    output.remark(base::text(counted(report.rescued_chunks, "chunk"),
                             " stored anew out of packs that could not be made whole"));
  }
  output.remark(conclusion(report));
}

store::CheckReport check(const Context& context, const CheckOptions& options,
                         const store::OnProgress& on_progress) {
  const auto configuration = context.configuration();
  if (options.repair) {
    const store::LogRepair log = appliance::repair_log(configuration.store, context.clock);
    const auto store = context.resources.open_store(store::Access::write);
    AuditedCommand audited{
        context,
        store->repository().journals(),
        "check --repair",
        AuditedCommand::Entry::wanted,
        "",
        {{"log_damage", jobs::Value::List{log.damage.begin(), log.damage.end()}}}};
    store::CheckReport report =
        store->repository().repair(options.level, on_progress, context.stop);
    if (log.lost.empty()) {
      report.healed += log.damage.size();
    } else {
      report.errors.insert(report.errors.end(), log.damage.begin(), log.damage.end());
      report.errors.push_back(log.lost);
    }
    audited.end(jobs::exit_status(report),
                jobs::check_summary(report, options.level, 0).set("seconds", {}));
    return report;
  }
  if (options.level == store::CheckLevel::scrub) {
    const auto backend = appliance::open_backend(configuration.store);
    return store::scrub(*backend, options.scrub, context.clock, on_progress, context.stop);
  }
  const auto store = context.resources.open_store(store::Access::read);
  return store->repository().check(options.level, on_progress, context.stop);
}

}  // namespace

jobs::ExitStatus run(const Context& context, const CheckOptions& options) {
  const base::Duration begin = context.clock.monotonic();
  store::CheckReport report;
  {
    StoreProgress progress{context};
    report = check(context, options, progress.listener());
  }
  const double seconds = seconds_since(context.clock, begin);
  for (const jobs::Record& record : jobs::damage_records(report)) context.output.record(record);
  tell(context.output, report, options.level, seconds);
  // The others throw when they are stopped; what they give is whole.
  if (report.packs_left > 0 && context.stop.stop_requested() && report.errors.empty()) {
    throw base::Error{base::ErrorKind::cancelled,
                      "the scrub was stopped; what it read stays noted, and the next one goes on"};
  }
  context.output.record(jobs::check_summary(report, options.level, seconds));
  return jobs::exit_status(report);
}

}  // namespace cli
