#include "web-status/web_server.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "web-status/access.h"
#include "web-status/accounts.h"
#include "web-status/answers.h"
#include "web-status/api.h"
#include "web-status/http_server.h"
#include "web-status/network_address.h"
#include "web-status/pages.h"
#include "web-status/sessions.h"

#include <algorithm>
#include <cerrno>
#include <sys/resource.h>
#include <utility>

namespace web {

namespace {

base::Error refused(std::string message) { return {base::ErrorKind::usage, std::move(message)}; }

std::string checked_address(const WebSettings& settings, const Accounts& accounts) {
  const std::string& given = settings.http.address;
  auto address = normalized_address(given == "localhost" ? "127.0.0.1" : given);
  if (!address) {
    throw refused(base::text("\"", given,
                             "\" is no IP address to listen on: set [web] listen to "
                             "one of this machine's, or to 127.0.0.1"));
  }
  if (is_loopback(*address)) return *address;
  if (!settings.http.certificate) {
    throw refused(base::text("listening on ", *address,
                             " needs TLS: set certificate_file and "
                             "private_key_file in [web], or listen on 127.0.0.1"));
  }
  if (accounts.list().empty()) {
    throw refused(base::text("listening on ", *address,
                             " needs an account: "
                             "\"coffer account add NAME --role admin\", or listen on 127.0.0.1"));
  }
  return *address;
}

// The number of descriptors that the process may have from now on.
std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    throw base::system_error("reading the limit of file descriptors", errno);
  }
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
      throw base::system_error("raising the limit of file descriptors", errno);
    }
  }
  return limit.rlim_cur;
}

// A connection with TLS holds some 75 KB, one without a few: so that the whole stays below 100 MB.
constexpr std::size_t kMostTlsConnections = 1'150;
constexpr std::size_t kMostTlsAnswersBytes = 8 * 1024 * 1024;

// The appliance needs descriptors for more than the web, and some connections must be left for
// requests when all streams are taken.
HttpSettings fitted(HttpSettings settings, const std::string& address) {
  settings.address = address;
  HttpLimits& limits = settings.limits;
  limits.connections = std::min(limits.connections, raise_descriptor_limit() / 2);
  if (settings.certificate) {
    limits.connections = std::min(limits.connections, kMostTlsConnections);
    limits.answers_bytes = std::min(limits.answers_bytes, kMostTlsAnswersBytes);
  }
  limits.event_streams =
      std::min(limits.event_streams, limits.connections - limits.connections / 10);
  return settings;
}

}  // namespace

struct WebServer::Parts {
  Parts(WebSettings settings, ApplianceView& view, base::Clock& clock)
      : accounts(settings.accounts_file, clock),
        address(checked_address(settings, accounts)),
        is_tls(settings.http.certificate.has_value()),
        sessions(clock),
        access(accounts, sessions, view, clock, address),
        pages(embedded_pages()),
        api(view, accounts, access, pages),
        server(
            fitted(std::move(settings.http), address),
            [this](const Request& request) { return api.answer(request); },
            [this](int status, const std::string& message) {
              Response response = refusal_answer(status, message);
              add_security_headers(response, Content::data, is_tls);
              return response;
            },
            clock) {}

  Accounts accounts;
  const std::string address;
  const bool is_tls;
  Sessions sessions;
  Access access;
  Pages pages;
  Api api;
  HttpServer server;  // ends before what it uses
};

WebServer::WebServer(WebSettings settings, ApplianceView& view, base::Clock& clock)
    : parts_(std::make_unique<Parts>(std::move(settings), view, clock)) {}

WebServer::~WebServer() = default;

std::uint16_t WebServer::port() const { return parts_->server.port(); }

void WebServer::publish(std::string_view event, std::string_view json) {
  parts_->server.publish(event, json);
}

void WebServer::replace_certificate(const Certificate& certificate) {
  parts_->server.replace_certificate(certificate);
}

void WebServer::stop() { parts_->server.stop(); }

}  // namespace web
