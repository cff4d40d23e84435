#include "src/daemon/resources.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"

#include <utility>

namespace appliance {

OwnResources::OwnResources(Configuration configuration, jobs::AuditedBy by, base::Clock& clock)
    : configuration_(std::move(configuration)), by_(std::move(by)), clock_(clock) {}

Configuration OwnResources::configuration() { return configuration_; }

std::shared_ptr<OpenStore> OwnResources::open_store(store::Access access) {
  auto store = std::make_shared<OpenStore>(configuration_.store, access, clock_);
  *opened_.lock() = store;
  return store;
}

std::shared_ptr<OpenTenant> OwnResources::open_tenant(const TenantConfiguration& tenant,
                                                      OpenTenant::Apps apps) {
  return std::make_shared<OpenTenant>(
      tenant, configuration_.limits, apps, clock_,
      audited_sign_ins([store = *opened_.lock()] { return store.lock(); }, by_, clock_));
}

graph::OnSignIn audited_sign_ins(std::function<std::shared_ptr<OpenStore>()> opened,
                                 jobs::AuditedBy by, base::Clock& clock) {
  return [opened = std::move(opened), by = std::move(by), &clock](const graph::SignIn& sign_in) {
    const auto open = opened();
    if (!open) return;
    try {
      jobs::AuditLog{open->repository().journals(), by}.write(
          clock.now(), "sign-in", sign_in.problem.empty() ? "complete" : "failed", "",
          {{"tenant", sign_in.tenant_id},
           {"app", graph::name(sign_in.app)},
           {"client_id", sign_in.client_id},
           {"problem", jobs::text_or_null(sign_in.problem)}});
    } catch (const base::Error& error) {
      base::log(base::LogLevel::warning,
                "the audit log does not tell of a sign-in: ", error.what());
    }
  };
}

OpenTenants open_tenants(Resources& resources, const Configuration& configuration,
                         const std::optional<std::string>& only,
                         std::vector<jobs::FailedTenant>& failed) {
  if (configuration.tenants.empty()) {
    throw base::Error{base::ErrorKind::usage,
                      base::text(configuration.path.string(),
                                 " names no tenant: add [tenant.NAME] with "
                                 "'tenant_id' and [tenant.NAME.backup_app]")};
  }
  OpenTenants tenants;
  for (const TenantConfiguration& tenant : configuration.tenants) {
    if (only && tenant.name != *only) continue;
    try {
      tenants.push_back(resources.open_tenant(tenant, OpenTenant::Apps::backup));
    } catch (const base::Error& error) {
      failed.push_back({tenant.name, error});
    }
  }
  if (tenants.empty() && !failed.empty()) throw failed.front().error;
  return tenants;
}

}  // namespace appliance
