#include "src/base/bytes.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "src/cli/commands.h"
#include "src/cli/progress_bar.h"
#include "src/daemon/appliance.h"
#include "src/jobs/drill_job.h"
#include "src/jobs/progress.h"

#include <algorithm>
#include <array>
#include <vector>

namespace cli {
namespace {

constexpr std::size_t kProblemsTold = 20;

// Never 0, so that it can be given back with --seed.
std::uint32_t seed_from_chance() {
  std::array<std::byte, 4> bytes{};
  base::fill_random(bytes);
  return std::max<std::uint32_t>(1, base::load_le<std::uint32_t>(bytes.data()));
}

// `alike`: how many items the line stands for, of which it is not known which they are.
void tell(Output& output, const restore::DrilledItem& item, std::size_t alike) {
  const std::string folder =
      item.folder.empty() ? std::string{} : base::text(", folder ", item.folder);
  const std::string id =
      item.item.empty() ? counted(alike, "item") : base::text("item ", item.item);
  output.line(base::printable(base::text("failed: ", item.mailbox, folder, ", ", id,
                                         ", restore point ", item.snapshot, " of ",
                                         short_time(item.time), ": ", item.failure->what())));
}

// Items that damage hides are told together, restore point by restore point.
void tell_failures(Output& output, const std::vector<restore::DrilledItem>& failures) {
  std::size_t lines = 0;
  for (std::size_t first = 0; first < failures.size();) {
    if (lines++ == kProblemsTold && !output.verbose()) {
      output.line(base::text("and ", counted(failures.size() - first, "item"),
                             " more; --verbose or --json tells all"));
      return;
    }
    const restore::DrilledItem& item = failures[first];
    std::size_t next = first + 1;
    while (next < failures.size() && item.item.empty() && failures[next].item.empty() &&
           failures[next].snapshot == item.snapshot) {
      ++next;
    }
    tell(output, item, next - first);
    first = next;
  }
}

void tell(Output& output, const restore::DrillReport& report,
          const restore::DrillSettings& settings, double seconds) {
  tell_failures(output, report.failures);
  const base::Duration took{static_cast<std::int64_t>(seconds * 1000)};
  output.remark(
      base::text(jobs::human_count(report.verified), " of ", counted(report.chosen, "item"),
                 " restored up to the request: ", counted(report.points, "restore point"), " of ",
                 counted(report.mailboxes, "mailbox"), ", ", base::human_bytes(report.stream_bytes),
                 " in ", jobs::human_duration(took), "; nothing was sent"));
  if (report.available == 0) output.remark("The store has no items yet: run `coffer backup`.");
  if (report.failures.empty()) return;
  output.remark(
      base::text(counted(report.failures.size(), "item"),
                 " failed: run `coffer check --level full --repair`; `coffer drill --items ",
                 settings.items, " --seed ", settings.seed, "` drills the same again."));
}

}  // namespace

jobs::ExitStatus run(const Context& context, const DrillOptions& options) {
  const auto store = context.resources.open_store(store::Access::read);
  restore::DrillSettings settings{.items = options.items, .seed = options.seed};
  if (settings.seed == 0) settings.seed = seed_from_chance();
  restore::DrillProgress progress;
  const base::Duration begin = context.clock.monotonic();
  restore::DrillReport report;
  {
    const auto shown = context.progress.show([&] {
      jobs::ProgressReading reading;
      reading.items_done = progress.items_done;
      reading.items_total = progress.items_total;
      reading.bytes_done = progress.bytes_done;
      return reading;
    });
    const auto on_record = [&](const jobs::Record& record) { context.output.record(record); };
    report = jobs::run_drill_job(store->repository(), settings, progress, on_record, context.stop);
  }
  const double seconds = seconds_since(context.clock, begin);
  const jobs::ExitStatus status = jobs::exit_status(report);
  if (!context.output.json()) tell(context.output, report, settings, seconds);
  if (report.cancelled) {
    const base::Error error{base::ErrorKind::cancelled, "the drill was stopped on request"};
    context.output.error(error, status, "run the command again; it chooses other items");
  }
  context.output.record(jobs::drill_summary(report, settings, seconds));
  return status;
}

}  // namespace cli
