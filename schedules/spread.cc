#include "schedules/spread.h"

#include "src/base/bytes.h"
#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/text.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace schedules {
namespace {

std::uint64_t weight_of(std::string_view what, std::string_view id) {
  const std::string seed = base::text(what, '\0', id);
  return base::load_le<std::uint64_t>(base::sha256(base::as_bytes(seed)).view().data());
}

}  // namespace

std::size_t slot_of(std::string_view id, std::size_t slots) {
  base::check(slots > 0, "there is a slot to choose");
  std::size_t chosen = 0;
  std::uint64_t greatest = 0;
  for (std::size_t slot = 0; slot < slots; ++slot) {
    const std::uint64_t weight = weight_of(base::text("slot ", slot), id);
    if (weight > greatest) {
      greatest = weight;
      chosen = slot;
    }
  }
  return chosen;
}

std::vector<std::string> spread_order(std::vector<std::string> ids) {
  std::vector<std::pair<std::uint64_t, std::string>> placed;
  placed.reserve(ids.size());
  for (std::string& id : ids) {
    const std::uint64_t weight = weight_of("order", id);
    placed.emplace_back(weight, std::move(id));
  }
  std::ranges::sort(placed);
  std::vector<std::string> ordered;
  ordered.reserve(placed.size());
  for (auto& [weight, id] : placed) ordered.push_back(std::move(id));
  return ordered;
}

}  // namespace schedules
