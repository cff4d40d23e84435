// The simulated tenant as a transport: clients and engines run against it without sockets, on
// virtual time.
#pragma once

#include "src/base/clock.h"
#include "src/http/transport.h"
#include "tests/simulator/tenant.h"

namespace simulator {

// Thread-safe. Hosts are told apart by the tenant's origins (world().origins); others cannot be
// reached. Slow answers advance the clock; cut and reset connections end as
// TransferFailure::interrupted.
class SimulatorTransport final : public http::Transport {
 public:
  // Both outlive it.
  SimulatorTransport(Tenant& tenant, base::Clock& clock) : tenant_(tenant), clock_(clock) {}

  http::Transfer perform(const http::Request& request, http::BodySink& sink,
                         std::stop_token stop) override;

 private:
  Tenant& tenant_;
  base::Clock& clock_;
};

}  // namespace simulator
