#include "store/internal/lost_log.h"

#include "src/base/text.h"
#include "store/internal/pack_scrub.h"
#include "store/internal/repository_state.h"
#include "store/internal/verification_ledger.h"
#include "store/packs.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <variant>

namespace store {
namespace {

// The first record of which the index was made and that is not there. One of other content is no
// loss, but damage or another history.
std::optional<LogCursor> missing_record(const Backend& backend, const Index& index) {
  for (const LogCursor& cursor : index.cursors()) {
    if (!backend.size_bytes(commit_name(cursor.writer, cursor.sequence))) return cursor;
  }
  return std::nullopt;
}

// What the log tells, as far as it matters beside an index that knows more.
class ToldByLog {
 public:
  explicit ToldByLog(const Index& index) : included_(cursors_of(index)) {}

  void take_in(const CommitRecord& record, const StateRows& rows) {
    const auto cursor = included_.find(record.writer);
    const bool is_included =
        cursor != included_.end() && record.sequence <= cursor->second.sequence;
    for (const Snapshot& snapshot : record.snapshots) {
      const std::string key = rows.key_of(snapshot);
      told_.insert(key);
      if (is_included) unpurged_.insert(key);
    }
    for (const LogEvent& event : record.events) take_in(event, is_included);
  }

  // Restore points and holds that stand otherwise by the index, which took in all that is told by
  // records included in it.
  [[nodiscard]] std::uint64_t differences(const RepositoryState& state) const {
    const RepositoryState::Snapshots known = state.unpurged("");
    const RepositoryState::Tombstones tombstones = state.tombstones("");
    std::uint64_t count = 0;
    for (const auto& [key, snapshot] : known) {
      const bool was_recalled = forgotten_.contains(key) && !tombstones.contains(key);
      if (!told_.contains(key) || was_recalled) ++count;
    }
    for (const std::string& key : unpurged_) {
      if (!known.contains(key)) ++count;  // it was purged
    }
    for (const Hold& hold : state.holds()) {
      if (!holds_.contains(hold.id)) ++count;
    }
    return count;
  }

 private:
  void take_in(const LogEvent& event, bool is_included) {
    if (const auto* forgotten = std::get_if<SnapshotForgotten>(&event)) {
      if (is_included) forgotten_.insert(forgotten->key);
    } else if (const auto* recalled = std::get_if<SnapshotRecalled>(&event)) {
      forgotten_.erase(recalled->key);
    } else if (const auto* purged = std::get_if<SnapshotPurged>(&event)) {
      told_.insert(purged->key);
      forgotten_.erase(purged->key);
      unpurged_.erase(purged->key);
    } else if (const auto* added = std::get_if<HoldAdded>(&event)) {
      holds_.insert(added->hold.id);
    } else {
      holds_.insert(std::get<HoldRemoved>(event).id);
    }
  }

  CommitLog::Cursors included_;
  std::set<std::string> told_;       // of restore points ever told of
  std::set<std::string> unpurged_;   // by records that the index includes
  std::set<std::string> forgotten_;  // the same
  std::set<std::string> holds_;      // ids of those ever told of
};

}  // namespace

bool is_of_another_copy(const Backend& backend, const Index& index) {
  if (!missing_record(backend, index)) return false;
  const auto pass_over = [](const std::string&) {};
  std::set<PackId> known;
  for (const PackObject& pack : list_packs(backend, pass_over)) known.insert(pack.id);
  for (const PackId& pack : list_parity(backend, pass_over)) known.insert(pack);
  bool lacks_pack = false;
  index.for_each_pack([&](std::uint32_t, const PackRow& row) {
    if (!known.contains(row.id)) lacks_pack = true;
  });
  return lacks_pack;
}

std::string lost_with_log(const Backend& backend, const CommitLog& log, const StateRows& rows,
                          const Index& index) {
  const std::optional<LogCursor> missing = missing_record(backend, index);
  if (!missing || is_of_another_copy(backend, index)) return {};
  ToldByLog told{index};
  log.read_on({}, log.chains(),
              [&](const CommitRecord& record, const LogCursor&) { told.take_in(record, rows); });
  const std::uint64_t lost = told.differences({index, rows, {}});
  if (lost == 0) return {};
  return base::text(
      "the commit log has lost records, ", commit_name(missing->writer, missing->sequence),
      " for one; the index remembers what they told of ", lost,
      " restore points and holds: put the log back, or, if it is lost, run `coffer check "
      "--repair`, which writes it anew from the index");
}

std::string lost_altogether(const Backend& backend, base::Instant now) {
  if (!list_log_heads(backend).empty()) return {};
  const VerificationLedger ledger = VerificationLedger::load(backend, now);
  for (const auto& pass : {ledger.under_way, ledger.scrubbed, ledger.checked}) {
    if (!pass || pass->log.empty()) continue;
    return base::text("the commit log is gone: log/ holds no record, though there were some on ",
                      base::format_rfc3339(pass->began),
                      "; put log/ back, from a second store or a copy of this one");
  }
  return {};
}

}  // namespace store
