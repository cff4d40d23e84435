#include "tests/simulation/store_model.h"

#include "src/base/text.h"
#include "tests/support/small_store.h"

#include <algorithm>

namespace simulation {
namespace {

std::size_t size_of_stream(std::size_t number) {
  if (number == 0) return 0;
  if (number % 12 == 1) return 9'000 + 100 * number;  // a recipe of several chunks
  return 16 + 5 * number;
}

void compare(const std::string& what, Standing expected, Standing found) {
  if ((expected & found) != 0) return;
  throw Violation{base::text(what, " is ", found, " and should be ", expected,
                             " (1 absent, 2 shown, 4 forgotten)")};
}

}  // namespace

const base::Bytes& stream(std::size_t number) {
  static const std::vector<base::Bytes> streams = [] {
    std::vector<base::Bytes> made;
    for (std::size_t i = 0; i < kStreams; ++i) made.push_back(test::noise(i, size_of_stream(i)));
    return made;
  }();
  return streams.at(number);
}

void StoreModel::add(const store::Snapshot& snapshot, Items items) {
  points_.insert_or_assign(snapshot.id, Point{snapshot, std::move(items), kAbsent});
}

void StoreModel::add(const store::Hold& hold) {
  holds_.insert_or_assign(hold.id, HoldPlace{hold, kAbsent});
}

std::vector<StoreModel::Point*> StoreModel::points_that_are(Standing standing) {
  std::vector<Point*> found;
  for (auto& [id, point] : points_) {
    if (point.standing == standing) found.push_back(&point);
  }
  return found;
}

std::vector<StoreModel::HoldPlace*> StoreModel::holds_that_are(Standing standing) {
  std::vector<HoldPlace*> found;
  for (auto& [id, place] : holds_) {
    if (place.standing == standing) found.push_back(&place);
  }
  return found;
}

bool StoreModel::is_surely_held(const store::Snapshot& snapshot) const {
  return std::ranges::any_of(holds_, [&](const auto& entry) {
    return entry.second.standing == kShown && entry.second.hold.covers(snapshot);
  });
}

bool StoreModel::may_be_held(const store::Snapshot& snapshot) const {
  return std::ranges::any_of(holds_, [&](const auto& entry) {
    return (entry.second.standing & kShown) != 0 && entry.second.hold.covers(snapshot);
  });
}

bool StoreModel::is_sure() const {
  const auto sure = [](const auto& entry) {
    const Standing standing = entry.second.standing;
    return standing == kAbsent || standing == kShown || standing == kForgotten;
  };
  return std::ranges::all_of(points_, sure) && std::ranges::all_of(holds_, sure);
}

StoreModel::Purge StoreModel::let_purge() {
  Purge purge;
  for (auto& [id, point] : points_) {
    if ((point.standing & kForgotten) == 0 || is_surely_held(point.snapshot)) continue;
    purge.emplace(id, point.standing);
    point.standing |= kAbsent;
  }
  return purge;
}

void StoreModel::compare(const store::Repository& repository, bool settle) {
  std::map<std::string, Standing> found;
  for (const store::Snapshot& shown : repository.snapshots()) found[shown.id] = kShown;
  for (const store::ForgottenSnapshot& gone : repository.forgotten()) {
    found[gone.snapshot.id] = kForgotten;
  }
  for (const auto& [id, standing] : found) {
    if (!points_.contains(id)) throw Violation{base::text("restore point ", id, " is unknown")};
  }
  for (auto& [id, point] : points_) {
    const auto at = found.find(id);
    const Standing standing = at == found.end() ? kAbsent : at->second;
    simulation::compare("restore point " + id, point.standing, standing);
    if (settle) point.standing = standing;
  }
  std::map<std::string, Standing> held;
  for (const store::Hold& hold : repository.holds()) held[hold.id] = kShown;
  for (auto& [id, place] : holds_) {
    const Standing standing = held.contains(id) ? kShown : kAbsent;
    simulation::compare("hold " + id, place.standing, standing);
    if (settle) place.standing = standing;
  }
}

}  // namespace simulation
