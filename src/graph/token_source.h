// Access tokens of one app, by client credentials: kept, renewed ahead of their end, never shown.
#pragma once

#include "src/base/clock.h"
#include "src/base/secret.h"
#include "src/graph/client_assertion.h"
#include "src/graph/renewable.h"
#include "src/graph/tenant.h"
#include "src/http/jitter.h"
#include "src/http/retry_policy.h"
#include "src/http/transport.h"

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace graph {

struct Token {
  base::Secret text;
  base::Duration lifetime{};
  base::Duration renew_at{};                 // by the monotonic clock
  std::optional<base::Duration> clock_skew;  // the login service's clock minus ours
};

// Thread-safe.
class TokenSource {
 public:
  struct Settings {
    App app = App::backup;
    std::string login_url;
    std::string tenant_id;
    std::string scope;
    OnSignIn on_sign_in{};
  };

  // Error(usage) when the credentials cannot be used. The collaborators outlive it.
  TokenSource(Settings settings, AppCredentials credentials, http::Transport& transport,
              base::Clock& clock, http::Jitter& jitter);

  // A token with some life left; asks for a new one five minutes before the end, one request at a
  // time. Error(denied) says why the app may not sign in and what to do; Error(unavailable),
  // Error(cancelled).
  std::shared_ptr<const Token> token(std::stop_token stop);
  // The service answered 401 to it.
  void refuse(const std::shared_ptr<const Token>& token) { current_.refuse(token); }
  // A new token, whatever is kept. `limits`: how often a service that does not answer is asked.
  Token sign_in(std::stop_token stop, const http::AttemptLimits& limits = {});

  [[nodiscard]] App app() const { return settings_.app; }
  [[nodiscard]] std::optional<base::Instant> certificate_ends() const;

 private:
  Token ask(std::stop_token stop, const http::AttemptLimits& limits);
  void tell(std::string problem) const;
  std::string form() const;
  // The login service's clock minus ours.
  [[nodiscard]] std::optional<base::Duration> clock_skew(const http::Transfer& transfer) const;
  Token read_token(const http::Transfer& transfer, std::string_view body) const;

  Settings settings_;
  std::string url_;
  std::string client_id_;
  base::Secret client_secret_;
  std::optional<ClientCertificate> certificate_;
  http::Transport& transport_;
  base::Clock& clock_;
  http::Jitter& jitter_;
  Renewable<Token> current_;
};

}  // namespace graph
