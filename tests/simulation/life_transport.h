// The wire between coffer and the simulated tenant: sees what faults hit, and at which request
// something is to happen.
#pragma once

#include "src/http/transport.h"
#include "tests/simulator/tenant.h"

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace simulation {

// Faults of the tenant so far, of all kinds.
std::uint64_t fault_count(const simulator::World& world);

// Thread-safe.
class LifeTransport final : public http::Transport {
 public:
  // Both outlive it.
  LifeTransport(http::Transport& wire, simulator::Tenant& tenant) : wire_(wire), tenant_(tenant) {}

  // Before the request that comes after so many others; once.
  void at_request(std::uint64_t others, std::function<void()> act);
  void forget_plans();
  // While it says so no request comes through: who sent it is dead.
  void set_is_dead(std::function<bool()> is_dead) { is_dead_ = std::move(is_dead); }

  [[nodiscard]] std::uint64_t requests() const;
  // Items whose export a fault has hit since the last time.
  [[nodiscard]] std::set<std::string> take_struck();

  http::Transfer perform(const http::Request& request, http::BodySink& sink,
                         std::stop_token stop) override;

 private:
  void begin_request();

  struct Plan {
    std::uint64_t others;
    std::function<void()> act;
  };
  http::Transport& wire_;
  simulator::Tenant& tenant_;
  std::function<bool()> is_dead_;
  mutable std::mutex mutex_;
  std::optional<Plan> plan_;
  std::uint64_t requests_ = 0;
  std::set<std::string> struck_;
};

}  // namespace simulation
