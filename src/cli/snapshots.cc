#include "src/base/text.h"
#include "src/catalog/restore_points.h"
#include "src/cli/commands.h"
#include "src/cli/table.h"
#include "src/daemon/appliance.h"
#include "src/jobs/forget_job.h"
#include "src/jobs/progress.h"
#include "src/jobs/restore_point.h"

#include <map>
#include <optional>
#include <set>

namespace cli {
namespace {

std::string key_of(const store::Snapshot& point) {
  return base::text(point.tenant.name, "/", point.mailbox_id);
}

void tell(Output& output, const std::vector<store::Snapshot>& points,
          const std::vector<std::optional<base::Instant>>& verified) {
  std::map<std::string, std::string> addresses;  // the latest of each mailbox
  for (const store::Snapshot& point : points) addresses[key_of(point)] = point.address;
  // A table per mailbox: ids are needed whole, and addresses are long.
  std::map<std::string, Table> tables;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const store::Snapshot& point = points[i];
    const std::string key = base::text(addresses[key_of(point)], " ", key_of(point));
    Table& table = tables
                       .try_emplace(key, Table{{{"Id"},
                                                {"Time (UTC)"},
                                                {"Items", Table::Align::right},
                                                {"Size", Table::Align::right},
                                                {"State"},
                                                {"Verified (UTC)"}}})
                       .first->second;
    table.add({point.id, short_time(point.time), jobs::human_count(point.items),
               base::human_bytes(point.bytes), point.complete ? "complete" : "incomplete",
               verified[i] ? short_time(*verified[i]) : "never"});
  }
  for (const auto& [key, table] : tables) {
    output.line(base::printable(key.substr(0, key.find(' '))));
    for (const std::string& line : table.lines(output.columns() - 2)) output.line("  " + line);
    output.line("");
  }
  output.remark(base::text(counted(points.size(), "restore point"), " of ",
                           counted(tables.size(), "mailbox")));
}

}  // namespace

jobs::ExitStatus run(const Context& context, const SnapshotsOptions& options) {
  const auto store = context.resources.open_store(store::Access::read);
  const std::vector<store::Snapshot> points =
      options.mailbox
          ? catalog::restore_points_of(store->repository(), std::nullopt, *options.mailbox)
          : store->repository().snapshots();
  const std::vector<std::optional<base::Instant>> verified =
      store->repository().last_verified(points);
  const std::vector<store::Hold> holds = store->repository().holds();
  std::set<std::string> mailboxes;
  for (std::size_t i = 0; i < points.size(); ++i) {
    context.output.record(
        jobs::snapshot_record(points[i], jobs::is_held(holds, points[i]), verified[i]));
    mailboxes.insert(points[i].mailbox_id);
  }
  if (!context.output.json()) tell(context.output, points, verified);
  context.output.record(jobs::Record{{"type", "summary"},
                                     {"command", "snapshots"},
                                     {"status", "complete"},
                                     {"snapshots", points.size()},
                                     {"mailboxes", mailboxes.size()}});
  return jobs::ExitStatus::done;
}

}  // namespace cli
