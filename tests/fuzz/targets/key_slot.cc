#include "store/internal/key_slot.h"

#include "tests/fuzz/fixed_keys.h"
#include "tests/fuzz/targets.h"

namespace fuzz {

void fuzz_key_slot(base::ByteView input) {
  using base::ErrorKind;
  constexpr std::size_t kHeadBytes = 40;
  if (input.size() < kHeadBytes) return;  // self-checking copies have been found to have a head
  const auto slot = unless_refused({ErrorKind::corrupt, ErrorKind::usage},
                                   [&] { return store::describe_slot(input); });
  if (!slot) return;
  if (slot->kind == store::SlotKind::passphrase) {
    store::check_cost(slot->cost);
    hold(slot->cost.memory_bytes <= store::kMostKdfMemoryBytes &&
             slot->cost.passes <= store::kMostKdfWorkBytes / slot->cost.memory_bytes,
         "a slot that is believed costs what is allowed");
    constexpr std::uint64_t kQuick = 64 << 10;
    if (slot->cost.memory_bytes * slot->cost.passes > kQuick) return;
  }
  const base::Secret secret{std::string_view{kPassphrase}};
  const auto master = store::open_slot(input, secret);
  if (master) hold(master->bytes().size() == 32, "a master key has its size");
}

}  // namespace fuzz
