// When restore points were last proven whole, by the passes that the ledger knows.
#pragma once

#include "src/base/clock.h"
#include "store/internal/commit_log.h"
#include "store/internal/state_rows.h"
#include "store/internal/verification_ledger.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace store {

// A pass proves the restore points that were committed before it began, told by their place in the
// log: no clock has a say in it. Reads the log from the beginning of the passes on.
class VerifiedPoints {
 public:
  // `damaged_since`: since when restore points are known to have lost content. Scrubs prove nothing
  // then, unless a full check has found all whole since.
  VerifiedPoints(const CommitLog& log, const StateRows& rows, const VerificationLedger& ledger,
                 const std::optional<base::Instant>& damaged_since);

  // The beginning of the newest pass that proved it.
  [[nodiscard]] std::optional<base::Instant> last_verified(const Snapshot& snapshot) const;

 private:
  struct Proof {
    base::Instant began;
    std::set<std::string> newer;  // keys of restore points that it did not see
  };
  const StateRows* rows_;
  std::vector<Proof> proofs_;
};

}  // namespace store
