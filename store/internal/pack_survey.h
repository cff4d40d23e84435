// What a check learned of each pack: what repair has to do, and what need not be read again soon.
#pragma once

#include "store/packs.h"

#include <vector>

namespace store {

struct PackSurvey {
  std::vector<PackObject> damaged;         // or lost
  std::vector<PackObject> parity_missing;  // beside packs that are whole, as far as they were read
  std::vector<PackObject> parity_damaged;
  std::vector<PackId> whole;  // read to the last byte and as written
};

}  // namespace store
