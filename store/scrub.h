// Reading a whole store against its names, without a key: finds every byte of packs and parity that
// is not what was written.
//
// Needs neither index nor lock and runs beside everything else. Packs that were verified longest
// ago come first, and what is done is remembered, so a share a night covers the store.
#pragma once

#include "src/base/clock.h"
#include "store/backend.h"
#include "store/repository.h"

#include <cstdint>
#include <stop_token>

namespace store {

struct ScrubSettings {
  std::uint64_t bytes_per_second = 0;  // 0: as fast as it goes
  base::Duration time_limit{};         // zero: until all is read; at least one pack is
};

// Finds damage and goes on. When it ends early - the time is up, or `stop` - `packs_left` says how
// much of this pass is still to be read, and the next scrub goes on from there.
CheckReport scrub(Backend& backend, const ScrubSettings& settings, base::Clock& clock,
                  const OnProgress& on_progress, const std::stop_token& stop);

}  // namespace store
