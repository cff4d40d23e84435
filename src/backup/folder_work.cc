#include "src/backup/folder_work.h"

#include "src/backup/backup_run.h"
#include "src/base/text.h"

#include <utility>

namespace backup {
namespace {

// An id is part of a key of the store, which takes 4 KiB; none was ever seen that comes near.
constexpr std::size_t kLongestIdBytes = 1024;

store::ItemEntry entry_of(const std::string& folder_id, const graph::Item& item,
                          const ExportOutcome& outcome) {
  store::ItemEntry entry;
  entry.folder_id = folder_id;
  entry.id = item.id;
  // The version that was exported: it may be newer than the one that was told.
  entry.change_key = outcome.change_key.empty() ? item.change_key : outcome.change_key;
  entry.item_class = item.item_class;
  entry.created = item.created;
  entry.modified = item.modified;
  entry.size_bytes = item.size_bytes;
  entry.content = outcome.content.ref;
  return entry;
}

}  // namespace

void Exports::submit(ExportLanes& lanes, RunProgress& progress) {
  std::vector<graph::ExportRequest> units;
  units.reserve(wanted.size());
  for (const Wanted& item : wanted) {
    units.push_back({item.item.id, item.item.size_bytes});
    progress.bytes_to_export += item.item.size_bytes;
  }
  progress.items_to_export += units.size();
  job.set_units(std::move(units));
  lanes.submit(job);
}

void FolderWork::settle(bool stopped) {
  counts.listed = changes.listed;
  counts.unchanged = changes.unchanged + moved.size();
  items_after = changes.stored_before - changes.gone.size() + moved.size();
  for (const Exports* exports : {&changed, &arrived}) {
    for (std::size_t i = 0; i < exports->wanted.size(); ++i) {
      book(exports->wanted[i], exports->job.outcomes()[i]);
    }
  }
  (stopped ? counts.skipped : counts.failed) += untried;
  finished = untried == 0;
}

void FolderWork::book(const Wanted& wanted, const ExportOutcome& outcome) {
  switch (outcome.kind) {
    case ExportOutcome::Kind::stored:
      if (wanted.item.id.size() > kLongestIdBytes) {
        return fail(wanted, {"IdTooLong", base::text("an id of ", wanted.item.id.size(),
                                                     " bytes; the store takes ", kLongestIdBytes)});
      }
      ++counts.stored;
      if (!wanted.stored_before) ++items_after;
      exported.push_back(entry_of(id, wanted.item, outcome));
      exported_bytes += outcome.content.ref.size_bytes;
      new_bytes += outcome.content.new_bytes;
      stored_bytes += outcome.content.stored_bytes;
      return;
    case ExportOutcome::Kind::gone:
      ++counts.skipped;
      if (wanted.stored_before) {
        --items_after;
        gone_at_export.push_back(wanted.item.id);
      }
      return;
    case ExportOutcome::Kind::failed:
      return fail(wanted, outcome.error);
    case ExportOutcome::Kind::untried:
      ++untried;
      // The feed will tell the others again, but of these only the list knows.
      if (wanted.attempts > 0)
        retry.insert_or_assign(wanted.item.id, RetryItem{wanted.item, wanted.attempts, ""});
      return;
  }
}

void FolderWork::fail(const Wanted& wanted, const graph::UnitError& error) {
  ++counts.failed;
  retry.insert_or_assign(wanted.item.id, RetryItem{wanted.item, wanted.attempts + 1, error.code});
  failures.push_back({wanted.item.id, error, wanted.attempts + 1, wanted.stored_before});
}

}  // namespace backup
