#include "store/internal/verified_points.h"

#include "src/base/error.h"
#include "src/base/log.h"

#include <algorithm>

namespace store {
namespace {

// Where reading goes on from; the record that a pass began at is believed if the next one follows
// it.
LogCursor cursor_at(const Backend& backend, const WriterId& writer, std::uint64_t sequence) {
  LogCursor cursor{writer, sequence, {}};
  if (sequence == 0) return cursor;
  const std::string name = commit_name(writer, sequence);
  const std::uint64_t size_bytes = backend.size_bytes(name).value_or(0);
  cursor.hash = base::sha256(backend.read(name, 0, static_cast<std::size_t>(size_bytes)));
  return cursor;
}

std::set<std::string> committed_since(const Backend& backend, const CommitLog& log,
                                      const StateRows& rows, const LogHeads& heads) {
  const CommitLog::Chains chains = log.chains();
  CommitLog::Cursors known;
  for (const auto& [writer, sequence] : heads) {
    const auto chain = chains.find(writer);
    if (chain == chains.end() || chain->second < sequence) {
      throw base::Error{base::ErrorKind::corrupt, "the log is shorter than it was"};
    }
    known[writer] = cursor_at(backend, writer, sequence);
  }
  std::set<std::string> newer;
  log.read_on(known, chains, [&](const CommitRecord& record, const LogCursor&) {
    for (const Snapshot& snapshot : record.snapshots) newer.insert(rows.key_of(snapshot));
  });
  return newer;
}

}  // namespace

VerifiedPoints::VerifiedPoints(const Backend& backend, const CommitLog& log, const StateRows& rows,
                               const VerificationLedger& ledger)
    : rows_(&rows) {
  for (const auto* pass : {&ledger.scrubbed, &ledger.checked}) {
    if (!*pass) continue;
    try {
      proofs_.push_back({(*pass)->began, committed_since(backend, log, rows, (*pass)->log)});
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
