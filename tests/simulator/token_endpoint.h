// The login host: discovery, and access tokens for client credentials.
#pragma once

#include "tests/simulator/world.h"

#include <optional>
#include <string>
#include <string_view>

namespace simulator {

// Answers everything on the login host. `wall_now` is the clients' time: assertions are judged by
// it; tokens live in the tenant's time, `now`.
Response answer_login(World& world, const RequestHead& head, std::string_view body,
                      Instant wall_now, Instant now);

struct AccessToken {
  std::string client_id;
  std::set<std::string> roles;
};
// From an Authorization header. Empty for anything but a token issued here that is still good.
std::optional<AccessToken> check_access_token(const World& world,
                                              std::optional<std::string_view> authorization,
                                              Instant now);

}  // namespace simulator
