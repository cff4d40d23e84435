#include "store/internal/leases.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <algorithm>
#include <utility>

namespace store {

class Leases::RunningWork final : public Repository::Work {
 public:
  explicit RunningWork(std::shared_ptr<base::Synchronized<State>> state)
      : state_(std::move(state)) {
    auto known = state_->lock();
    began_ = known->running.insert(known->current);
  }
  ~RunningWork() override { state_->lock()->running.erase(began_); }
  RunningWork(const RunningWork&) = delete;
  RunningWork& operator=(const RunningWork&) = delete;

 private:
  std::shared_ptr<base::Synchronized<State>> state_;
  std::multiset<Generation>::iterator began_;
};

std::unique_ptr<Repository::Work> Leases::begin_work() {
  return std::make_unique<RunningWork>(state_);
}

bool Leases::rely_on(const ChunkLocation& location) {
  auto state = state_->lock();
  if (state->condemned.contains(location.pack_number)) return false;
  std::vector<bool>& records = state->now().records[location.pack_number];
  if (records.size() <= location.record_number) records.resize(location.record_number + 1U);
  records[location.record_number] = true;
  return true;
}

void Leases::rely_on(const PackId& pack) { state_->lock()->now().packs.insert(pack); }

void Leases::State::require_startable(const Snapshot& base) const {
  if (!condemned_snapshots.contains(base.id)) return;
  throw base::Error{
      base::ErrorKind::not_found,
      base::text("restore point ", base.id, " of ", base.address, " has been purged meanwhile")};
}

void Leases::rely_on(const Snapshot& base) {
  auto state = state_->lock();
  state->require_startable(base);
  state->now().bases.emplace(base.id, base);
}

void Leases::read_from(const Snapshot& base) {
  auto state = state_->lock();
  state->require_startable(base);
  if (!state->running.empty()) state->now().bases.emplace(base.id, base);
}

void Leases::condemn(std::span<const std::uint32_t> packs) {
  state_->lock()->condemned.insert(packs.begin(), packs.end());
}

void Leases::acquit(std::span<const std::uint32_t> packs) {
  auto state = state_->lock();
  for (const std::uint32_t pack : packs) state->condemned.erase(pack);
}

void Leases::condemn_snapshots(std::span<const Snapshot> snapshots) {
  auto state = state_->lock();
  for (const Snapshot& snapshot : snapshots) state->condemned_snapshots.insert(snapshot.id);
}

void Leases::acquit_snapshots(std::span<const Snapshot> snapshots) {
  auto state = state_->lock();
  for (const Snapshot& snapshot : snapshots) state->condemned_snapshots.erase(snapshot.id);
}

void Leases::expire() {
  auto state = state_->lock();
  const Generation oldest = state->running.empty() ? state->current + 1 : *state->running.begin();
  std::erase_if(state->leases,
                [&](const auto& entry) { return entry.first != kForGood && entry.first < oldest; });
  ++state->current;
}

bool Leases::is_leased(const PackId& pack) const {
  auto state = state_->lock();
  return std::ranges::any_of(state->leases,
                             [&](const auto& entry) { return entry.second.packs.contains(pack); });
}

bool Leases::is_leased(std::uint32_t pack, std::uint16_t record) const {
  auto state = state_->lock();
  return std::ranges::any_of(state->leases, [&](const auto& entry) {
    const auto records = entry.second.records.find(pack);
    return records != entry.second.records.end() && record < records->second.size() &&
           records->second[record];
  });
}

std::uint64_t Leases::leases_in(std::uint32_t pack) const {
  auto state = state_->lock();
  std::uint64_t leased = 0;
  for (const auto& [generation, leases] : state->leases) {
    const auto records = leases.records.find(pack);
    if (records == leases.records.end()) continue;
    leased += static_cast<std::uint64_t>(std::ranges::count(records->second, true));
  }
  return leased;
}

std::vector<Snapshot> Leases::bases() const {
  auto state = state_->lock();
  std::vector<Snapshot> bases;
  for (const auto& [generation, leases] : state->leases) {
    for (const auto& [id, base] : leases.bases) bases.push_back(base);
  }
  return bases;
}

}  // namespace store
