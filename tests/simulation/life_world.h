// A simulated tenant, coffer's engine and a store in memory, in virtual time; and the moments at
// which all of it is stopped or killed.
#pragma once

#include "src/graph/tenant.h"
#include "store/memory_backend.h"
#include "store/repository.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/life_listing.h"
#include "tests/simulation/life_transport.h"
#include "tests/simulation/store_faults.h"
#include "tests/simulator/simulator_transport.h"
#include "tests/simulator/tenant.h"
#include "tests/support/memory_index.h"
#include "tests/support/virtual_clock.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace simulation {

// What cuts a run short.
struct Interruption {
  enum class Kind : std::uint8_t {
    none,
    stop,                 // at a request: somebody asks it to end
    kill_at_request,      // the process dies
    kill_before_storing,  // ... before an operation of the store
    kill_after_storing,   // ... after it, before anybody is told
  };
  Kind kind = Kind::none;
  std::uint64_t after = 0;  // so many requests, or operations

  [[nodiscard]] std::string told() const;
};

// A restore point that was found right, and what it holds.
struct KnownPoint {
  store::Snapshot snapshot;
  Listing listing;          // with the search keys that the tenant knows
  bool lacks_keys = false;  // of some items, because of faults
};

class LifeWorld {
 public:
  struct Plan {
    std::uint64_t seed = 0;
    graph::ApiForm form = graph::ApiForm::items;
    // Several mailboxes and calls at a time: the seed alone does not decide then what happens.
    bool side_by_side = false;
    std::uint64_t mailboxes = 3;
    std::uint64_t items = 40;
  };
  explicit LifeWorld(const Plan& plan);
  LifeWorld(const LifeWorld&) = delete;
  LifeWorld& operator=(const LifeWorld&) = delete;

  [[nodiscard]] const Plan& plan() const { return plan_; }
  [[nodiscard]] test::VirtualClock& clock() { return clock_; }
  [[nodiscard]] simulator::Tenant& tenant() { return simulator_; }
  [[nodiscard]] LifeTransport& transport() { return transport_; }
  [[nodiscard]] graph::Tenant& engine() { return *engine_; }
  [[nodiscard]] store::Repository& repository() { return *repository_; }
  [[nodiscard]] store::TenantStore& store() { return repository_->tenant(kTenant); }
  [[nodiscard]] StreamHashes& hashes() { return hashes_; }

  // Of accounts that are there: addresses by the ids that the engine has for the mailboxes.
  [[nodiscard]] std::map<std::string, std::string> living_mailboxes();
  // The tenant's id of it.
  [[nodiscard]] std::string mailbox_of(const std::string& engine_id) const;
  [[nodiscard]] Listing present(const std::string& engine_id);
  [[nodiscard]] Contents contents(const std::string& engine_id);

  // Rates of faults as Faults takes them; those of before are gone. What is poisoned stays so.
  void set_weather(const std::string& rates);
  void poison(simulator::World& world, const std::string& search_key);
  void heal(simulator::World& world, const std::string& search_key);
  void heal_all();
  [[nodiscard]] const std::set<std::string>& poisoned() const { return poisoned_; }

  // One process, until it has done `act` or is cut short; if it died, the store is opened again.
  // False if it was cut short. Throws what `act` throws, but for the dead.
  bool run(const Interruption& interruption, const std::function<void(std::stop_token)>& act);

  [[nodiscard]] std::uint64_t times_killed() const { return times_killed_; }

  // What happened, a line each.
  void note(std::string line) { notes_.push_back(std::move(line)); }
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

  static inline const store::TenantDomain kTenant{"contoso.com"};

 private:
  void open();
  void plan_interruption(const Interruption& interruption, std::stop_source& stop);
  void die(std::stop_source& stop);
  [[nodiscard]] bool is_dead() const { return is_dead_ || store_faults_.is_power_cut(); }

  Plan plan_;
  test::VirtualClock clock_;
  store::MemoryBackend objects_;
  StoreFaults store_faults_;
  FaultyBackend backend_{objects_, store_faults_};
  test::MemoryIndex index_;
  simulator::TenantPlan tenant_plan_;
  simulator::Tenant simulator_;
  simulator::SimulatorTransport wire_;
  LifeTransport transport_;
  StreamHashes hashes_;
  std::set<std::string> poisoned_;
  std::vector<std::string> notes_;
  std::atomic<bool> is_dead_ = false;
  std::uint64_t times_killed_ = 0;
  std::unique_ptr<store::Repository> repository_;
  std::unique_ptr<graph::Tenant> engine_;
};

}  // namespace simulation
