#include "src/jobs/lanes.h"

#include <array>

namespace jobs {
namespace {

class Occupied {
 public:
  void add(Lane lane) {
    ++counts_[static_cast<std::size_t>(lane)];
    ++all_;
  }
  // But for what may wait behind an exclusive one.
  [[nodiscard]] bool has_room(Lane lane) const {
    if (count(Lane::exclusive) > 0) return false;
    switch (lane) {
      case Lane::backup:
      case Lane::upkeep:
        return count(lane) == 0;
      case Lane::restore:
        return count(lane) < kMostRestores;
      case Lane::quick:
        return true;
      case Lane::exclusive:
        return all_ == 0;
    }
    return false;
  }
  [[nodiscard]] bool has_slow_ones() const {
    return all_ > count(Lane::restore) + count(Lane::quick);
  }

 private:
  [[nodiscard]] std::size_t count(Lane lane) const {
    return counts_[static_cast<std::size_t>(lane)];
  }

  std::array<std::size_t, 5> counts_{};
  std::size_t all_ = 0;
};

}  // namespace

std::vector<std::string> may_begin(const std::vector<LaneOf>& waiting,
                                   const std::vector<LaneOf>& running) {
  Occupied occupied;
  for (const LaneOf& job : running) occupied.add(job.lane);
  std::vector<std::string> begin;
  bool exclusive_waits = false;
  for (const auto& [id, lane] : waiting) {
    const bool costs_nothing =
        (lane == Lane::restore || lane == Lane::quick) && occupied.has_slow_ones();
    if (occupied.has_room(lane) && (!exclusive_waits || costs_nothing)) {
      occupied.add(lane);
      begin.push_back(id);
    } else if (lane == Lane::exclusive) {
      exclusive_waits = true;
    }
  }
  return begin;
}

}  // namespace jobs
