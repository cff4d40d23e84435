// A server with handlers of the test's own, and the figures that tell what it costs.
#pragma once

#include "src/base/clock.h"
#include "web-status/answers.h"
#include "web-status/http_server.h"

#include <atomic>
#include <cstddef>
#include <string>
#include <utility>

namespace test {

struct RunningServer {
  explicit RunningServer(web::HttpLimits limits, web::HttpServer::Handler handler)
      : server(
            settings_of(limits), std::move(handler),
            [this](int status, const std::string& message) {
              ++refused;
              return web::refusal_answer(status, message);
            },
            clock) {}

  static web::HttpSettings settings_of(web::HttpLimits limits) {
    web::HttpSettings settings;
    settings.limits = limits;
    return settings;
  }

  base::SystemClock clock;
  std::atomic<int> refused = 0;  // requests that never reached the handler
  web::HttpServer server;
};

// Of this process, in bytes: what lies in memory.
std::size_t resident_bytes();
// The soft limit of descriptors becomes the hard one.
void allow_many_descriptors();
// Certificate and key for localhost, made by openssl, with this serial number.
web::Certificate make_certificate(unsigned serial);

}  // namespace test
