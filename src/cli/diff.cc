#include "src/base/error.h"
#include "src/base/text.h"
#include "src/catalog/restore_points.h"
#include "src/cli/commands.h"
#include "src/cli/listed_line.h"
#include "src/daemon/appliance.h"
#include "src/daemon/record_fields.h"
#include "src/jobs/difference_records.h"
#include "src/jobs/progress.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cli {
namespace {

store::Snapshot chosen(const std::vector<store::Snapshot>& points, std::string_view option,
                       const std::string& at) {
  try {
    return catalog::choose(points, at);
  } catch (base::Error& error) {
    error.add_context(base::text(option, " ", at));
    throw;
  }
}

std::string line_of(std::string_view title, const store::Snapshot& point) {
  return base::text("  ", title, short_time(point.time), " UTC, restore point ", point.id,
                    point.complete ? "" : " (incomplete)");
}

void tell_points(Output& output, const store::Snapshot& from, const store::Snapshot& to) {
  output.remark(base::printable(to.address));
  output.remark(line_of("from  ", from));
  output.remark(line_of("to    ", to));
  if (from.time > to.time) {
    output.remark("The first is the later one: this is what going back to the second changes.");
  }
}

// Folders first, then items below the name of their folder.
class Lines {
 public:
  explicit Lines(Output& output) : output_(output) {}

  void operator()(const jobs::Record& record) {
    const bool is_item = appliance::text_in(record, "kind") == "item";
    const Place place{is_item, is_item ? appliance::text_in(record, "folder") : ""};
    if (place_ != place) {
      const std::string folder = place.second.empty() ? "(root)" : base::printable(place.second);
      output_.line(is_item ? folder : "Folders");
      place_ = place;
    }
    for (const std::string& line : difference_lines(record, output_.columns(), output_.verbose())) {
      output_.line(line);
    }
  }

 private:
  using Place = std::pair<bool, std::string>;  // whether of an item, and its folder
  Output& output_;
  std::optional<Place> place_;  // of what was told last
};

void tell_counts(Output& output, const catalog::DifferenceCounts& counts) {
  using jobs::human_count;
  const auto& items = counts.items;
  const auto& folders = counts.folders;
  if (items.added + items.removed + items.changed + items.moved + folders.added + folders.removed +
          folders.renamed ==
      0) {
    output.remark(base::text("No difference: ", counted(items.unchanged, "item"), " unchanged"));
    return;
  }
  output.remark(base::text("Items: ", human_count(items.added), " added, ",
                           human_count(items.removed), " removed, ", human_count(items.changed),
                           " changed, ", human_count(items.moved), " moved, ",
                           human_count(items.unchanged), " unchanged"));
  output.remark(base::text("Folders: ", human_count(folders.added), " added, ",
                           human_count(folders.removed), " removed, ", human_count(folders.renamed),
                           " renamed"));
}

}  // namespace

jobs::ExitStatus run(const Context& context, const DiffOptions& options) {
  Output& output = context.output;
  const auto store = context.resources.open_store(store::Access::read);
  const auto points =
      catalog::restore_points_of(store->repository(), std::nullopt, options.mailbox);
  const jobs::RestorePoint from =
      jobs::open_restore_point(store->repository(), chosen(points, "--from", options.from));
  const jobs::RestorePoint to =
      jobs::open_restore_point(store->repository(), chosen(points, "--to", options.to));
  tell_points(output, from.snapshot, to.snapshot);
  Lines lines{output};
  const auto on_record = [&](const jobs::Record& record) {
    output.record(record);
    if (!output.json()) lines(record);
  };
  const catalog::DifferenceCounts counts =
      jobs::difference_records(from, to, on_record, context.stop);
  tell_counts(output, counts);
  output.record(jobs::difference_summary(from.snapshot, to.snapshot, counts));
  return jobs::ExitStatus::done;
}

}  // namespace cli
