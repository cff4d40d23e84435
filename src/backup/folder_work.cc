#include "src/backup/folder_work.h"

#include "src/backup/backup_run.h"
#include "src/base/text.h"

#include <utility>

namespace backup {
namespace {

// So many under way that the lanes do not run dry while other folders are listed, or while one slow
// batch holds up the slice that is waited for.
constexpr std::size_t kSliceItems = 1000;
constexpr std::size_t kSlicesAhead = 20;
// One by one they cost a request each, a listing one for a hundred items: of a million in all. What
// a listing leaves out waits for the next run.
constexpr std::size_t kMostNames = 10'000;

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
  entry.content = outcome.content.ref;
  // Where the service does not count, what came is what there is.
  entry.size_bytes = item.size_bytes > 0 ? item.size_bytes : entry.content.size_bytes;
  return entry;
}

}  // namespace

void Exports::begin(ExportLanes& lanes, RunProgress& progress) {
  for (const Wanted& item : waiting) progress.bytes_to_export += item.item.size_bytes;
  progress.items_to_export += waiting.size();
  for (std::size_t ahead = 0; ahead < kSlicesAhead; ++ahead) submit(lanes);
}

void Exports::submit(ExportLanes& lanes) {
  if (waiting.empty()) return;
  auto slice = std::make_unique<Slice>();
  std::vector<ExportUnit> units;
  for (; !waiting.empty() && units.size() < kSliceItems; waiting.pop_front()) {
    Wanted& wanted = waiting.front();
    units.push_back({{wanted.item.id, wanted.item.size_bytes}, wanted.item.change_key});
    slice->wanted.push_back(std::move(wanted));
  }
  slice->job.set_units(std::move(units));
  slices_.push_back(std::move(slice));
  lanes.submit(slices_.back()->job);
}

bool Exports::take(ExportLanes& lanes, const OnItem& on_item) {
  if (slices_.empty()) return false;
  lanes.wait(slices_.front()->job);
  const std::unique_ptr<Slice> slice = std::move(slices_.front());
  slices_.pop_front();
  submit(lanes);
  for (std::size_t i = 0; i < slice->wanted.size(); ++i) {
    on_item(slice->wanted[i], slice->job.outcomes()[i]);
  }
  return true;
}

void Undisplayed::add(const std::string& item_id) {
  if (!ids_.insert(item_id) || too_many_) return;
  names_.push_back(item_id);
  if (names_.size() <= kMostNames) return;
  too_many_ = true;
  names_ = {};
}

void FolderWork::begin_account() {
  counts.listed = changes.listed;
  counts.unchanged = changes.unchanged + moved.size();
  items_after = changes.stored_before - changes.gone.size() + moved.size();
}

void FolderWork::end_account(bool stopped) {
  (stopped ? counts.skipped : counts.failed) += untried;
  finished = untried == 0;
}

std::optional<store::ItemEntry> FolderWork::book(const Wanted& wanted,
                                                 const ExportOutcome& outcome) {
  switch (outcome.kind) {
    case ExportOutcome::Kind::stored:
      if (wanted.item.id.size() > kLongestIdBytes) {
        fail(wanted, {"IdTooLong", base::text("an id of ", wanted.item.id.size(),
                                              " bytes; the store takes ", kLongestIdBytes)});
        break;
      }
      ++counts.stored;
      if (!wanted.stored_before) ++items_after;
      if (!outcome.kept) exported_bytes += outcome.content.ref.size_bytes;
      new_bytes += outcome.content.new_bytes;
      stored_bytes += outcome.content.stored_bytes;
      return entry_of(id, wanted.item, outcome);
    case ExportOutcome::Kind::gone:
      ++counts.skipped;
      if (wanted.stored_before) {
        --items_after;
        gone_at_export.push_back(wanted.item.id);
      }
      break;
    case ExportOutcome::Kind::failed:
      fail(wanted, outcome.error);
      break;
    case ExportOutcome::Kind::untried:
      ++untried;
      // The feed will tell the others again, but of these only the list knows.
      if (wanted.attempts > 0)
        retry.insert_or_assign(wanted.item.id, RetryItem{wanted.item, wanted.attempts, ""});
      break;
  }
  return std::nullopt;
}

void FolderWork::fail(const Wanted& wanted, const graph::UnitError& error) {
  ++counts.failed;
  retry.insert_or_assign(wanted.item.id, RetryItem{wanted.item, wanted.attempts + 1, error.code});
  failures.push_back({wanted.item.id, error, wanted.attempts + 1, wanted.stored_before});
}

}  // namespace backup
