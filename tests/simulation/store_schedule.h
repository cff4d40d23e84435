// The life of a store as one seed has it: everything that may happen to a repository, in any order
// and within each other.
#pragma once

#include "store/prune.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/open_backup.h"
#include "tests/simulation/store_world.h"

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace simulation {

class StoreSchedule {
 public:
  explicit StoreSchedule(std::uint64_t seed) : dice_(seed), world_(dice_) {}

  // Throws Violation.
  void run();
  // What was done so far.
  [[nodiscard]] const std::vector<std::string>& notes() const { return world_.notes(); }

 private:
  void step();
  // What may also happen within a prune, where commits may have to wait for its end.
  void small_step(bool commits_are_held);
  void advance_backup(bool commits_are_held);
  void whole_backup();
  void commit();
  void flush();
  [[nodiscard]] StoreModel::Point* base_or(StoreModel::Point* otherwise);
  void forget();
  void recall();
  void add_hold();
  void remove_hold();
  void restore();
  void check();
  void prune();
  void watch_prune(std::string_view operation);
  void compare_with_model(const store::PruneReport& report);
  void set_clock();
  void reopen();
  void crash();
  void end();

  Dice dice_;
  StoreWorld world_;
  std::vector<std::unique_ptr<OpenBackup>> backups_;
  int numbers_ = 0;

  // Of the prune that runs:
  enum class PruneMoment : std::uint8_t { outside_fence, fence, end_of_fence };
  PruneMoment moment_ = PruneMoment::outside_fence;
  bool is_interrupted_ = false;  // something else happens within it
  StoreModel::Purge may_go_;
};

}  // namespace simulation
