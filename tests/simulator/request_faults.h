// The faults that can strike any request: before it is acted on, and on its answer.
#pragma once

#include "tests/simulator/answers.h"
#include "tests/simulator/world.h"

#include <string>
#include <string_view>

namespace simulator {

class RequestFaults {
 public:
  // Draws the faults that come before the request is acted on. Throws Refusal for those that
  // answer.
  RequestFaults(World& world, std::string_view operation, std::string mailbox, Instant now);

  [[nodiscard]] bool reset() const { return reset_; }
  [[nodiscard]] static Response reset_response();

  // Draws the faults of answers: slow, cut, or with JSON that ends early.
  void spoil(Response& response) const;

 private:
  [[nodiscard]] bool strikes(Fault fault) const;
  void throttle(Instant now) const;

  World& world_;
  std::string operation_;
  std::string mailbox_;
  bool reset_ = false;
};

}  // namespace simulator
