#include "src/base/text.h"
#include "src/cli/commands.h"
#include "src/cli/progress_bar.h"
#include "src/daemon/appliance.h"
#include "src/jobs/progress.h"

#include <atomic>

namespace cli {

jobs::ExitStatus run(const Context& context, const RebuildIndexOptions&) {
  const auto configuration = context.configuration();
  std::atomic<std::uint64_t> done_bytes{0};
  std::atomic<std::uint64_t> total_bytes{0};
  const base::Duration begin = context.clock.monotonic();
  const auto on_progress = [&](const store::Progress& progress) {
    done_bytes = progress.done_bytes;
    total_bytes = progress.total_bytes;
  };
  store::StoreStatistics figures;
  {
    const ProgressBar bar{context.draw_progress, context.clock, [&] {
                            jobs::ProgressReading reading;
                            reading.bytes_done = done_bytes;
                            reading.bytes_total = total_bytes;
                            return reading;
                          }};
    appliance::OpenStore store{configuration.store, context.clock, on_progress};
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
