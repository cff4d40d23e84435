// Keeping the index true to packs and log: what is missing in it is added, and an index that says
// what packs and log do not is made anew.
#pragma once

#include "store/backend.h"
#include "store/index.h"
#include "store/internal/commit_log.h"
#include "store/internal/log_salvage.h"
#include "store/internal/state_rows.h"
#include "store/keys.h"
#include "store/repository.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace store {

// An index is made, moved aside and dropped only in a place of its own: nothing there, an empty
// directory, or one that holds nothing but an index. Error(usage) otherwise, for `path` and for
// where it is set aside.
void check_index_place(const std::filesystem::path& path);

class IndexUpkeep {
 public:
  // All outlive it.
  IndexUpkeep(Backend& backend, const KeyRing& keys, const CommitLog& log, const StateRows& rows,
              const Repository::Settings& settings)
      : backend_(&backend), keys_(&keys), log_(&log), rows_(&rows), settings_(&settings) {}

  // The caller holds the lock. The index is whole and up to date afterwards, or Error(corrupt) says
  // what of the log is damaged or, as the index that is there remembers, lost.
  // What a prune began to delete is deleted then.
  [[nodiscard]] std::unique_ptr<Index> open_for_writing(base::Instant now) const;
  [[nodiscard]] std::unique_ptr<Index> rebuild(base::Instant now,
                                               const OnProgress& on_progress) const;

  // The caller holds the lock. If the log is damaged, or has lost what the index remembers, what of
  // it can be proven is written anew (salvage_log()); the next opening for writing then makes the
  // index anew. If records are missing that a prune knew, they are given up. Gives what was wrong.
  [[nodiscard]] LogRepair salvage(base::Instant now) const;

  struct ReadingView {
    std::unique_ptr<Index> index;
    std::vector<StateRow> newer;  // committed, but not in the index yet
    // How far the log is in the two together; empty if the log is damaged.
    std::optional<CommitLog::Chains> told;
  };
  // Beside a process that writes, if there is one. If there is none, an index that is missing,
  // damaged or behind is put in order first; otherwise Error(in_use) says what is to be waited for.
  // If the log is damaged or has lost records, the index alone, and the log tells so: its rows are
  // proven, too.
  [[nodiscard]] ReadingView open_for_reading(base::Instant now) const;

 private:
  [[nodiscard]] std::unique_ptr<Index> open(Index::Mode mode) const;
  [[nodiscard]] ReadingView open_by_log(base::Instant now) const;
  // Null unless it can be opened and every row in it is what a commit made it.
  [[nodiscard]] std::unique_ptr<Index> open_if_sound(Index::Mode mode) const;
  [[nodiscard]] std::unique_ptr<Index> make_anew(base::Instant now,
                                                 const OnProgress& on_progress) const;
  // Empty: the index says nothing that log and packs do not. Error(corrupt) if it is the log that
  // has lost something.
  [[nodiscard]] std::string contradiction(const Index& index) const;
  [[nodiscard]] std::string pack_contradiction(const Index& index) const;
  // Empty if there is none that can be used.
  [[nodiscard]] std::unique_ptr<Index> try_open(Index::Mode mode) const;

  void add_packs(Index& index, const OnProgress& on_progress) const;
  void replay(Index& index, const CommitLog::Chains& chains) const;
  using OnTail = std::function<void(const LogCursor& cursor, const std::vector<StateRow>& rows)>;
  void read_tail(const Index& index, const CommitLog::Chains& chains, const OnTail& on_tail) const;

  Backend* backend_;
  const KeyRing* keys_;
  const CommitLog* log_;
  const StateRows* rows_;
  const Repository::Settings* settings_;
};

}  // namespace store
