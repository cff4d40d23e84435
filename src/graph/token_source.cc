#include "src/graph/token_source.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "src/graph/json.h"
#include "src/graph/mailbox_service.h"
#include "src/graph/service_error.h"
#include "src/graph/sign_in_error.h"
#include "src/http/retry_policy.h"
#include "src/http/url.h"

#include <algorithm>
#include <charconv>

namespace graph {
namespace {

using base::ErrorKind;

constexpr std::size_t kLongestAnswer = 1024 * 1024;
constexpr base::Duration kRenewAhead = std::chrono::minutes{5};

// A line end in it would begin a header of the peer's choosing.
bool fits_into_header(std::string_view token) {
  return std::ranges::all_of(token, [](char c) { return c > ' ' && c < '\x7f'; });
}

// Seconds; the older token endpoint wrote the number as a text.
std::int64_t lifetime_seconds(const Json& expires_in) {
  const std::string_view text = expires_in.text_or_nothing();
  if (text.empty()) return expires_in.integer().value_or(0);
  std::int64_t seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return seconds;
}

std::optional<ClientCertificate> certificate_of(const AppCredentials& credentials) {
  if (credentials.certificate_pem.empty()) return std::nullopt;
  return ClientCertificate{credentials.certificate_pem, credentials.private_key_pem};
}

void check_credentials(const AppCredentials& credentials, App app) {
  const auto wrong = [&](std::string_view what) {
    return base::Error{ErrorKind::usage, base::text("the ", name(app), " ", what)};
  };
  if (credentials.client_id.empty()) throw wrong("has no client_id");
  const bool has_secret = !credentials.client_secret.empty();
  const bool has_certificate = !credentials.certificate_pem.empty();
  if (!has_secret && !has_certificate) throw wrong("has neither a client secret nor a certificate");
  if (has_secret && has_certificate) throw wrong("has both a client secret and a certificate");
  if (has_certificate && credentials.private_key_pem.empty()) {
    throw wrong("has a certificate without a private key");
  }
}

bool is_to_be_repeated(SignInFailure::Kind kind, unsigned attempt,
                       const http::AttemptLimits& limits) {
  if (kind == SignInFailure::Kind::transient) return attempt < limits.broken;
  return kind == SignInFailure::Kind::clock && attempt < 2;
}

}  // namespace

TokenSource::TokenSource(Settings settings, AppCredentials credentials, http::Transport& transport,
                         base::Clock& clock, http::Jitter& jitter)
    : settings_(std::move(settings)),
      url_(base::text(http::without_slash(settings_.login_url), "/",
                      base::percent_encode(settings_.tenant_id), "/oauth2/v2.0/token")),
      transport_(transport),
      clock_(clock),
      jitter_(jitter) {
  check_credentials(credentials, settings_.app);
  certificate_ = certificate_of(credentials);
  client_id_ = std::move(credentials.client_id);
  client_secret_ = std::move(credentials.client_secret);
}

std::optional<base::Instant> TokenSource::certificate_ends() const {
  if (!certificate_) return std::nullopt;
  return certificate_->ends();
}

std::string TokenSource::form() const {
  std::string form =
      base::text("grant_type=client_credentials&client_id=", base::percent_encode(client_id_),
                 "&scope=", base::percent_encode(settings_.scope));
  if (!certificate_) {
    return form + "&client_secret=" + base::percent_encode(client_secret_.text());
  }
  form += "&client_assertion_type=";
  form += base::percent_encode("urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
  form += "&client_assertion=";
  form += certificate_->assertion(url_, client_id_, clock_.now());
  return form;
}

std::optional<base::Duration> TokenSource::clock_skew(const http::Transfer& transfer) const {
  const auto date = transfer.head.header("Date");
  const auto theirs = date ? base::parse_http_date(*date) : std::nullopt;
  if (!theirs) return std::nullopt;
  return *theirs - clock_.now();
}

Token TokenSource::read_token(const http::Transfer& transfer, std::string_view body) const {
  const Json document = Json::parse(body);
  const std::string_view text = document.required_text("access_token");
  if (!fits_into_header(text)) {
    throw base::Error{ErrorKind::protocol,
                      "the login service gave a token that no header can carry"};
  }
  Token token;
  token.text = base::Secret{text};
  const std::int64_t seconds = lifetime_seconds(document["expires_in"]);
  constexpr std::int64_t kLongestSeconds = 7 * 24 * 3600;
  token.lifetime = std::chrono::seconds{std::clamp<std::int64_t>(seconds, 0, kLongestSeconds)};
  token.renew_at = clock_.monotonic() + token.lifetime - std::min(kRenewAhead, token.lifetime / 2);
  token.clock_skew = clock_skew(transfer);
  return token;
}

std::shared_ptr<const Token> TokenSource::token(std::stop_token stop) {
  return current_.get([&](const Token& token) { return clock_.monotonic() < token.renew_at; },
                      [&] { return sign_in(stop); }, stop);
}

void TokenSource::tell(std::string problem) const {
  if (!settings_.on_sign_in) return;
  settings_.on_sign_in({settings_.app, settings_.tenant_id, client_id_, std::move(problem)});
}

Token TokenSource::sign_in(std::stop_token stop, const http::AttemptLimits& limits) {
  try {
    Token token = ask(std::move(stop), limits);
    tell({});
    return token;
  } catch (const base::Error& error) {
    if (error.kind() != ErrorKind::cancelled) tell(error.what());
    throw;
  }
}

Token TokenSource::ask(std::stop_token stop, const http::AttemptLimits& limits) {
  for (unsigned attempt = 1;; ++attempt) {
    http::Request request{.method = "POST", .url = url_};
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                       {"Accept", "application/json"},
                       {"client-request-id", base::new_uuid()}};
    request.body = form();
    request.idle_timeout = std::chrono::minutes{1};
    http::CollectingSink sink{kLongestAnswer};
    const http::Transfer transfer = transport_.perform(request, sink, stop);
    if (transfer.failure == http::TransferFailure::cancelled) {
      throw base::Error{ErrorKind::cancelled, "stopped while signing in"};
    }
    if (transfer.arrived() && transfer.head.status == 200) {
      base::log(base::LogLevel::debug, "the ", name(settings_.app), " signed in");
      return read_token(transfer, sink.text());
    }
    const auto verdict = http::judge({transfer, attempt, true, clock_.now(), jitter_.next()},
                                     http::Repeatable::yes, limits);
    base::Duration wait = verdict.wait;
    if (transfer.arrived()) {
      const int status = transfer.head.status;
      const SignInFailure failure = explain_sign_in_failure(
          status, is_redirect(status) ? refusal_in(transfer.head, {}).message : sink.text());
      if (!is_to_be_repeated(failure.kind, attempt, limits)) {
        std::string why =
            base::text("the ", name(settings_.app), " cannot sign in: ", failure.message);
        if (failure.kind == SignInFailure::Kind::transient) {
          throw base::Error{ErrorKind::unavailable, std::move(why)};
        }
        throw SignInRefused{std::move(why), clock_skew(transfer)};
      }
      if (verdict.action != http::Action::repeat) wait = http::backoff(attempt, jitter_.next());
    } else if (verdict.action != http::Action::repeat) {
      const bool untrusted = transfer.failure == http::TransferFailure::untrusted;
      throw base::Error{untrusted ? ErrorKind::failed : ErrorKind::unavailable,
                        base::text("the login service cannot be reached: ", transfer.detail)};
    } else if (attempt == 1) {
      base::log(base::LogLevel::warning, "the login service cannot be reached: ", transfer.detail,
                "; trying again for a minute");
    }
    clock_.sleep_for(wait, stop);
    if (stop.stop_requested()) throw base::Error{ErrorKind::cancelled, "stopped while signing in"};
  }
}

}  // namespace graph
