// The faults that can strike any request: before it is acted on, and on its answer.
#pragma once

#include "tests/simulator/answers.h"
#include "tests/simulator/world.h"

#include <string>
#include <string_view>

namespace simulator {

// Throws Refusal(307), to the foreign origin, if that fault strikes. Part of RequestFaults; the
// login service, which suffers no others, has it alone.
void redirect_if_struck(World& world, std::string_view operation);

class RequestFaults {
 public:
  // Draws the faults that come before the request is acted on. Throws Refusal for those that
  // answer.
  RequestFaults(World& world, std::string_view operation, std::string mailbox, Instant now);

  [[nodiscard]] bool reset() const { return reset_; }
  [[nodiscard]] static Response reset_response();

  // Draws the faults of answers: misleading, slow, cut, or with JSON that ends early.
  void spoil(Response& response) const;

 private:
  [[nodiscard]] bool strikes(Fault fault) const;
  void throttle(Instant now) const;
  // Leads the member's URL, if the answer has one at `origin`, to the foreign origin.
  void mislead(Response& response, Fault fault, std::string_view member,
               const std::string& origin) const;

  World& world_;
  std::string operation_;
  std::string mailbox_;
  bool reset_ = false;
};

}  // namespace simulator
