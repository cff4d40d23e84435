#include "src/base/text.h"
#include "src/cli/commands.h"
#include "src/cli/store_progress.h"
#include "src/daemon/appliance.h"
#include "src/jobs/progress.h"

namespace cli {

jobs::ExitStatus run(const Context& context, const RebuildIndexOptions&) {
  const auto configuration = context.configuration();
  const base::Duration begin = context.clock.monotonic();
  store::StoreStatistics figures;
  {
    StoreProgress progress{context};
    appliance::OpenStore store{configuration.store, context.clock, progress.listener()};
    figures = store.repository().statistics();
  }
  const double seconds = seconds_since(context.clock, begin);
  const base::Duration took{static_cast<std::int64_t>(seconds * 1000)};
  context.output.remark(base::text(
      "Index made anew in ", jobs::human_duration(took), ": ", counted(figures.packs, "pack"), ", ",
      counted(figures.chunks, "chunk"), ", ", counted(figures.snapshots, "restore point"), " of ",
      counted(figures.mailboxes, "mailbox")));
  context.output.record(jobs::Record{{"type", "summary"},
                                     {"command", "rebuild-index"},
                                     {"status", "complete"},
                                     {"seconds", seconds},
                                     {"packs", figures.packs},
                                     {"chunks", figures.chunks},
                                     {"snapshots", figures.snapshots},
                                     {"mailboxes", figures.mailboxes},
                                     {"index_bytes", figures.index_bytes}});
  return jobs::ExitStatus::done;
}

}  // namespace cli
