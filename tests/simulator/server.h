// The tenant behind sockets: four loopback listeners (login, Graph, import, administration),
// HTTP/1.1.
#pragma once

#include "tests/simulator/admin.h"
#include "tests/simulator/certificates.h"
#include "tests/simulator/tenant.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

namespace simulator {

struct ServerPorts {
  std::uint16_t login = 0;  // 0: any free one
  std::uint16_t graph = 0;
  std::uint16_t import = 0;
  std::uint16_t admin = 0;
};

// A thread for each connection, at most 2,048 of them; further connections wait to be accepted.
class Server {
 public:
  // With a certificate the three hosts of the service speak TLS; the administration never does.
  // Listens at once; answers from start() on. Throws base::Error(failed) when a port is taken.
  Server(Tenant& tenant, Admin& admin, ServerPorts wanted,
         const std::optional<KeyAndCertificate>& certificate);
  // Stops: open connections are cut, all threads joined.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void start();
  [[nodiscard]] ServerPorts ports() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace simulator
