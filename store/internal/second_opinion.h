// A second, independent computation of what prune may delete: from the commit log's restore points
// and the tables of contents of packs alone. The index has no part in it.
#pragma once

#include "store/backend.h"
#include "store/ids.h"
#include "store/keys.h"
#include "store/packs.h"
#include "store/snapshot.h"

#include <memory>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace store {

// Memory: about 100 bytes for each metadata chunk of the store, and as much for each chunk of a
// condemned pack. Not thread-safe.
class SecondOpinion {
 public:
  // All that is given outlives it. Reads the tables of contents of every pack there is.
  // Error(corrupt) if one of a condemned pack cannot be read.
  SecondOpinion(const Backend& backend, const KeyRing& keys, const std::set<PackId>& condemned,
                const std::stop_token& stop);
  ~SecondOpinion();
  SecondOpinion(const SecondOpinion&) = delete;
  SecondOpinion& operator=(const SecondOpinion&) = delete;

  // The restore point stays. What it shares with others is walked once. Error(corrupt) if a part of
  // its trees cannot be read.
  void keep(const Snapshot& snapshot);
  // Packs may have been published since: looks at those that are new.
  void look_again();

  // The condemned packs of which every chunk that is kept lies in a pack that is not condemned,
  // too.
  [[nodiscard]] std::set<PackId> deletable() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace store
