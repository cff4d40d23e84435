// One restore of the simulated tenant, attempt after attempt until all is back, and whether the
// target then holds what it should.
#pragma once

#include "src/restore/restore_run.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/life_oracle.h"
#include "tests/simulation/life_world.h"

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace simulation {

struct RestoreOrder {
  const KnownPoint* point = nullptr;
  std::string folder;             // id: it and all below it
  std::set<std::string> items;    // ids: only they; neither: everything
  std::string target;             // mailbox, as the engine calls it
  std::vector<std::string> into;  // empty: in place
  restore::OnConflict on_conflict = restore::OnConflict::skip;
  bool rewritten = false;  // the service keeps other bytes than were sent
};

class LifeRestore {
 public:
  // All outlive it.
  LifeRestore(LifeWorld& world, Dice& dice, const RestoreOrder& order);

  // Throws Difference. `weather` gives rates of faults for an attempt. False if items cannot be
  // compared, so that the same restore is never done with.
  bool run(const std::function<std::string()>& weather);

 private:
  // Whether nothing is left to do.
  bool attempt(const Interruption& interruption, bool is_calm);
  void judge_report(const restore::RestoreReport& report, bool is_calm);
  void judge_lines(const Contents& now) const;
  [[nodiscard]] bool was_done_by_the_dead(const Contents& now) const;
  [[nodiscard]] Interruption draw_interruption();
  void set_full(bool is_full);
  [[nodiscard]] std::string told() const;

  LifeWorld& world_;
  Dice& dice_;
  const RestoreOrder& order_;
  KnownRestore known_;
  // Of the last attempt.
  std::optional<restore::RestoreReport> report_;
  std::vector<restore::ItemReport> lines_;
  std::set<std::string> not_compared_;  // items that may be there or not, and nobody can tell
};

}  // namespace simulation
