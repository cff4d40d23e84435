// The parts of the appliance, made from the configuration: the store, and the tenants of the
// service.
#pragma once

#include "src/backup/discovery.h"
#include "src/base/clock.h"
#include "src/base/secret.h"
#include "src/daemon/configuration.h"
#include "src/daemon/timed_backend.h"
#include "src/graph/tenant.h"
#include "src/http/transport.h"
#include "src/jobs/backup_job.h"
#include "src/jobs/retention_job.h"
#include "store/backend.h"
#include "store/key_management.h"
#include "store/repository.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace appliance {

// Whether there is a store at the place that the configuration names, whole or damaged.
bool has_store(const StoreSettings& settings);

// Creates the store of the configuration and gives its recovery key, to be shown once.
// Error(usage) if there is something already.
base::Secret create_store(const StoreSettings& settings, base::Clock& clock);

// Where the store lies, for what needs no key.
std::unique_ptr<store::Backend> open_backend(const StoreSettings& settings);

// A repository with what it stands on.
class OpenStore {
 public:
  // Errors of store::Repository::open(). The clock outlives it, and so does the timer, which may be
  // null.
  OpenStore(const StoreSettings& settings, store::Access access, base::Clock& clock,
            StoreTimer* timer = nullptr);
  // Makes the index anew first.
  OpenStore(const StoreSettings& settings, base::Clock& clock,
            const store::OnProgress& on_progress);

  [[nodiscard]] store::Repository& repository() { return *repository_; }

 private:
  std::unique_ptr<store::Backend> backend_;
  std::unique_ptr<store::Repository> repository_;
};

// What the store says of its keys; beside anything that runs.
store::KeyState read_key_state(const StoreSettings& settings);

// The keys of a store, to be changed, with what they stand on. Errors of store::KeyManagement.
class OpenKeys {
 public:
  explicit OpenKeys(const StoreSettings& settings);

  [[nodiscard]] store::KeyManagement& keys() { return *keys_; }

 private:
  std::unique_ptr<store::Backend> backend_;
  std::unique_ptr<store::KeyManagement> keys_;
};

// store::Repository::repair_log() for the store of the configuration.
store::LogRepair repair_log(const StoreSettings& settings, base::Clock& clock);

// A tenant of the service, with its connections.
class OpenTenant {
 public:
  enum class Apps : std::uint8_t { backup, backup_and_restore };

  // Reads the credentials of these apps; nothing is sent yet. The clock outlives it. Error(usage)
  // names the key of a credential that cannot be read.
  OpenTenant(const TenantConfiguration& configuration, const LimitSettings& limits, Apps apps,
             base::Clock& clock, graph::OnSignIn on_sign_in = {}, graph::OnRequest on_request = {});

  [[nodiscard]] graph::Tenant& service() { return *tenant_; }
  [[nodiscard]] const TenantConfiguration& configuration() const { return configuration_; }
  [[nodiscard]] store::TenantDomain domain() const { return {configuration_.name}; }

 private:
  TenantConfiguration configuration_;
  std::unique_ptr<http::Transport> transport_;
  std::unique_ptr<graph::Tenant> tenant_;
};

// The policies of a tenant. One without any is protected as a whole by a policy "default": nobody
// is left out because nobody was named.
std::vector<backup::NamedPolicy> policies_of(const Configuration& configuration,
                                             const TenantConfiguration& tenant);

// The retention of every policy, or of the one named. Error(usage) naming the nearest one if there
// is none of that name.
std::vector<jobs::RetentionPolicy> retention_policies(const Configuration& configuration,
                                                      const std::optional<std::string>& only);

// How many mailboxes run side by side within the memory of the limits.
std::size_t concurrent_mailboxes(const LimitSettings& limits);
// Lanes of export or import per mailbox: as many as may be in flight, so that all places are used
// while there is work. Listing takes its turn among them, and the budget keeps the number whatever
// runs.
std::size_t lanes_per_mailbox(const LimitSettings& limits);

}  // namespace appliance
