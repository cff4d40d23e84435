// What a check learned of each pack: what repair has to do, and what need not be read again soon.
#pragma once

#include "store/packs.h"

#include <vector>

namespace store {

struct PackSurvey {
  std::vector<PackObject> damaged;         // or lost
  std::vector<PackObject> without_parity;  // whole, but its parity is missing or damaged
  std::vector<PackId> whole;               // read to the last byte and as written
};

}  // namespace store
