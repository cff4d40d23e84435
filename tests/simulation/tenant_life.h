// A whole life of a tenant in virtual time, from one seed: days of mail and mishaps, backups and
// restores in every weather, processes that are stopped and killed, and in the end a proof of all
// that was stored.
#pragma once

#include "tests/simulation/life_backup.h"
#include "tests/simulation/life_events.h"
#include "tests/simulation/life_oracle.h"
#include "tests/simulation/life_restore.h"
#include "tests/simulation/life_world.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace simulation {

// What many lives have come to.
struct LifeTally {
  std::uint64_t lives = 0;
  std::uint64_t days = 0;
  std::uint64_t complete = 0;  // restore points
  std::uint64_t partial = 0;
  std::uint64_t items = 0;  // in them
  std::uint64_t restores = 0;
  std::uint64_t imported_items = 0;
  std::uint64_t requests = 0;
  std::uint64_t killed = 0;
  std::map<std::string, std::uint64_t> faults;  // struck, by name

  [[nodiscard]] std::string told() const;
};

class TenantLife {
 public:
  TenantLife(std::uint64_t seed, graph::ApiForm form);

  // Throws Difference.
  void run();

  void add_to(LifeTally& tally);
  [[nodiscard]] const std::vector<std::string>& notes() const { return world_.notes(); }

 private:
  static LifeWorld::Plan draw_plan(std::uint64_t seed, graph::ApiForm form, Dice& dice);
  void live_one_day();
  void back_up();
  void restore();
  [[nodiscard]] RestoreOrder draw_order(const KnownPoint& point,
                                        const std::map<std::string, std::string>& living);
  [[nodiscard]] std::string draw_weather();
  [[nodiscard]] std::string draw_restore_weather();
  [[nodiscard]] Interruption draw_interruption();
  void end();
  // Every byte of every restore point, and the store as a whole.
  void prove_store();

  Dice dice_;
  LifeWorld world_;
  LifeEvents events_;
  std::vector<KnownPoint> points_;
  LifeBackup backup_;
  std::uint64_t days_lived_ = 0;
  std::uint64_t restores_ = 0;
};

}  // namespace simulation
