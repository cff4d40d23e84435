#include "schedules/spread.h"

#include "src/base/bytes.h"
#include "src/base/digest.h"
#include "src/base/text.h"

namespace schedules {

std::uint64_t spread_place(std::string_view id) {
  const std::string seed = base::text("order", '\0', id);
  return base::load_le<std::uint64_t>(base::sha256(base::as_bytes(seed)).view().data());
}

}  // namespace schedules
