// The part of the readiness checks that talks to the service: sign-in, clock, certificates, rights,
// samples.
#pragma once

#include "src/base/clock.h"
#include "src/daemon/configuration.h"
#include "src/daemon/readiness.h"

#include <optional>
#include <stop_token>
#include <string>

namespace appliance {

// As check_readiness(), for one tenant. False if it has no mailbox `round_trip`.
bool check_tenant(const TenantConfiguration& configuration, const LimitSettings& limits,
                  const std::optional<std::string>& round_trip, base::Clock& clock,
                  const OnCheck& on_check, std::stop_token stop);

}  // namespace appliance
