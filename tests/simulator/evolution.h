// The tenant lives: days of ordinary mail, and days on which something goes wrong.
#pragma once

#include "tests/simulator/world.h"

#include <cstdint>
#include <string>

namespace simulator {

struct Activity {
  std::uint64_t added = 0;
  std::uint64_t changed = 0;
  std::uint64_t moved = 0;
  std::uint64_t deleted = 0;
  std::uint64_t folders_created = 0;
  std::uint64_t folders_renamed = 0;
  std::uint64_t folders_moved = 0;
  std::uint64_t folders_recreated = 0;  // deleted, and made again by the same name
  std::uint64_t folders_deleted = 0;
};

// One day passes: the world's clock goes on by a day, and every mailbox sees new, changed, moved
// and deleted items; some see changes of folders. The same seed and the same world give the same
// day. `now` is the clients' time.
Activity live_one_day(World& world, Instant now);

// Ransomware, or a careless script: of the mailbox's items three in five are overwritten, the
// others deleted.
Activity damage(Mailbox& mailbox, std::uint64_t seed, Instant now);

}  // namespace simulator
