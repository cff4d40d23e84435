#include "src/graph/tenant.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/graph/api_client.h"
#include "src/graph/directory_client.h"
#include "src/graph/folder_jobs_service.h"
#include "src/graph/importer.h"
#include "src/graph/items_service.h"
#include "src/graph/rights_probe.h"
#include "src/graph/token_source.h"
#include "src/graph/user_mailbox.h"
#include "src/http/allowed_hosts.h"
#include "src/http/url.h"

#include <algorithm>

namespace graph {
namespace {

using base::Error;
using base::ErrorKind;

// Names the setting in what is wrong with it.
template <typename Action>
void for_setting(std::string_view setting, Action action) {
  try {
    action();
  } catch (Error& error) {
    error.add_context(std::string{setting});
    throw;
  }
}

http::AllowedHosts import_hosts_of(const TenantSettings& settings) {
  http::AllowedHosts hosts;
  for_setting("import_hosts", [&] {
    for (const std::string& host : settings.import_hosts) hosts.add_host(host);
  });
  return hosts;
}

http::AllowedHosts all_hosts_of(const TenantSettings& settings) {
  http::AllowedHosts hosts = import_hosts_of(settings);
  for_setting("login_url", [&] { hosts.add_origin(settings.login_url); });
  for_setting("graph_url", [&] { hosts.add_origin(settings.graph_url); });
  return hosts;
}

http::BudgetLimits mailbox_limits(const TenantSettings& settings) {
  if (settings.requests_per_mailbox < 1 || settings.requests_per_mailbox > 4) {
    throw Error{ErrorKind::usage, "requests_per_mailbox must be 1 to 4: the service takes no more"};
  }
  return {.in_flight = settings.requests_per_mailbox};
}

// 3,500 units in 10 seconds is what the smallest tenants get; our dearest call costs five.
http::BudgetLimits directory_limits() {
  http::BudgetLimits limits;
  limits.in_flight = 8;
  limits.requests = 600;
  limits.request_window = std::chrono::seconds{10};
  return limits;
}

// The national clouds have tokens of their own; any other address (a simulated tenant) speaks for
// the global one.
std::string scope_for(const std::string& graph_url) {
  const auto url = http::parse_url(graph_url);
  const std::string host = url ? url->origin.host : "";
  const bool is_national =
      host.ends_with("graph.microsoft.us") || host.ends_with(".chinacloudapi.cn");
  return is_national ? url->origin.text() + "/.default" : "https://graph.microsoft.com/.default";
}

TokenSource::Settings token_settings(const TenantSettings& settings, App app) {
  if (settings.tenant_id.empty()) throw Error{ErrorKind::usage, "tenant_id is missing"};
  return {app, settings.login_url, settings.tenant_id, scope_for(settings.graph_url),
          settings.on_sign_in};
}

}  // namespace

std::string_view name(App app) { return app == App::backup ? "backup app" : "restore app"; }

// One app's way to the service.
struct SignedIn {
  SignedIn(const TenantSettings& settings, App app, AppCredentials credentials,
           const Wiring& wiring)
      : tokens(token_settings(settings, app), std::move(credentials), wiring.transport,
               wiring.clock, wiring.jitter),
        client(http::without_slash(settings.graph_url), tokens, wiring) {}

  TokenSource tokens;
  ApiClient client;
};

struct Tenant::Parts {
  Parts(TenantSettings settings, http::Transport& next, base::Clock& clock)
      : transport(next, all_hosts_of(settings)),
        jitter(settings.jitter_seed ? http::Jitter{*settings.jitter_seed} : http::Jitter{}),
        gate(clock, mailbox_limits(settings)),
        wiring{transport, clock, gate, jitter, counters, settings.on_request},
        backup(settings, App::backup, std::move(settings.backup_app), wiring),
        form(settings.api),
        accounts(backup.client),
        accounts_of_folder_jobs(accounts) {
    gate.set_limits(std::string{kDirectoryBudget}, directory_limits());
    if (settings.restore_app) {
      restore.emplace(settings, App::restore, std::move(*settings.restore_app), wiring);
    }
    ApiClient* writes = restore ? &restore->client : nullptr;
    if (form == ApiForm::folder_jobs) {
      mailboxes = std::make_unique<FolderJobsService>(backup.client, writes, wiring);
      return;
    }
    if (restore) importer.emplace(restore->client, wiring, import_hosts_of(settings));
    mailboxes = std::make_unique<ItemsService>(backup.client, writes,
                                               importer ? &*importer : nullptr, wiring);
  }

  Directory& directory() {
    if (form == ApiForm::folder_jobs) return accounts_of_folder_jobs;
    return accounts;
  }

  SignedIn& signed_in(App app) {
    if (app == App::backup) return backup;
    if (!restore) throw Error{ErrorKind::denied, "no restore app is configured"};
    return *restore;
  }

  http::GuardedTransport transport;
  http::Jitter jitter;
  http::BudgetGate gate;
  Counters counters;
  Wiring wiring;
  SignedIn backup;
  std::optional<SignedIn> restore;
  ApiForm form;
  std::optional<Importer> importer;  // of the documented form
  DirectoryClient accounts;
  UserMailboxDirectory accounts_of_folder_jobs;
  std::unique_ptr<MailboxService> mailboxes;
};

Tenant::Tenant(TenantSettings settings, http::Transport& transport, base::Clock& clock)
    : parts_(std::make_unique<Parts>(std::move(settings), transport, clock)) {}

Tenant::~Tenant() = default;

Directory& Tenant::directory() { return parts_->directory(); }

MailboxService& Tenant::mailboxes() { return *parts_->mailboxes; }

bool Tenant::has_restore_app() const { return parts_->restore.has_value(); }

SignInReport Tenant::probe_sign_in(App app, std::stop_token stop) {
  SignInReport report{.app = app};
  try {
    TokenSource& tokens = parts_->signed_in(app).tokens;
    report.certificate_ends = tokens.certificate_ends();
    // Whoever asks sits and waits for the answer.
    const Token token = tokens.sign_in(std::move(stop), {.broken = 2, .unreachable = 1});
    report.succeeded = true;
    report.lifetime = token.lifetime;
    report.clock_skew = token.clock_skew;
    report.roles = roles_in_token(token.text.text());
  } catch (const SignInRefused& error) {
    report.problem = error.what();
    report.refused = true;
    report.clock_skew = error.clock_skew();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
    report.problem = error.what();
    report.refused = error.kind() == ErrorKind::denied;
  }
  return report;
}

std::vector<RightReport> Tenant::probe_rights(App app, const MailboxId& mailbox, const User& owner,
                                              std::stop_token stop) {
  return graph::probe_rights(parts_->signed_in(app).client, parts_->form, mailbox, owner,
                             std::move(stop));
}

std::vector<RightReport> Tenant::probe_unneeded_rights(App app, const MailboxId& mailbox,
                                                       std::stop_token stop) {
  return graph::probe_unneeded_rights(parts_->signed_in(app).client, parts_->form, mailbox,
                                      std::move(stop));
}

std::vector<RightReport> Tenant::probe_shared_rights(App app, const MailboxId& mailbox,
                                                     std::stop_token stop) {
  return graph::probe_shared_rights(parts_->signed_in(app).client, parts_->form, mailbox,
                                    std::move(stop));
}

}  // namespace graph
