#include "src/daemon/appliance.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/http/curl_transport.h"
#include "store/local_backend.h"

#include <algorithm>
#include <utility>

namespace appliance {
namespace {

// What a mailbox in the works holds, all lanes together: buffers of the transport, chunks on their
// way into packs, what its feeds tell on an ordinary night. A listing of large folders takes more:
// some 0.4 KB an item, of as many folders as there are lanes.
constexpr std::uint64_t kMailboxBytes = std::uint64_t{16} << 20;

store::Repository::Settings repository_settings(const StoreSettings& settings) {
  store::Repository::Settings repository;
  repository.index = settings.index;
  repository.parity = settings.parity;
  return repository;
}

graph::AppCredentials read_credentials(const AppSettings& app) {
  graph::AppCredentials credentials;
  credentials.client_id = app.client_id;
  if (app.client_secret) credentials.client_secret = app.client_secret->read_secret();
  if (app.certificate) credentials.certificate_pem = app.certificate->read_public();
  if (app.private_key) credentials.private_key_pem = app.private_key->read_secret();
  return credentials;
}

graph::TenantSettings tenant_settings(const TenantConfiguration& configuration,
                                      const LimitSettings& limits, OpenTenant::Apps apps) {
  graph::TenantSettings settings;
  settings.api = configuration.api;
  settings.tenant_id = configuration.tenant_id;
  settings.login_url = configuration.login_url;
  settings.graph_url = configuration.graph_url;
  settings.import_hosts = configuration.import_hosts;
  settings.backup_app = read_credentials(configuration.backup_app);
  if (apps == OpenTenant::Apps::backup_and_restore && configuration.restore_app) {
    settings.restore_app = read_credentials(*configuration.restore_app);
  }
  settings.requests_per_mailbox = static_cast<unsigned>(limits.requests_per_mailbox);
  return settings;
}

http::CurlSettings transport_settings(const TenantConfiguration& configuration) {
  http::CurlSettings settings;
  if (configuration.ca_file) settings.ca_file = configuration.ca_file->location().string();
  return settings;
}

}  // namespace

bool has_store(const StoreSettings& settings) {
  return store::Repository::exists(*store::open_local(settings.directory));
}

base::Secret create_store(const StoreSettings& settings, base::Clock& clock) {
  const base::Secret passphrase = settings.passphrase.read_secret();
  const auto backend = store::open_local(settings.directory);
  return store::Repository::create(*backend, repository_settings(settings), passphrase, clock);
}

std::unique_ptr<store::Backend> open_backend(const StoreSettings& settings) {
  return store::open_local(settings.directory);
}

OpenStore::OpenStore(const StoreSettings& settings, store::Access access, base::Clock& clock,
                     StoreTimer* timer)
    : backend_(timer != nullptr ? timed(store::open_local(settings.directory), *timer)
                                : store::open_local(settings.directory)),
      repository_(store::Repository::open(*backend_, repository_settings(settings),
                                          settings.passphrase.read_secret(), access, clock)) {}

OpenStore::OpenStore(const StoreSettings& settings, base::Clock& clock,
                     const store::OnProgress& on_progress)
    : backend_(store::open_local(settings.directory)),
      repository_(store::Repository::rebuild_index(*backend_, repository_settings(settings),
                                                   settings.passphrase.read_secret(), clock,
                                                   on_progress)) {}

store::KeyState read_key_state(const StoreSettings& settings) {
  return store::read_key_state(*store::open_local(settings.directory),
                               settings.passphrase.read_secret());
}

OpenKeys::OpenKeys(const StoreSettings& settings)
    : backend_(store::open_local(settings.directory)),
      keys_(std::make_unique<store::KeyManagement>(*backend_, settings.passphrase.read_secret())) {}

store::LogRepair repair_log(const StoreSettings& settings, base::Clock& clock) {
  const auto backend = store::open_local(settings.directory);
  return store::Repository::repair_log(*backend, repository_settings(settings),
                                       settings.passphrase.read_secret(), clock);
}

OpenTenant::OpenTenant(const TenantConfiguration& configuration, const LimitSettings& limits,
                       Apps apps, base::Clock& clock, graph::OnSignIn on_sign_in,
                       graph::OnRequest on_request)
    : configuration_(configuration),
      transport_(http::make_curl_transport(transport_settings(configuration))) {
  graph::TenantSettings settings = tenant_settings(configuration, limits, apps);
  settings.on_sign_in = std::move(on_sign_in);
  settings.on_request = std::move(on_request);
  tenant_ = std::make_unique<graph::Tenant>(std::move(settings), *transport_, clock);
}

std::vector<backup::NamedPolicy> policies_of(const Configuration& configuration,
                                             const TenantConfiguration& tenant) {
  std::vector<backup::NamedPolicy> policies;
  for (const PolicySettings& policy : configuration.policies) {
    if (policy.tenant != tenant.name) continue;
    policies.push_back({policy.name, {policy.include, policy.exclude, policy.order}});
  }
  if (policies.empty()) policies.push_back({"default", {}});
  return policies;
}

std::vector<jobs::RetentionPolicy> retention_policies(const Configuration& configuration,
                                                      const std::optional<std::string>& only) {
  if (only) static_cast<void>(configuration.policy(*only));
  std::vector<jobs::RetentionPolicy> policies;
  for (const PolicySettings& policy : configuration.policies) {
    if (only && policy.name != *only) continue;
    jobs::RetentionPolicy& rules = policies.emplace_back();
    rules.tenant = {policy.tenant};
    rules.name = policy.name;
    rules.rules.keep_last = policy.retention.keep_last;
    rules.rules.keep_hourly = policy.retention.keep_hourly;
    rules.rules.keep_daily = policy.retention.keep_daily;
    rules.rules.keep_weekly = policy.retention.keep_weekly;
    rules.rules.keep_monthly = policy.retention.keep_monthly;
    rules.rules.keep_yearly = policy.retention.keep_yearly;
    rules.rules.keep_within = policy.retention.keep_within;
    rules.rules.minimum_age = configuration.store.minimum_age;
    rules.rules.time_zone = policy.timezone;
  }
  return policies;
}

std::size_t concurrent_mailboxes(const LimitSettings& limits) {
  const std::uint64_t affordable = std::max<std::uint64_t>(limits.memory_bytes / kMailboxBytes, 1);
  return static_cast<std::size_t>(std::min(limits.concurrent_mailboxes, affordable));
}

std::size_t lanes_per_mailbox(const LimitSettings& limits) {
  return static_cast<std::size_t>(limits.requests_per_mailbox);
}

}  // namespace appliance
