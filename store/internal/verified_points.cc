#include "store/internal/verified_points.h"

#include "src/base/error.h"
#include "src/base/log.h"

#include <algorithm>

namespace store {
namespace {

std::set<std::string> committed_since(const CommitLog& log, const StateRows& rows,
                                      const LogHeads& heads) {
  const CommitLog::Chains chains = log.chains();
  CommitLog::Cursors known;
  for (const auto& [writer, sequence] : heads) {
    const auto chain = chains.find(writer);
    if (chain == chains.end() || chain->second < sequence) {
      throw base::Error{base::ErrorKind::corrupt, "the log is shorter than it was"};
    }
    // Believed if the next record follows it.
    known[writer] = log.cursor_at(writer, sequence);
  }
  std::set<std::string> newer;
  log.read_on(known, chains, [&](const CommitRecord& record, const LogCursor&) {
    for (const Snapshot& snapshot : record.snapshots) newer.insert(rows.key_of(snapshot));
  });
  return newer;
}

}  // namespace

VerifiedPoints::VerifiedPoints(const CommitLog& log, const StateRows& rows,
                               const VerificationLedger& ledger,
                               const std::optional<base::Instant>& damaged_since)
    : rows_(&rows) {
  const bool is_whole =
      !damaged_since || (ledger.checked && ledger.checked->began > *damaged_since);
  for (const auto* pass : {&ledger.scrubbed, &ledger.checked}) {
    if (pass == &ledger.scrubbed && !is_whole) continue;
    if (!*pass) continue;
    try {
      proofs_.push_back({(*pass)->began, committed_since(log, rows, (*pass)->log)});
    } catch (const base::Error& error) {
      base::log(base::LogLevel::warning,
                "which restore points were verified cannot be told: ", error.what());
    }
  }
  std::ranges::sort(proofs_, std::ranges::greater{}, &Proof::began);
}

std::optional<base::Instant> VerifiedPoints::last_verified(const Snapshot& snapshot) const {
  if (proofs_.empty()) return std::nullopt;
  const std::string key = rows_->key_of(snapshot);
  for (const Proof& proof : proofs_) {
    if (!proof.newer.contains(key)) return proof.began;
  }
  return std::nullopt;
}

}  // namespace store
