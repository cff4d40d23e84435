// The web pages, the API and what watchdogs and monitors ask, on one port (API.md).
#pragma once

#include "src/base/clock.h"
#include "web-status/appliance_view.h"
#include "web-status/http_settings.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace web {

struct WebSettings {
  HttpSettings http;
  std::filesystem::path accounts_file;  // need not exist: then there are no accounts
};

// Thread-safe.
class WebServer {
 public:
  // Listens at once, and answers on threads of its own until stop(). Error(usage) with the remedy
  // for an address beyond loopback without TLS or without accounts, and for a certificate or key
  // that cannot be used; Error(failed) if the port is taken. View and clock outlive the server.
  // Raises the process's soft limit of file descriptors to the hard one.
  WebServer(WebSettings settings, ApplianceView& view, base::Clock& clock);
  ~WebServer();
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;

  // To everybody who listens to GET events; `json` is one line. Never waits.
  void publish(std::string_view event, std::string_view json);

  // For connections from now on. Error(usage) for a pair that cannot be used, and for a server that
  // was started without TLS: the old one stays in use.
  void replace_certificate(const Certificate& certificate);

  // Takes no more requests, gives those being answered a few seconds, and ends all streams. May be
  // called again.
  void stop();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace web
