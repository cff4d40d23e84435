// What the commit log alone says by now, read whole and proven; the index has no part in it.
#pragma once

#include "src/base/clock.h"
#include "store/internal/commit_log.h"
#include "store/internal/repository_state.h"
#include "store/internal/state_rows.h"
#include "store/retention.h"

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace store {

// Memory: the restore points, and 100 bytes for each record. Not thread-safe.
class LogState {
 public:
  // Both outlive it. Nothing is read yet.
  LogState(const CommitLog& log, const StateRows& rows) : log_(&log), rows_(&rows) {}

  // Reads on to the log's ends as they are now. Error(corrupt) if a record is missing, damaged or
  // not the one that others knew.
  void read_on();

  // By the keys of their rows, forgotten ones included.
  [[nodiscard]] const RepositoryState::Snapshots& unpurged() const { return unpurged_; }
  // Those of them that were forgotten and that no hold covers.
  [[nodiscard]] RepositoryState::Snapshots doomed() const;
  // Nothing was ever committed, or everything that told of it is gone.
  [[nodiscard]] bool tells_nothing() const { return heads_.empty(); }

  // Empty if the state, which the index and what it lacks make up, says the same. Otherwise the
  // difference, for people.
  [[nodiscard]] std::string contradiction(const RepositoryState& state) const;

  // How far each chain was read.
  [[nodiscard]] std::vector<LogCursor> heads() const;
  // Of the record that came last.
  [[nodiscard]] std::optional<base::Instant> last_time() const;
  // The time that passed since the log reached so far, as its records bear witness: between two of
  // them, and from the last one until `now`, two days at most count. A clock that jumps ahead once
  // makes nothing old. Since the log's beginning for heads that it does not know.
  [[nodiscard]] base::Duration witnessed_since(std::span<const LogCursor> heads,
                                               base::Instant now) const;

 private:
  struct Told {
    base::Sha256 hash;
    std::size_t position = 0;  // in times_
  };
  void take_in(const CommitRecord& record, const LogCursor& cursor);
  void take_in(const LogEvent& event);

  const CommitLog* log_;
  const StateRows* rows_;
  CommitLog::Cursors heads_;
  std::map<std::pair<WriterId, std::uint64_t>, Told> told_;
  std::vector<base::Instant> times_;  // in the order in which records came
  RepositoryState::Snapshots unpurged_;
  std::set<std::string> tombstones_;   // keys
  std::map<std::string, Hold> holds_;  // by id
};

}  // namespace store
