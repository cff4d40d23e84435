// The engine against the simulated tenant in process: the real client, the real store, virtual
// time.
#pragma once

#include "src/backup/backup_run.h"
#include "src/graph/tenant.h"
#include "src/restore/restore_run.h"
#include "store/memory_backend.h"
#include "tests/simulator/simulator_transport.h"
#include "tests/simulator/tenant.h"
#include "tests/support/small_repository.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace test {

// SHA-256 of streams (hexadecimal), by folder path.
using Hashes = std::map<std::string, std::multiset<std::string>>;

class SimulatedTenant {
 public:
  explicit SimulatedTenant(const simulator::TenantPlan& plan);

  // Every mailbox that the tenant has, as discovery finds it.
  [[nodiscard]] std::vector<backup::Mailbox> discover();
  // The whole tenant. The clock moves on by a day first.
  backup::RunReport back_up(bool full = false, std::size_t concurrent_mailboxes = 4);
  // The same at the time that it is.
  backup::RunReport back_up_now(bool full = false, std::size_t concurrent_mailboxes = 4);
  restore::RestoreReport restore(const store::Snapshot& point, const restore::RestoreTarget& target,
                                 const restore::RestoreSettings& settings = {});

  void live_one_day();
  // What lies in the mailbox, in folders that are backed up; below `path` only, if given.
  [[nodiscard]] Hashes present(const std::string& mailbox_id, const std::string& path = "");
  [[nodiscard]] Hashes stored(const store::Snapshot& snapshot);
  // Requests that the tenant has counted.
  [[nodiscard]] std::uint64_t requests();

  [[nodiscard]] simulator::Tenant& simulator() { return simulator_; }
  [[nodiscard]] SmallRepository& repository() { return repository_; }
  [[nodiscard]] store::MemoryBackend& backend() { return backend_; }

 private:
  store::MemoryBackend backend_;
  SmallRepository repository_{backend_};
  simulator::Tenant simulator_;
  simulator::SimulatorTransport transport_;
  graph::Tenant tenant_;
};

// Few and small items; the same tenant for the same seed.
simulator::TenantPlan small_tenant_plan(std::uint64_t seed, std::uint64_t items = 120);

}  // namespace test
