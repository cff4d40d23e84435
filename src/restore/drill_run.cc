#include "src/restore/drill_run.h"

#include "src/base/text.h"
#include "src/catalog/folder_paths.h"
#include "src/graph/import_rehearsal.h"
#include "src/restore/drill_choice.h"
#include "src/restore/stored_stream.h"

#include <memory>
#include <set>
#include <utility>

namespace restore {
namespace {

using base::Error;
using base::ErrorKind;
using base::text;

class DrillRun {
 public:
  DrillRun(store::Repository& repository, const std::function<void(const DrilledItem&)>& on_item,
           DrillProgress& progress, std::stop_token stop)
      : repository_(repository), on_item_(on_item), progress_(progress), stop_(std::move(stop)) {}

  DrillReport run(const DrillSettings& settings) {
    const std::vector<store::Snapshot> points = repository_.snapshots();
    const std::vector<DrillChoice> choices =
        choose_for_drill(points, settings.items, settings.seed);
    for (const store::Snapshot& point : points) report_.available += point.items;
    std::set<std::pair<std::string, std::string>> mailboxes;
    for (const DrillChoice& choice : choices) {
      mailboxes.emplace(points[choice.point].tenant.name, points[choice.point].mailbox_id);
      report_.chosen += choice.places.size();
    }
    report_.mailboxes = mailboxes.size();
    report_.points = choices.size();
    progress_.items_total += report_.chosen;
    for (const DrillChoice& choice : choices) drill_point(points[choice.point], choice.places);
    return std::move(report_);
  }

 private:
  void drill_point(const store::Snapshot& point, const std::vector<std::uint64_t>& places) {
    std::size_t reached = 0;
    try {
      visit(point, places, reached);
      if (reached < places.size() && !has_ended()) {
        throw Error{ErrorKind::corrupt, "the restore point holds fewer items than it should"};
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      for (; reached < places.size(); ++reached) {
        DrilledItem drilled = of_point(point);
        drilled.failure = error;
        conclude(drilled);
      }
    }
  }

  // The way of a restore: folders, display tree beside the items, the item's entry, its stream.
  void visit(const store::Snapshot& point, const std::vector<std::uint64_t>& places,
             std::size_t& reached) {
    if (has_ended()) return;
    const store::TenantStore& store = repository_.tenant(point.tenant);
    const std::unique_ptr<store::SnapshotReader> reader = store.open_snapshot(point);
    const catalog::FolderPaths paths{reader->folders()};
    std::uint64_t place = 0;
    const auto on_item = [&](const store::ItemEntry& listed, const store::ItemDisplay&) {
      if (has_ended()) return false;
      if (place++ != places[reached]) return true;
      DrilledItem drilled = of_point(point);
      drilled.folder = paths.path(listed.folder_id);
      drilled.item = listed.id;
      drilled.item_class = listed.item_class;
      drilled.size_bytes = listed.content.size_bytes;
      if (!rehearse(store, *reader, listed, drilled)) return false;
      ++reached;
      conclude(drilled);
      return reached < places.size();
    };
    reader->displayed_items(std::nullopt, on_item);
  }

  // False if it was stopped in the middle.
  bool rehearse(const store::TenantStore& store, const store::SnapshotReader& reader,
                const store::ItemEntry& listed, DrilledItem& drilled) {
    try {
      const auto entry = reader.find(listed.folder_id, listed.id);
      if (!entry) throw Error{ErrorKind::corrupt, "the item is listed but not found"};
      StoredStream stream{store.open_content(entry->content)};
      const graph::RehearsedImport import = graph::rehearse_import(entry->folder_id, stream, stop_);
      if (import.stream_bytes != entry->content.size_bytes ||
          import.sha256 != entry->content.sha256) {
        throw Error{ErrorKind::corrupt,
                    text("the request would carry ", import.stream_bytes, " bytes with SHA-256 ",
                         import.sha256.hex(), " instead of ", entry->content.size_bytes, " with ",
                         entry->content.sha256.hex())};
      }
      drilled.body_bytes = import.body_bytes;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) {
        report_.cancelled = true;
        return false;
      }
      if (error.kind() != ErrorKind::corrupt && error.kind() != ErrorKind::protocol) throw;
      drilled.failure = error;
    }
    return true;
  }

  static DrilledItem of_point(const store::Snapshot& point) {
    DrilledItem drilled;
    drilled.mailbox = point.address;
    drilled.snapshot = point.id;
    drilled.time = point.time;
    return drilled;
  }

  void conclude(const DrilledItem& drilled) {
    ++progress_.items_done;
    progress_.bytes_done += drilled.size_bytes;
    if (drilled.failure) {
      report_.failures.push_back(drilled);
    } else {
      ++report_.verified;
      report_.stream_bytes += drilled.size_bytes;
      report_.body_bytes += drilled.body_bytes;
    }
    on_item_(drilled);
  }

  bool has_ended() {
    report_.cancelled |= stop_.stop_requested();
    return report_.cancelled;
  }

  store::Repository& repository_;
  const std::function<void(const DrilledItem&)>& on_item_;
  DrillProgress& progress_;
  std::stop_token stop_;
  DrillReport report_;
};

}  // namespace

DrillReport run_drill(store::Repository& repository, const DrillSettings& settings,
                      const std::function<void(const DrilledItem&)>& on_item,
                      DrillProgress& progress, std::stop_token stop) {
  return DrillRun{repository, on_item, progress, std::move(stop)}.run(settings);
}

}  // namespace restore
