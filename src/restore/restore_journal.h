// What a restore has sent and what came of it, written down in the store before and after: so that
// the same restore, begun again after it was cut off, makes no item twice.
//
// `create` never detects that it doubles an item, an answer may never arrive, and nobody promises
// that an item exports as the bytes that were imported.
//
// A store that takes no journal (full, mounted read-only) still gives back what it holds. But what
// an earlier restore wrote down must be readable: who does not know what is there makes it again.
#pragma once

#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/base/synchronized.h"
#include "store/journal.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace restore {

// One item in a target folder, as the restore that was cut off left it.
struct PastItem {
  // Empty: it was sent, and nobody knows what came of it.
  std::string target_id;
  // Items like it that lay there before it was sent.
  std::set<std::string> there_before;
};

using FolderPast = std::map<std::string, PastItem>;  // by id in the restore point

// Thread-safe. Whatever the store cannot take is said in the log, once.
class RestoreJournal {
 public:
  // How long a restore that was cut off is remembered.
  static constexpr base::Duration kKept = std::chrono::hours{24 * 30};

  struct Sending {
    std::string id;  // in the restore point
    std::vector<std::string> there_before;
  };
  struct Outcome {
    std::string id;
    std::string target_id;  // empty: it is not there
  };

  // Goes on with the journal of a restore of the same `intent`, or begins one with the first entry.
  // Others that are older than kKept are removed. The repository outlives it. What the store throws
  // where there is such a journal and it cannot be read.
  RestoreJournal(const store::Journals& journals, const base::Sha256& intent, base::Instant now);

  // Whether a restore of the same intent was cut off.
  [[nodiscard]] bool goes_on() const { return goes_on_; }

  // What was done in this folder before the restore was cut off.
  [[nodiscard]] FolderPast past_of(const std::string& folder_id) const;

  // Durable when it returns; items are sent after that. Error(in_use) if another process is at the
  // same restore: it is the one to end it.
  void sending(const std::string& folder_id, std::vector<Sending> items);
  // Durable with the next sending() into the folder, or after flush().
  void came_to(const std::string& folder_id, Outcome outcome);
  void flush(const std::string& folder_id);

  // Nothing is left to do: forgets all.
  void finish();

 private:
  struct Step {
    std::string folder_id;
    std::vector<Outcome> outcomes;
    std::vector<Sending> sending;
  };

  struct Writing {
    store::Journal::Head head;
    bool takes_entries = true;                             // until the store has refused one
    std::map<std::string, std::vector<Outcome>> outcomes;  // not written yet, by folder
  };

  // Whether there is one to go on with.
  bool find_own(base::Instant now);
  void read_steps();
  static void remove_old(const store::Journals& journals, const std::string& own,
                         base::Instant now);
  void add(Writing& writing, base::ByteView entry);
  // With the outcomes that wait to be written.
  void write(Writing& writing, const std::string& folder_id, std::vector<Sending> sending);
  static base::Bytes encode(const Step& step);
  static Step decode(base::ByteView entry);

  store::Journal journal_;
  bool goes_on_ = false;
  base::Bytes beginning_;                                    // the first entry
  std::map<std::string, std::vector<std::uint64_t>> steps_;  // by folder, of earlier processes
  base::Synchronized<Writing> writing_;
};

}  // namespace restore
