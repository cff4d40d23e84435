// A restore point opened for looking around: what people type, turned into what the store knows.
#pragma once

#include "src/catalog/folder_paths.h"
#include "src/catalog/search.h"
#include "src/jobs/record.h"
#include "store/repository.h"

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace jobs {

struct RestorePoint {
  store::Snapshot snapshot;
  std::unique_ptr<store::SnapshotReader> reader;
  catalog::FolderPaths paths;
};

// `at` as in catalog::choose(). Error(not_found) for a mailbox or a time that the store does not
// have.
RestorePoint open_restore_point(store::Repository& repository, std::string_view mailbox,
                                std::string_view at);
RestorePoint open_restore_point(store::Repository& repository, const store::Snapshot& snapshot);

// The ids of all folders that the paths mean. Error(not_found) names the nearest path.
std::vector<std::string> folder_ids(const RestorePoint& point,
                                    const std::vector<std::string>& paths);

using OnRecord = std::function<void(const Record&)>;

// {"type":"item",...} and {"type":"folder",...}. `folder`: the path of the item's.
Record item_record(const std::string& folder, const store::ItemEntry& item,
                   const store::ItemDisplay& display);
Record folder_record(const RestorePoint& point, const store::FolderEntry& folder);

struct ListedCounts {
  std::uint64_t folders = 0;
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;  // of streams
};

// {"type":"folder",...} and {"type":"item",...}: the folders ordered by path, each followed by its
// items. Without `folder` the whole restore point; with it that folder, and what is below it if
// `recursive`, else its subfolders as single lines.
ListedCounts list(const RestorePoint& point, const std::optional<std::string>& folder,
                  bool recursive, const OnRecord& on_record, std::stop_token stop);

// {"type":"item",...} with "mailbox" and "snapshot": what the query finds in one restore point.
ListedCounts find(const RestorePoint& point, const catalog::SearchQuery& query,
                  const OnRecord& on_record, std::stop_token stop);

struct PointsOfAll {
  std::vector<store::Snapshot> points;
  std::vector<std::string> left_out;  // addresses of the mailboxes that have none
};

// Of each mailbox of the store the restore point that `at` means. Error(not_found) if no mailbox
// has one, Error(usage) if `at` means nothing.
PointsOfAll points_of_all(const store::Repository& repository, std::string_view at);

// {"type":"snapshot",...}. `held`: by whatever hold; `last_verified`: as the repository tells it.
Record snapshot_record(const store::Snapshot& snapshot, bool held,
                       const std::optional<base::Instant>& last_verified);

}  // namespace jobs
