// One folder of a mailbox on its way through a run: what was told, what is being exported, what
// came of it.
#pragma once

#include "src/backup/change_set.h"
#include "src/backup/export_lanes.h"
#include "src/backup/notes.h"
#include "src/base/id_set.h"
#include "store/snapshot.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace backup {

// An id is part of a key of the store, which takes 4 KiB; none was ever seen that comes near.
inline constexpr std::size_t kLongestIdBytes = 1024;

// Items to be exported, a slice after the other: what is done with is let go, so that a folder may
// have any number of them.
class Exports {
 public:
  std::deque<Wanted> waiting;  // not under way yet; theirs who fill it until begin()

  // Has the lanes begin, once everything is in `waiting`.
  void begin(ExportLanes& lanes, RunProgress& progress);

  // Waits for the next slice to be done, gives its items and how each ended, in their order, and
  // has the lanes go on behind it. False if there is no more.
  using OnItem = std::function<void(const Wanted&, const ExportOutcome&)>;
  bool take(ExportLanes& lanes, const OnItem& on_item);

 private:
  struct Slice {
    std::vector<Wanted> wanted;
    ExportJob job;
  };
  void submit(ExportLanes& lanes);

  std::deque<std::unique_ptr<Slice>> slices_;  // which stay where they are
};

// Items whose display metadata is still to be asked for.
class Undisplayed {
 public:
  void add(const std::string& item_id);
  // False if it is not, or not any more, one of them.
  bool remove(const std::string& item_id) { return ids_.erase(item_id); }
  [[nodiscard]] bool empty() const { return ids_.empty(); }
  // All that were added; none if they are so many that a listing of the whole folder is cheaper.
  [[nodiscard]] std::span<const std::string> names() const { return names_; }

 private:
  base::IdSet ids_;
  std::vector<std::string> names_;
  bool too_many_ = false;
};

// An item that was moved inside the mailbox: its content is stored already.
struct Moved {
  std::string from_folder_id;
  std::string from_id;     // the move may have given it another one
  store::ItemEntry entry;  // in its new folder
};

// An item that failed for this run.
struct FailedExport {
  std::string item_id;
  graph::UnitError error;
  std::uint32_t attempts = 0;      // runs that tried in vain, this one included
  bool has_older_version = false;  // which stays in the snapshot
};

struct FolderWork {
  std::string id;
  std::string path;                         // for people
  std::optional<graph::Cursor> old_cursor;  // still good if this run cannot finish the folder
  graph::Cursor next;
  ChangeSet changes;  // `wanted` and `arrived` move into the exports
  std::vector<Moved> moved;
  Exports changed;
  Exports arrived;

  store::ItemCounts counts;
  std::uint64_t items_after = 0;
  bool finished = false;  // everything told has its outcome
  RetryItems retry;
  Undisplayed undisplayed;
  std::uint64_t exported_bytes = 0;
  std::uint64_t new_bytes = 0;
  std::uint64_t stored_bytes = 0;
  std::uint64_t untried = 0;  // left for the next run
  std::vector<FailedExport> failures;
  // Stored before, and not there any more when they were to be exported.
  std::vector<std::string> gone_at_export;

  // Before the first outcome.
  void begin_account();
  // Books how the export of an item ended. If it is to be put into the snapshot: as what.
  std::optional<store::ItemEntry> book(const Wanted& wanted, const ExportOutcome& outcome);
  // After the last outcome. `stopped`: untried items were left by request, not by a failure; they
  // count as skipped then.
  void end_account(bool stopped);

 private:
  void fail(const Wanted& wanted, const graph::UnitError& error);
};

}  // namespace backup
