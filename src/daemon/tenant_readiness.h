// The part of the readiness checks that talks to the service: sign-in, clock, certificates, rights,
// samples.
#pragma once

#include "src/base/clock.h"
#include "src/daemon/configuration.h"
#include "src/daemon/readiness.h"

#include <stop_token>

namespace appliance {

// As check_readiness(), for one tenant.
void check_tenant(const TenantConfiguration& configuration, const LimitSettings& limits,
                  base::Clock& clock, const OnCheck& on_check, std::stop_token stop);

}  // namespace appliance
