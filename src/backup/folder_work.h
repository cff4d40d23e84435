// One folder of a mailbox on its way through a run: what was told, what is being exported, what
// came of it.
#pragma once

#include "src/backup/change_set.h"
#include "src/backup/export_lanes.h"
#include "src/backup/notes.h"
#include "store/snapshot.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace backup {

// Items under export; outcomes stand in the same order.
struct Exports {
  std::vector<Wanted> wanted;
  ExportJob job;

  void submit(ExportLanes& lanes, RunProgress& progress);
};

// An item that was moved inside the mailbox: its content is stored already.
struct Moved {
  std::string from_folder_id;
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
  std::vector<store::ItemEntry> exported;  // to be put into the snapshot
  std::uint64_t exported_bytes = 0;
  std::uint64_t new_bytes = 0;
  std::uint64_t stored_bytes = 0;
  std::uint64_t untried = 0;  // left for the next run
  std::vector<FailedExport> failures;
  // Stored before, and not there any more when they were to be exported.
  std::vector<std::string> gone_at_export;

  // Books the outcomes of both exports. `stopped`: untried items were left by request, not by a
  // failure; they count as skipped then.
  void settle(bool stopped);

 private:
  void book(const Wanted& wanted, const ExportOutcome& outcome);
  void fail(const Wanted& wanted, const graph::UnitError& error);
};

}  // namespace backup
