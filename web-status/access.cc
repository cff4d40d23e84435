#include "web-status/access.h"

#include "src/base/base64.h"
#include "src/base/error.h"
#include "src/base/text.h"
#include "web-status/answers.h"
#include "web-status/network_address.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace web {

namespace {

constexpr base::Duration kRemembered = std::chrono::minutes{5};
constexpr std::size_t kMostRemembered = 256;

// Browsers take the first only over TLS, for this host only and with this path only.
std::string cookie_name(const Request& request) {
  return request.is_tls ? "__Host-coffer" : "coffer";
}

std::string cookie(const Request& request, std::string_view value, std::string_view more) {
  return base::text(cookie_name(request), "=", value, "; Path=/; HttpOnly; SameSite=Strict",
                    request.is_tls ? "; Secure" : "", more);
}

// Empty if there is none.
std::string session_id(const Request& request) {
  const std::string name = cookie_name(request);
  for (const std::string& part : base::split(request.header("cookie"), ';')) {
    const std::string_view pair = base::trim(part);
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
      return std::string{pair.substr(name.size() + 1)};
    }
  }
  return {};
}

// Without its port, in lower case; an IPv6 address without its brackets.
std::string host_name(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos) return {};
    return normalized_address(host.substr(1, end - 1)).value_or("");
  }
  return base::to_lower(host.substr(0, host.find(':')));
}

Response nobody() {
  Response response = error_answer(401, name(base::ErrorKind::denied), "log in first");
  // Not "Basic": browsers would ask in a window of their own.
  response.headers.emplace_back("WWW-Authenticate", "Session realm=\"coffer\"");
  return response;
}

Response wrong_password() {
  Response response = error_answer(401, name(base::ErrorKind::denied),
                                   "there is no such account, or its password is another");
  response.headers.emplace_back("WWW-Authenticate", "Session realm=\"coffer\"");
  return response;
}

Response other_site(int status, std::string_view message) {
  return error_answer(status, name(base::ErrorKind::denied), message);
}

}  // namespace

Access::Access(Accounts& accounts, Sessions& sessions, ApplianceView& view,
               const base::Clock& clock, std::string address)
    : accounts_(accounts),
      sessions_(sessions),
      view_(view),
      clock_(clock),
      address_(std::move(address)) {}

std::optional<Response> Access::refuse_other_sites(const Request& request) const {
  const std::string_view host = request.header("host");
  const std::string name = host_name(host);
  // With TLS the certificate keeps other names from leading here unnoticed.
  const std::optional<std::string> number = normalized_address(name);
  const bool is_here = name == "localhost" || (number && is_loopback(*number));
  if (!request.is_tls && !is_here && name != address_) {
    return other_site(421, "this server does not answer to that name");
  }
  const std::string_view origin = request.header("origin");
  const std::string own = base::text(request.is_tls ? "https://" : "http://", host);
  if (!origin.empty() && !base::equals_ignoring_case(origin, own)) {
    return other_site(403, "this was asked by a page of another site");
  }
  const std::string_view site = request.header("sec-fetch-site");
  if (site == "cross-site" || site == "same-site") {
    return other_site(403, "this was asked by a page of another site");
  }
  return std::nullopt;
}

std::optional<Response> Access::refuse_without_token(const Request& request, const Caller& caller) {
  if (caller.session_id.empty()) return std::nullopt;
  if (are_equal_tokens(request.header("x-csrf-token"), caller.csrf_token)) return std::nullopt;
  return other_site(403, "the header X-CSRF-Token is not the one of this session");
}

bool Access::needs_account(const Request& request) const {
  // A proxy on this machine is no peer of this machine.
  for (const char* name :
       {"forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"}) {
    if (!request.header(name).empty()) return true;
  }
  return !is_loopback(address_) || !is_loopback(request.peer) || !accounts_.list().empty();
}

std::variant<Caller, Response> Access::identify(const Request& request) {
  constexpr std::string_view kBasic = "basic ";
  const std::string_view given = request.header("authorization");
  if (!given.empty()) {
    if (!base::equals_ignoring_case(given.substr(0, kBasic.size()), kBasic)) return nobody();
    return by_password(request, base::trim(given.substr(kBasic.size())));
  }
  if (const std::string id = session_id(request); !id.empty()) {
    const std::optional<Session> session = sessions_.use(id);
    const auto account = session ? accounts_.find(session->account) : std::nullopt;
    if (account && account->seal == session->seal) {
      return Caller{
          {account->name, account->role, request.peer}, account->seal, id, session->csrf_token};
    }
  }
  if (!needs_account(request)) return Caller{{"local", Role::admin, request.peer}, {}, {}, {}};
  return nobody();
}

