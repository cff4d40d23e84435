// Directed changes of the tenant, one for each matter that a test wants to provoke.
#pragma once

#include "tests/simulator/json.h"
#include "tests/simulator/world.h"

namespace simulator {

// `operation` has a member "operation" that names it; README.md lists them. Gives what came of it.
// Throws Refusal(400) for what it does not understand, Refusal(404) for what it does not find.
Json operate(World& world, const Json& operation, Instant now);

}  // namespace simulator
