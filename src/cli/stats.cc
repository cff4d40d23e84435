#include "src/base/text.h"
#include "src/cli/commands.h"
#include "src/daemon/appliance.h"
#include "src/jobs/progress.h"
#include "src/jobs/store_records.h"

namespace cli {
namespace {

std::string ratio(std::uint64_t dividend, std::uint64_t divisor) {
  if (divisor == 0) return "-";
  return fmt::format("{:.2f}", static_cast<double>(dividend) / static_cast<double>(divisor));
}

void tell(Output& output, const store::StoreStatistics& figures) {
  const auto row = [&](std::string_view name, const std::string& value, const std::string& note) {
    output.line(fmt::format("{:<20}{:>14}{}{}", name, value, note.empty() ? "" : "  ", note));
  };
  row("Restore points", jobs::human_count(figures.snapshots),
      base::text("of ", counted(figures.mailboxes, "mailbox")));
  row("Items", jobs::human_count(figures.items), "over all restore points");
  row("Logical size", base::human_bytes(figures.logical_bytes),
      "each item as often as it is named");
  row("Unique data", base::human_bytes(figures.unique_bytes),
      base::text("dedup factor ", ratio(figures.logical_bytes, figures.unique_bytes)));
  row("Stored", base::human_bytes(figures.stored_bytes),
      base::text("compression factor ", ratio(figures.unique_bytes, figures.stored_bytes)));
  row("Index", base::human_bytes(figures.index_bytes), "can be made anew");
  row("Packs", jobs::human_count(figures.packs),
      base::text("with ", counted(figures.chunks, "chunk")));
}

}  // namespace

jobs::ExitStatus run(const Context& context, const StatsOptions&) {
  const auto store = context.resources.open_store(store::Access::read);
  const store::StoreStatistics figures = store->repository().statistics();
  tell(context.output, figures);
  jobs::Record record = jobs::stats_record(figures);
  context.output.record(record);
  // The summary has the figures too, for those who look at the last line only.
  jobs::Record summary{{"type", "summary"}, {"command", "stats"}, {"status", "complete"}};
  for (const auto& [name, value] : record.fields()) {
    if (name != "type") summary.set(name, value);
  }
  context.output.record(summary);
  return jobs::ExitStatus::done;
}

}  // namespace cli
