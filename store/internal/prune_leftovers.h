// What earlier prunes left behind: notes, trash, and deletions that were cut off.
#pragma once

#include "src/base/clock.h"
#include "store/backend.h"
#include "store/index.h"
#include "store/internal/commit_log.h"
#include "store/internal/log_state.h"
#include "store/internal/prune_journal.h"
#include "store/keys.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace store {

class PruneLeftovers {
 public:
  // Both outlive it. Looks at what is there now.
  PruneLeftovers(Backend& backend, const KeyRing& keys);

  // Above every one whose notes can be read, and taken by nothing that lies there.
  [[nodiscard]] std::uint64_t next_epoch() const;

  // Empty if the log holds what the newest note tells of it. Otherwise its end is missing, or it is
  // an older copy, and nobody can tell by it what is needed; the answer says so, for people.
  [[nodiscard]] std::string contradiction(const CommitLog& log) const;
  // From now on no note tells of the log: it is written anew, or what is missing is given up. What
  // is in the trash stays there.
  void forget_notes();

  // Trash in which packs have lain for `trash_for` is emptied, and notes of prunes that came to
  // nothing go. Gives the bytes. A batch of which the notes cannot be read stays; one without any
  // gets a note, and its time begins now: what the log told of it was given up, and it may be
  // needed.
  std::uint64_t tidy(const LogState& log, base::Instant now, base::Duration trash_for);
  // All of it, whatever its age.
  std::uint64_t empty_trash();
  [[nodiscard]] bool has_trash() const { return !backend_.discarded_batches().empty(); }

 private:
  // Of ended prunes, with how far the log reached then; empty for those without any note.
  struct Batch {
    std::uint64_t number = 0;
    std::optional<std::vector<LogCursor>> heads;
  };
  [[nodiscard]] std::vector<Batch> ended() const;
  // Names are anybody's: what counts is what can be read.
  [[nodiscard]] std::optional<std::uint64_t> newest_readable() const;
  std::uint64_t empty(std::uint64_t batch);

  Backend& backend_;
  PruneJournal journal_;
  std::vector<std::uint64_t> epochs_;
};

// The pack's rows go. A pack that cannot say any more what it holds has been proven to hold nothing
// that is needed all the same: the index says then what lies in it.
void remove_rows(const Backend& backend, const KeyRing& keys, Index& index, const PackObject& pack);
// The pack and its parity go to the trash.
void discard_pack(Backend& backend, const PackObject& pack, std::uint64_t epoch);

// Ends deletions that a process began and did not end, unless the log has changed since they were
// decided: then they are void. `index` may be null; what is there of their packs is then only
// moved. The caller holds the lock, and the log is sound.
void end_deletions(Backend& backend, const KeyRing& keys, const CommitLog& log, Index* index,
                   base::Instant now);

}  // namespace store
