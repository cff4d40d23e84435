// What a store must hold after all that was done to it: kept outside of it, in the simplest way.
#pragma once

#include "src/base/bytes.h"
#include "store/repository.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace simulation {

// A promise of the store that was broken.
class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Streams have numbers; equal ones are the same everywhere.
inline constexpr std::size_t kStreams = 24;
const base::Bytes& stream(std::size_t number);

// The items of a mailbox by folder and id, and the number of each one's stream.
using Items = std::map<std::pair<std::string, std::string>, std::size_t>;

// Where a restore point, or a hold, may be. It is more than one place from when a change of it has
// begun until it was acknowledged; after a failure until the store is opened again, which tells.
using Standing = unsigned;
inline constexpr Standing kAbsent = 1;
inline constexpr Standing kShown = 2;  // a hold that is there, too
inline constexpr Standing kForgotten = 4;

class StoreModel {
 public:
  struct Point {
    store::Snapshot snapshot;
    Items items;
    Standing standing = kAbsent;
  };
  struct HoldPlace {
    store::Hold hold;
    Standing standing = kAbsent;
  };

  void add(const store::Snapshot& snapshot, Items items);
  void add(const store::Hold& hold);

  [[nodiscard]] Point& point(const std::string& id) { return points_.at(id); }
  [[nodiscard]] HoldPlace& hold(const std::string& id) { return holds_.at(id); }
  [[nodiscard]] std::vector<Point*> points_that_are(Standing standing);
  [[nodiscard]] std::vector<HoldPlace*> holds_that_are(Standing standing);
  [[nodiscard]] const std::map<std::string, Point>& points() const { return points_; }
  [[nodiscard]] const std::map<std::string, HoldPlace>& holds() const { return holds_; }

  [[nodiscard]] bool is_surely_held(const store::Snapshot& snapshot) const;
  [[nodiscard]] bool may_be_held(const store::Snapshot& snapshot) const;
  // Nothing is in more than one place.
  [[nodiscard]] bool is_sure() const;

  // Prune decides now: what is forgotten and not held may go. Gives the ids of those that may, and
  // where they may have been before.
  using Purge = std::map<std::string, Standing>;
  Purge let_purge();

  // Compares with what the repository shows. With `settle`, what was in doubt is not any more.
  void compare(const store::Repository& repository, bool settle);

 private:
  std::map<std::string, Point> points_;
  std::map<std::string, HoldPlace> holds_;
};

}  // namespace simulation
