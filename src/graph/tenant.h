// One tenant of the service: signs in, keeps the budgets, and gives the directory and the
// mailboxes.
#pragma once

#include "src/base/clock.h"
#include "src/base/secret.h"
#include "src/graph/api_form.h"
#include "src/graph/directory.h"
#include "src/graph/mailbox_service.h"
#include "src/graph/operation.h"
#include "src/http/transport.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace graph {

// An app registration: a secret, or a certificate with its private key.
struct AppCredentials {
  std::string client_id;
  base::Secret client_secret;
  std::string certificate_pem;
  base::Secret private_key_pem;
};

enum class App : std::uint8_t { backup, restore };
std::string_view name(App app);  // "backup app", "restore app"

// An app that signed in, or tried to.
struct SignIn {
  App app = App::backup;
  std::string tenant_id;
  std::string client_id;
  std::string problem;  // in words; empty on success
};
// Called by whatever thread needs the token, once for each token that was asked for and came, or
// did not; not where somebody stopped it.
using OnSignIn = std::function<void(const SignIn&)>;

// Called by whatever thread sent it, once for each request to the service that was sent, repeated
// ones too; with 0 where no answer came. Not for sign-ins. Must not throw.
using OnRequest = std::function<void(Operation operation, int status)>;

struct TenantSettings {
  ApiForm api = ApiForm::items;
  std::string tenant_id{};  // GUID or verified domain
  std::string login_url = "https://login.microsoftonline.com";
  std::string graph_url = "https://graph.microsoft.com/v1.0";
  std::vector<std::string> import_hosts = {"outlook.office365.com"};
  AppCredentials backup_app;                  // reads and exports
  std::optional<AppCredentials> restore_app;  // creates folders and imports
  unsigned requests_per_mailbox = 4;          // 1 to 4
  std::optional<std::uint64_t> jitter_seed;   // makes waits repeatable, for simulations
  OnSignIn on_sign_in;                        // may be empty
  OnRequest on_request;                       // may be empty
};

// What signing in showed, for the readiness checklist. The roles come out of the token where it can
// be read; they are for display, because only the service decides.
struct SignInReport {
  App app = App::backup;
  bool succeeded = false;
  std::string problem{};  // in words, with the remedy; empty on success
  bool refused = false;   // the login service said no, rather than nothing
  std::vector<std::string> roles{};
  base::Duration lifetime{};
  std::optional<base::Duration> clock_skew{};       // the service's clock minus ours
  std::optional<base::Instant> certificate_ends{};  // where the app has one
};

// What one harmless call told about a right.
struct RightReport {
  enum class State : std::uint8_t { granted, missing, unknown };
  App app = App::backup;
  std::string permission{};  // "MailboxItem.Export.All"
  State state = State::unknown;
  std::string seen{};  // in words
};

// Thread-safe. Everything it gives lives as long as it does.
class Tenant {
 public:
  // `transport` and `clock` outlive it. Error(usage) when a setting cannot be right.
  Tenant(TenantSettings settings, http::Transport& transport, base::Clock& clock);
  ~Tenant();
  Tenant(const Tenant&) = delete;
  Tenant& operator=(const Tenant&) = delete;

  [[nodiscard]] Directory& directory();
  [[nodiscard]] MailboxService& mailboxes();
  [[nodiscard]] bool has_restore_app() const;

  // Signs in anew, whatever token is at hand; a service that is away is not waited for.
  // Error(cancelled) only.
  SignInReport probe_sign_in(App app, std::stop_token stop);
  // Tries each right of the app with a call that changes nothing, on this mailbox and its owner. To
  // be called after a sign-in that succeeded.
  std::vector<RightReport> probe_rights(App app, const MailboxId& mailbox, const User& owner,
                                        std::stop_token stop);
  // The same for what it does not need: that it may change mailboxes, or look into the directory.
  std::vector<RightReport> probe_unneeded_rights(App app, const MailboxId& mailbox,
                                                 std::stop_token stop);
  // The same for what the app needs besides where a mailbox is a shared one.
  std::vector<RightReport> probe_shared_rights(App app, const MailboxId& mailbox,
                                               std::stop_token stop);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace graph
