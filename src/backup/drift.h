// What a full listing of a folder shows that its change feed had not told.
#pragma once

#include "src/backup/change_set.h"
#include "src/backup/notes.h"
#include "store/snapshot.h"

#include <cstdint>
#include <optional>
#include <string>

namespace backup {

struct Drift {
  std::uint64_t missing = 0;    // items that are there, and were never told
  std::uint64_t outdated = 0;   // told in another version
  std::uint64_t remaining = 0;  // not there any more, and never told to be gone

  [[nodiscard]] std::uint64_t items() const { return missing + outdated + remaining; }
  bool operator==(const Drift&) const = default;
};

// To a sum that is empty as long as nothing was measured.
void add(std::optional<Drift>& sum, const Drift& drift);

// `listed`: all that is there. `fed`: what the feed told before that, since `base`. `meanwhile`:
// what it told after that, which explains any difference. Items on the retry list were told.
Drift measure_drift(const ToldItems& listed, const ToldItems& fed, const ToldItems& meanwhile,
                    const store::SnapshotReader& base, const std::string& folder_id,
                    const RetryItems& retry);

}  // namespace backup