bool Access::is_still_welcome(const Caller& caller) const noexcept {
  try {
    if (!caller.seal) return accounts_.list().empty();
    const std::optional<Account> account = accounts_.find(caller.person.account);
    const bool is_logged_in =
        caller.session_id.empty() || sessions_.peek(caller.session_id).has_value();
    return is_logged_in && account && account->seal == *caller.seal;
  } catch (...) {
    // Nobody is let in while the accounts cannot be read; whoever comes anew is told why.
    return false;
  }
}

std::variant<Account, Response> Access::check_password(const Request& request,
                                                       const std::string& name,
                                                       const std::string& password) {
  const Person person{name, Role::viewer, request.peer};
  if (const auto wait = throttle_.lock()->wait_for(name, request.peer, clock_.monotonic())) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*wait).count();
    Response response = error_answer(
        429, base::name(base::ErrorKind::denied),
        base::text("too many wrong passwords: the next try is possible in ", seconds, " s"));
    response.headers.emplace_back("Retry-After", base::text(seconds));
    return response;
  }
  if (auto account = accounts_.verify(name, password)) {
    throttle_.lock()->succeeded(name, request.peer, clock_.monotonic());
    return std::move(*account);
  }
  throttle_.lock()->failed(name, request.peer, clock_.monotonic());
  view_.note_login(person, "no such account, or another password");
  return wrong_password();
}

base::Sha256 Access::memory_key(const std::string& name, const std::string& password) const {
  return base::hmac_sha256(base::as_bytes(memory_secret_),
                           base::as_bytes(base::text(name, ":", password)));
}

bool Access::is_remembered(const base::Sha256& key, const std::string& name) const {
  std::optional<Remembered> found;
  {
    auto remembered = remembered_.lock();
    const auto entry = remembered->find(key);
    if (entry != remembered->end()) found = entry->second;
  }
  if (!found || clock_.monotonic() >= found->until) return false;
  const std::optional<Account> account = accounts_.find(name);
  return account && account->seal == found->seal;
}

void Access::remember(const base::Sha256& key, const Account& account) {
  const base::Duration now = clock_.monotonic();
  auto remembered = remembered_.lock();
  std::erase_if(*remembered, [&](const auto& entry) { return now >= entry.second.until; });
  if (remembered->size() < kMostRemembered) {
    remembered->insert_or_assign(key, Remembered{account.seal, now + kRemembered});
  }
}

std::variant<Caller, Response> Access::by_password(const Request& request,
                                                   std::string_view credentials) {
  const std::optional<base::Bytes> decoded = base::base64_decode(credentials);
  const std::string pair{decoded ? base::as_text(*decoded) : std::string_view{}};
  const std::size_t colon = pair.find(':');
  if (colon == std::string::npos) return nobody();
  const std::string name = base::printable(pair.substr(0, colon));
  const std::string password = pair.substr(colon + 1);
  const base::Sha256 key = memory_key(name, password);
  if (!is_remembered(key, name)) {
    auto checked = check_password(request, name, password);
    if (auto* response = std::get_if<Response>(&checked)) return std::move(*response);
    remember(key, std::get<Account>(checked));
  }
  const std::optional<Account> account = accounts_.find(name);
  if (!account) return nobody();
  return Caller{{account->name, account->role, request.peer}, account->seal, {}, {}};
}

Access::Login Access::renew(const Request& request, const Account& account) {
  sessions_.close(session_id(request));
  Sessions::Opened opened = sessions_.open(account.name, account.seal);
  std::string set_cookie = cookie(request, opened.id, "");
  return {{{account.name, account.role, request.peer},
           account.seal,
           std::move(opened.id),
           std::move(opened.session.csrf_token)},
          std::move(set_cookie)};
}

std::variant<Access::Login, Response> Access::log_in(const Request& request,
                                                     const std::string& account,
                                                     const std::string& password) {
  const std::string printable = base::printable(account);
  auto checked = check_password(request, printable, password);
  if (auto* response = std::get_if<Response>(&checked)) return std::move(*response);
  const auto& known = std::get<Account>(checked);
  view_.note_login({known.name, known.role, request.peer}, "");
  return renew(request, known);
}

std::string Access::log_out(const Request& request) {
  sessions_.close(session_id(request));
  return cookie(request, "", "; Max-Age=0");
}

}  // namespace web
