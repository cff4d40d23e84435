// Storing anew what is intact in a pack, or in what is left of one.
#pragma once

#include "src/base/clock.h"
#include "store/backend.h"
#include "store/index.h"
#include "store/internal/codec.h"
#include "store/internal/leases.h"
#include "store/keys.h"
#include "store/packs.h"

#include <cstdint>

namespace store {

// What work on packs needs; all of it outlives the work. The caller holds the lock.
struct PackSubjects {
  Backend& backend;
  const KeyRing& keys;
  Index& index;
  const Codec& codec;
  base::Clock& clock;
  Leases& leases;
  bool parity = false;  // packs are to have parity
};

// The chunks are durable and indexed when it returns. Gives how many the store did not hold.
std::uint64_t rescue_chunks(const PackSubjects& subjects, const PackObject& pack,
                            base::ByteView left);

}  // namespace store
