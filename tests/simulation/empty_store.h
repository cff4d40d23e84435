// A new store, the same for every simulation: making keys is not what is simulated.
#pragma once

#include "src/base/secret.h"
#include "store/memory_backend.h"

namespace simulation {

const base::Secret& passphrase();

// Puts one into an empty backend. Draws no randomness but the first time.
void plant_empty_store(store::MemoryBackend& backend);

}  // namespace simulation
