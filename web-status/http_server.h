// An HTTP/1.1 server for a few people and their scripts on a hostile network: everything it holds
// is bounded, every step has its time, and ambiguous requests are refused.
#pragma once

#include "src/base/clock.h"
#include "web-status/http_message.h"
#include "web-status/http_settings.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace web {

// Thread-safe. One thread moves bytes; requests are answered on a pool of workers.
class HttpServer {
 public:
  // Called by several threads at once. What it throws becomes an answer with status 500.
  using Handler = std::function<Response(const Request&)>;
  // Makes the answer to what never reaches the handler: malformed requests, and too many of them.
  using Refuse = std::function<Response(int status, const std::string& message)>;

  // Listens at once. Error(usage) for an address or certificate that cannot be used, Error(failed)
  // if the port is taken. `clock` outlives the server.
  HttpServer(HttpSettings settings, Handler handler, Refuse refuse, const base::Clock& clock);
  // Stops.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;

  // To every open event stream; `json` is one line. Never waits: a reader that is too slow loses
  // its connection, not the publisher its time.
  void publish(std::string_view event, std::string_view json);

  // For connections from now on. Error(usage) if it cannot be used, or the server has no TLS.
  void replace_certificate(const Certificate& certificate);

  // Ends streams and idle connections at once, and gives answers under way a few seconds. Waits for
  // handlers that are running. May be called again.
  void stop();

 private:
  class Listener;
  std::unique_ptr<Listener> listener_;
};

}  // namespace web
