// Where and how an HTTP server listens, and what it never exceeds.
#pragma once

#include "src/base/clock.h"
#include "src/base/secret.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace web {

struct Certificate {
  std::string chain_pem;  // the server's certificate first
  base::Secret private_key_pem;
};

// What one server holds at most: memory stays bounded whatever clients do.
struct HttpLimits {
  std::size_t header_bytes = 8 * 1024;
  std::size_t headers = 64;
  std::size_t body_bytes = 64 * 1024;
  std::size_t connections = 2'000;
  std::size_t connections_per_peer = 64;  // a peer on this machine may have all of them
  std::size_t event_streams = 1'500;
  std::size_t event_backlog_bytes = 256 * 1024;  // of a stream, before its reader is dropped
  std::size_t bodies_bytes = 16 * 1024 * 1024;   // of all requests at once
  std::size_t answers_bytes = 32 * 1024 * 1024;  // waiting for slow readers, all together
  std::size_t workers = 8;
  std::size_t waiting_requests = 1'000;  // for a worker; beyond that 503

  base::Duration idle{std::chrono::seconds{60}};  // between requests of a connection
  base::Duration header{std::chrono::seconds{10}};
  base::Duration body{std::chrono::seconds{20}};
  base::Duration write{std::chrono::seconds{30}};  // of each piece
  base::Duration heartbeat{std::chrono::seconds{15}};
};

struct HttpSettings {
  std::string address = "127.0.0.1";       // an IP address
  std::uint16_t port = 0;                  // 0: any that is free
  std::optional<Certificate> certificate;  // TLS 1.2 or later; without it, no TLS
  HttpLimits limits;
};

}  // namespace web
