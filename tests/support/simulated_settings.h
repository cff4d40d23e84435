// How a client in process is configured for a simulated tenant.
#pragma once

#include "src/graph/tenant.h"
#include "tests/simulator/tenant_plan.h"
#include "tests/simulator/world.h"

namespace test {

// Both applications with their secrets, in the form of the API that the tenant speaks; the same
// jitter for the same seed.
graph::TenantSettings simulated_settings(const simulator::World& world,
                                         const simulator::TenantPlan& plan);

}  // namespace test
