#include "src/base/error.h"
#include "src/base/text.h"
#include "src/catalog/restore_points.h"
#include "src/catalog/search.h"
#include "src/cli/commands.h"
#include "src/cli/listed_line.h"
#include "src/daemon/appliance.h"
#include "src/daemon/record_fields.h"
#include "src/jobs/restore_point.h"

namespace cli {
namespace {

catalog::SearchQuery query_of(const FindOptions& options) {
  catalog::SearchQuery query;
  query.subject = options.subject;
  query.sender = options.from;
  query.item_class = options.type;
  if (options.after) query.after = moment_of(*options.after, "--after");
  if (options.before) query.before = moment_of(*options.before, "--before", true);
  return query;
}

jobs::PointsOfAll points_for(const store::Repository& repository, const FindOptions& options) {
  if (!options.mailbox) return jobs::points_of_all(repository, options.at);
  const auto points = catalog::restore_points_of(repository, std::nullopt, *options.mailbox);
  return {{catalog::choose(points, options.at)}, {}};
}

// Nobody should take "not found" for "was never there".
void tell_left_out(Output& output, const std::vector<std::string>& left_out,
                   const std::string& at) {
  output.line(base::printable(base::text("Not searched: ", counted(left_out.size(), "mailbox"),
                                         " without a complete restore point (--at ", at,
                                         "), such as ", left_out.front(),
                                         "; `coffer snapshots` lists what there is of them")));
}

}  // namespace

jobs::ExitStatus run(const Context& context, const FindOptions& options) {
  const catalog::SearchQuery query = query_of(options);
  Output& output = context.output;
  const auto store = context.resources.open_store(store::Access::read);
  const auto [points, left_out] = points_for(store->repository(), options);
  jobs::ListedCounts total;
  for (const store::Snapshot& snapshot : points) {
    const jobs::RestorePoint point = jobs::open_restore_point(store->repository(), snapshot);
    std::string folder;
    bool is_first = true;
    const auto on_record = [&](const jobs::Record& record) {
      output.record(record);
      if (output.json()) return;
      if (is_first || appliance::text_in(record, "folder") != folder) {
        folder = appliance::text_in(record, "folder");
        output.line(base::printable(base::text(snapshot.address, "  ", folder)));
        is_first = false;
      }
      for (const std::string& line : listed_lines(record, output.columns(), output.verbose())) {
        output.line(line);
      }
    };
    const jobs::ListedCounts found = jobs::find(point, query, on_record, context.stop);
    total.items += found.items;
    total.bytes += found.bytes;
  }
  output.remark(base::text(counted(total.items, "item"), ", ", base::human_bytes(total.bytes),
                           ", in ", counted(points.size(), "mailbox")));
  if (!left_out.empty()) tell_left_out(output, left_out, options.at);
  output.record(jobs::Record{{"type", "summary"},
                             {"command", "find"},
                             {"status", "complete"},
                             {"mailboxes", points.size()},
                             {"mailboxes_left_out", left_out.size()},
                             {"items", total.items},
                             {"bytes", total.bytes}});
  return jobs::ExitStatus::done;
}

}  // namespace cli
