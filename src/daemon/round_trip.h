// A sample of a mailbox on its way out and back: shows that what is backed up in this tenant can be
// restored into it, before anybody needs it.
#pragma once

#include "src/base/clock.h"
#include "src/daemon/readiness.h"
#include "src/graph/tenant.h"

#include <stop_token>
#include <string>

namespace appliance {

// Some items of the mailbox are exported, imported into a folder made for it, exported from there
// again and compared byte by byte; then the folder is removed, also if something failed or `stop`
// came. False if the tenant has no such mailbox (an address, principal name or id); nothing is then
// told. Throws Error(cancelled) only.
bool check_round_trip(graph::Tenant& tenant, const std::string& tenant_name,
                      const std::string& mailbox, const base::Clock& clock, const OnCheck& on_check,
                      std::stop_token stop);

}  // namespace appliance
