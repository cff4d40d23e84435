// What a prune has written down of itself, so that the next process can end what it began:
// `gc/<epoch>/<step>`, sealed.
#pragma once

#include "src/base/clock.h"
#include "store/backend.h"
#include "store/ids.h"
#include "store/index.h"
#include "store/keys.h"
#include "store/packs.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace store {

// In their order. Only `deleting` decides anything when it is read again; the others tell people
// how far a prune came.
enum class PruneStep : std::uint8_t { plan = 1, condemned = 2, fenced = 3, deleting = 4, done = 5 };

struct PruneNote {
  base::Instant time;
  std::vector<LogCursor> heads;   // how far the commit log reached
  std::vector<PackObject> packs;  // that are to go, or went
};

class PruneJournal {
 public:
  // Both outlive it.
  PruneJournal(Backend& backend, const KeyRing& keys) : backend_(&backend), keys_(&keys) {}

  // There is none so high: whoever put it there wants no more to come after it.
  static constexpr std::uint64_t kMostEpoch = 1'000'000'000'000'000;

  // Of all epochs that left anything, ascending.
  [[nodiscard]] std::vector<std::uint64_t> epochs() const;
  void write(std::uint64_t epoch, PruneStep step, const PruneNote& note);
  // Empty if that step was not reached. Error(corrupt) if the note is not what was written.
  [[nodiscard]] std::optional<PruneNote> read(std::uint64_t epoch, PruneStep step) const;
  [[nodiscard]] bool has(std::uint64_t epoch, PruneStep step) const;
  // Of the step that it came to, if that can be read.
  [[nodiscard]] std::optional<PruneNote> read_last(std::uint64_t epoch) const;
  // All that the epoch left.
  void remove(std::uint64_t epoch);

 private:
  Backend* backend_;
  const KeyRing* keys_;
};

}  // namespace store
