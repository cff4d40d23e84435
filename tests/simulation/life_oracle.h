// What a restore point must hold and what a restore must leave, judged by what the tenant had at
// every moment and by what the plan of its life made go wrong.
#pragma once

#include "src/backup/backup_run.h"
#include "src/restore/restore_run.h"
#include "store/snapshot.h"
#include "tests/simulation/life_listing.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace simulation {

// What a life showed is not what it should be.
class Difference : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A run of one mailbox, as the oracle knows it.
struct KnownRun {
  graph::ApiForm form = graph::ApiForm::items;
  Listing base;                    // the restore point before it; empty if there is none
  std::vector<Listing> moments;    // of the mailbox while the run was on: one, if nothing changed
  bool cut_short = false;          // it was stopped or killed, or the mailbox went away meanwhile
  bool any_fault = false;          // of the service
  std::set<std::string> late;      // folders whose changes showed late; "": the folders themselves
  std::set<std::string> struck;    // items whose export was hit by a fault
  std::set<std::string> poisoned;  // search keys

  [[nodiscard]] const Listing& now() const { return moments.back(); }
};

// In words; empty if there is none. `report` is null if the run was killed before it could tell.
//
// Each item is there as the tenant had it at a moment of the run. One that is not is as it was in
// the restore point before (or as little there), and
//   - a problem of the report names it, once, and it was poisoned or hit by a fault; or
//   - a problem names its folder, or the run was cut short, and the restore point is partial; or
//   - changes of its folder showed late.
std::vector<std::string> differences(const KnownRun& run, const store::Snapshot& snapshot,
                                     const Listing& stored, const backup::MailboxReport* report);

// A restore into one mailbox, from its first attempt to its last.
struct KnownRestore {
  restore::OnConflict on_conflict = restore::OnConflict::skip;
  // The service keeps what is imported as other bytes: only search keys tell.
  bool by_key = false;
  Contents before;                         // of the target
  std::map<ItemPlace, std::string> paths;  // where each selected item goes
  Listing point;                           // what is restored
};

// In words; empty if there is none. `failed`: items that need not be there.
std::vector<std::string> differences_after_attempt(const KnownRestore& restore,
                                                   const Contents& now);
std::vector<std::string> differences_in_the_end(const KnownRestore& restore, const Contents& now,
                                                const std::set<std::string>& failed);

}  // namespace simulation
