// When what was last verified: the object `scrub/verified` (FORMAT.md, verification ledger).
//
// It decides the order of a scrub and what people are told, nothing else. Nobody authenticates it,
// so whatever in it cannot be believed counts as unknown; losing it costs reading packs again.
#pragma once

#include "src/base/clock.h"
#include "store/backend.h"
#include "store/ids.h"

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

namespace store {

// The last record of each writer's log. What was committed up to there was there when a pass began.
using LogHeads = std::map<WriterId, std::uint64_t>;

// One reading of every pack there is, in as many runs as it takes.
struct VerificationPass {
  base::Instant began;
  LogHeads log;

  bool operator==(const VerificationPass&) const = default;
};

// By names alone: needs no key.
LogHeads list_log_heads(const Backend& backend);

class VerificationLedger {
 public:
  // What lies there as far as it can be believed at `now`: nothing was verified in the future.
  static VerificationLedger load(const Backend& backend, base::Instant now);
  void save(Backend& backend) const;

  // Empty: never, so far as is known.
  [[nodiscard]] std::optional<base::Instant> verified(const PackId& pack) const;
  void note(const PackId& pack, base::Instant verified) { packs_[pack] = verified; }
  void forget(const PackId& pack) { packs_.erase(pack); }
  // Others are gone.
  void keep_only(const std::vector<PackId>& packs);

  std::optional<VerificationPass> under_way;  // a scrub that is not done yet
  std::optional<VerificationPass> scrubbed;   // the last whole pass of scrub that found no damage
  std::optional<VerificationPass> checked;    // the last full check that found no damage

 private:
  static std::optional<VerificationLedger> decode(base::ByteView bytes, base::Instant now);
  [[nodiscard]] base::Bytes encode() const;

  std::unordered_map<PackId, base::Instant, base::FixedBytesHash> packs_;
};

}  // namespace store
