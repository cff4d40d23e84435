#include "tests/support/simulated_settings.h"

#include <string>

namespace test {
namespace {

graph::AppCredentials credentials(const char* client_id, const std::string& secret) {
  graph::AppCredentials app;
  app.client_id = client_id;
  app.client_secret = base::Secret{secret};
  return app;
}

}  // namespace

graph::TenantSettings simulated_settings(const simulator::World& world,
                                         const simulator::TenantPlan& plan) {
  graph::TenantSettings settings;
  settings.api = plan.folder_jobs ? graph::ApiForm::folder_jobs : graph::ApiForm::items;
  settings.tenant_id = world.tenant_id;
  settings.login_url = world.origins.login;
  settings.graph_url = world.origins.graph + "/v1.0";
  settings.backup_app = credentials(simulator::kBackupClientId, plan.backup_secret);
  settings.restore_app = credentials(simulator::kRestoreClientId, plan.restore_secret);
  settings.jitter_seed = plan.seed;
  return settings;
}

}  // namespace test
