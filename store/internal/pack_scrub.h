// Reading packs against their names and their parity, without a key: small pieces, whatever the
// size of the pack.
#pragma once

#include "src/base/bytes.h"
#include "store/backend.h"
#include "store/internal/parity_objects.h"
#include "store/packs.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace store {

struct ScrubbedPack {
  enum class State : std::uint8_t {
    whole,
    damaged,
    gone,  // removed since it was listed, with its parity
  };
  State state = State::whole;
  ParityState parity = ParityState::whole;  // of a whole pack
  std::vector<std::string> errors;
};

// `on_read` is told of each piece after it was read, and may sleep.
using OnRead = std::function<void(std::uint64_t size_bytes)>;
ScrubbedPack scrub_pack(const Backend& backend, const PackObject& pack, const OnRead& on_read);

// Packs that are gone, though their parity is there: they were lost, not removed. `packs` were
// listed after `parities` (by list_parity()), or packs that are just being written would count.
std::vector<PackId> list_parity(const Backend& backend,
                                const std::function<void(const std::string& name)>& on_stranger);
std::vector<PackObject> find_lost_packs(const Backend& backend, const std::vector<PackId>& parities,
                                        const std::vector<PackObject>& packs);

}  // namespace store
