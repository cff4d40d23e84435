#include "src/jobs/restore_point.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/catalog/restore_points.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace jobs {
namespace {

void stop_if_asked(std::stop_token stop) {
  if (stop.stop_requested()) {
    throw base::Error{base::ErrorKind::cancelled, "stopped on request"};
  }
}

class Listing {
 public:
  Listing(const RestorePoint& point, const OnRecord& on_record, std::stop_token stop)
      : point_(point), on_record_(on_record), stop_(std::move(stop)) {}

  void folder_line(const store::FolderEntry& folder) {
    stop_if_asked(stop_);
    on_record_(folder_record(point_, folder));
    ++counts_.folders;
  }

  void items_of(const std::string& folder_id) {
    const std::string path = point_.paths.path(folder_id);
    point_.reader->displayed_items(
        folder_id, [&](const store::ItemEntry& item, const store::ItemDisplay& display) {
          stop_if_asked(stop_);
          on_record_(item_record(path, item, display));
          ++counts_.items;
          counts_.bytes += item.content.size_bytes;
          return true;
        });
  }

  [[nodiscard]] const ListedCounts& counts() const { return counts_; }

 private:
  const RestorePoint& point_;
  const OnRecord& on_record_;
  std::stop_token stop_;
  ListedCounts counts_;
};

void list_everything(const RestorePoint& point, Listing& listing) {
  if (const auto root = point.paths.root()) listing.items_of(*root);
  for (const store::FolderEntry* folder : point.paths.ordered()) {
    listing.folder_line(*folder);
    listing.items_of(folder->id);
  }
}

void list_folder(const RestorePoint& point, const std::string& folder_id, bool recursive,
                 Listing& listing) {
  const std::vector<std::string> subtree = point.paths.subtree(folder_id);
  const std::set<std::string> below{subtree.begin(), subtree.end()};
  listing.folder_line(point.paths.folder(folder_id));
  listing.items_of(folder_id);
  for (const store::FolderEntry* folder : point.paths.ordered()) {
    if (folder->id == folder_id || !below.contains(folder->id)) continue;
    if (!recursive && folder->parent_id != folder_id) continue;
    listing.folder_line(*folder);
    if (recursive) listing.items_of(folder->id);
  }
}

}  // namespace

Record item_record(const std::string& folder, const store::ItemEntry& item,
                   const store::ItemDisplay& display) {
  const std::string& from =
      display.sender_address.empty() ? display.sender_name : display.sender_address;
  return Record{{"type", "item"},
                {"id", item.id},
                {"folder", folder},
                {"item_class", text_or_null(item.item_class)},
                {"size", item.size_bytes},
                {"change_key", text_or_null(item.change_key)},
                {"created", item.created},
                {"modified", item.modified},
                {"received", display.received},
                {"subject", text_or_null(display.subject)},
                {"from", text_or_null(from)},
                {"from_name", text_or_null(display.sender_name)},
                {"sent", display.sent},
                {"has_attachments", display.has_attachments},
                {"stream_bytes", item.content.size_bytes},
                {"sha256", item.content.sha256.hex()}};
}

Record folder_record(const RestorePoint& point, const store::FolderEntry& folder) {
  return Record{{"type", "folder"},
                {"id", folder.id},
                {"path", point.paths.path(folder.id)},
                {"item_class", text_or_null(folder.item_class)},
                {"items", point.reader->count_items(folder.id)}};
}

RestorePoint open_restore_point(store::Repository& repository, std::string_view mailbox,
                                std::string_view at) {
  const auto points = catalog::restore_points_of(repository, std::nullopt, mailbox);
  return open_restore_point(repository, catalog::choose(points, at));
}

RestorePoint open_restore_point(store::Repository& repository, const store::Snapshot& snapshot) {
  auto reader = repository.tenant(snapshot.tenant).open_snapshot(snapshot);
  catalog::FolderPaths paths{reader->folders()};
  return {snapshot, std::move(reader), std::move(paths)};
}

std::vector<std::string> folder_ids(const RestorePoint& point,
                                    const std::vector<std::string>& paths) {
  std::vector<std::string> ids;
  for (const std::string& path : paths) {
    const std::vector<std::string> found = point.paths.find(path);
    if (found.empty()) {
      std::vector<std::string> known;
      for (const store::FolderEntry* folder : point.paths.ordered()) {
        known.push_back(point.paths.path(folder->id));
      }
      const auto near = base::nearest(path, known);
      throw base::Error{
          base::ErrorKind::not_found,
          base::text("there is no folder '", path, "' in the restore point of ",
                     point.snapshot.address, " at ", base::format_rfc3339(point.snapshot.time),
                     near ? base::text("; did you mean '", *near, "'?") : std::string{})};
    }
    ids.insert(ids.end(), found.begin(), found.end());
  }
  return ids;
}

ListedCounts list(const RestorePoint& point, const std::optional<std::string>& folder,
                  bool recursive, const OnRecord& on_record, std::stop_token stop) {
  Listing listing{point, on_record, std::move(stop)};
  if (!folder) {
    list_everything(point, listing);
    return listing.counts();
  }
  for (const std::string& id : folder_ids(point, {*folder})) {
    list_folder(point, id, recursive, listing);
  }
  return listing.counts();
}

ListedCounts find(const RestorePoint& point, const catalog::SearchQuery& query,
                  const OnRecord& on_record, std::stop_token stop) {
  ListedCounts counts;
  catalog::search(
      *point.reader, query,
      [&](const store::ItemEntry& item, const store::ItemDisplay& display) {
        Record record = item_record(point.paths.path(item.folder_id), item, display);
        record.set("mailbox", point.snapshot.address).set("snapshot", point.snapshot.id);
        on_record(record);
        ++counts.items;
        counts.bytes += item.content.size_bytes;
        return true;
      },
      std::move(stop));
  return counts;
}

PointsOfAll points_of_all(const store::Repository& repository, std::string_view at) {
  std::map<std::string, std::vector<store::Snapshot>> mailboxes;  // by id
  for (store::Snapshot& snapshot : repository.snapshots()) {
    mailboxes[snapshot.mailbox_id].push_back(std::move(snapshot));
  }
  PointsOfAll all;
  std::optional<base::Error> last_problem;
  for (const auto& [mailbox, points] : mailboxes) {
    try {
      all.points.push_back(catalog::choose(points, at));
    } catch (const base::Error& error) {
      if (error.kind() != base::ErrorKind::not_found) throw;
      last_problem = error;
      all.left_out.push_back(points.back().address);
    }
  }
  if (all.points.empty()) {
    throw last_problem.value_or(
        base::Error{base::ErrorKind::not_found, "the store has no restore points yet"});
  }
  return all;
}

Record snapshot_record(const store::Snapshot& snapshot, bool held,
                       const std::optional<base::Instant>& last_verified) {
  return Record{{"type", "snapshot"},
                {"id", snapshot.id},
                {"mailbox", snapshot.address},
                {"mailbox_id", snapshot.mailbox_id},
                {"time", snapshot.time},
                {"complete", snapshot.complete},
                {"items", snapshot.items},
                {"bytes", snapshot.bytes},
                {"policy", text_or_null(snapshot.policy)},
                {"held", held},
                {"last_verified", last_verified},
                {"tenant", snapshot.tenant.name},
                {"purpose", text_or_null(snapshot.purpose)}};
}

}  // namespace jobs
