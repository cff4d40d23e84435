// What commands work with: the configuration, the store and the tenants, opened for one command or
// shared by all jobs of a daemon.
#pragma once

#include "src/base/clock.h"
#include "src/base/synchronized.h"
#include "src/daemon/appliance.h"
#include "src/daemon/configuration.h"
#include "src/jobs/audit_log.h"
#include "src/jobs/backup_job.h"
#include "store/repository.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace appliance {

// Thread-safe. What it gives outlives it.
class Resources {
 public:
  virtual ~Resources() = default;

  // The one in force.
  [[nodiscard]] virtual Configuration configuration() = 0;
  // Open for at least that. Shared, because jobs of a daemon work with one store side by side, and
  // the last to leave closes it. Errors of store::Repository::open().
  [[nodiscard]] virtual std::shared_ptr<OpenStore> open_store(store::Access access) = 0;
  // Shared for the same reason: the limits of a mailbox count over all that is done with it.
  // Whoever signs in while a store is open through this is told to the store's audit log. Errors as
  // OpenTenant().
  [[nodiscard]] virtual std::shared_ptr<OpenTenant> open_tenant(const TenantConfiguration& tenant,
                                                                OpenTenant::Apps apps) = 0;
};

// Opens everything anew for whoever asks: for one command in one process.
class OwnResources final : public Resources {
 public:
  // The clock outlives what it opens. `by`: in whose name the audit log is told of sign-ins.
  OwnResources(Configuration configuration, jobs::AuditedBy by, base::Clock& clock);

  Configuration configuration() override;
  std::shared_ptr<OpenStore> open_store(store::Access access) override;
  std::shared_ptr<OpenTenant> open_tenant(const TenantConfiguration& tenant,
                                          OpenTenant::Apps apps) override;

 private:
  Configuration configuration_;
  jobs::AuditedBy by_;
  base::Clock& clock_;
  base::Synchronized<std::weak_ptr<OpenStore>> opened_;  // the latest: whose audit log is told
};

// Tells the audit log of the store that `opened` gives at that time who signs in; nobody if that is
// none. The clock outlives it.
graph::OnSignIn audited_sign_ins(std::function<std::shared_ptr<OpenStore>()> opened,
                                 jobs::AuditedBy by, base::Clock& clock);

using OpenTenants = std::vector<std::shared_ptr<OpenTenant>>;

// All of the configuration, or the one named `only`, to read from. One that cannot be opened goes
// to `failed`; if that is all of them, its error is thrown. Error(usage) if there is none.
OpenTenants open_tenants(Resources& resources, const Configuration& configuration,
                         const std::optional<std::string>& only,
                         std::vector<jobs::FailedTenant>& failed);

}  // namespace appliance
