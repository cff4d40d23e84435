// Copying one pack as it is: read once, proven by its name, and read back where it arrived.
#pragma once

#include "store/backend.h"
#include "store/index.h"
#include "store/internal/leases.h"
#include "store/keys.h"
#include "store/packs.h"

namespace store {

// Where packs arrive. Everything outlives it.
struct PackArrivals {
  Backend& backend;
  const KeyRing& keys;
  Index& index;
  Leases& leases;
  bool parity = false;
};

// The pack is then durable there, has parity if it should, is leased and indexed. False if it
// cannot be copied as it is: the first store's is damaged or gone, or something else lies under its
// name in the second; nothing was written then. Error(disk) if what arrived is not what was sent.
// Memory: the pack.
bool copy_pack(const Backend& first, const PackArrivals& second, const PackObject& pack);

}  // namespace store
