// A backup of one mailbox, done a little at a time, so that anything can come in between.
#pragma once

#include "store/repository.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/store_model.h"
#include "tests/simulation/store_world.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace simulation {

class OpenBackup {
 public:
  OpenBackup(StoreWorld& world, Dice& dice, int number);

  // Whether there is a prepared snapshot now, to be committed.
  [[nodiscard]] bool is_prepared() const { return prepared_.has_value(); }
  [[nodiscard]] const store::Snapshot& prepared() const { return *prepared_; }
  [[nodiscard]] const Items& items() const { return items_; }
  [[nodiscard]] bool has_begun() const { return work_ != nullptr; }
  [[nodiscard]] const std::optional<store::Snapshot>& base() const { return base_; }

  // Does the next thing. False if the backup is over, because it failed or its base has gone.
  [[nodiscard]] bool advance();

 private:
  struct Change {
    std::pair<std::string, std::string> item;
    std::optional<std::size_t> stream;  // empty: the item goes
  };
  void choose_base();
  void choose_changes();
  [[nodiscard]] bool begin();
  void apply(const Change& change);
  void finish();

  StoreWorld& world_;
  Dice& dice_;
  std::string name_;
  store::TenantDomain tenant_;
  std::string mailbox_;
  std::optional<store::Snapshot> base_;
  Items items_;  // when all is done
  std::vector<Change> changes_;
  std::unique_ptr<store::Repository::Work> work_;
  std::unique_ptr<store::SnapshotReader> reader_;  // of the base
  std::unique_ptr<store::SnapshotWriter> writer_;
  std::optional<store::ContentRef> state_;
  std::optional<store::Snapshot> prepared_;
};

}  // namespace simulation
