#include "store/internal/log_state.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <variant>

namespace store {
namespace {

constexpr base::Duration kMostBetweenWitnesses = std::chrono::hours{48};

base::Duration witnessed(base::Instant from, base::Instant until) {
  return std::clamp(std::chrono::duration_cast<base::Duration>(until - from),
                    base::Duration::zero(), kMostBetweenWitnesses);
}

}  // namespace

void LogState::read_on() {
  log_->read_on(heads_, log_->chains(), [&](const CommitRecord& record, const LogCursor& cursor) {
    take_in(record, cursor);
  });
}

void LogState::take_in(const CommitRecord& record, const LogCursor& cursor) {
  for (const LogCursor& other : record.others) {
    const auto known = told_.find({other.writer, other.sequence});
    if (known != told_.end() && known->second.hash == other.hash) continue;
    throw base::Error{
        base::ErrorKind::corrupt,
        base::text("commit record ", commit_name(other.writer, other.sequence),
                   " is not the one that ", commit_name(cursor.writer, cursor.sequence), " knew")};
  }
  told_[{cursor.writer, cursor.sequence}] = {cursor.hash, times_.size()};
  times_.push_back(record.time);
  heads_[cursor.writer] = cursor;
  for (const Snapshot& snapshot : record.snapshots) {
    unpurged_.insert_or_assign(rows_->key_of(snapshot), snapshot);
  }
  for (const LogEvent& event : record.events) take_in(event);
}

void LogState::take_in(const LogEvent& event) {
  if (const auto* forgotten = std::get_if<SnapshotForgotten>(&event)) {
    tombstones_.insert(forgotten->key);
  } else if (const auto* recalled = std::get_if<SnapshotRecalled>(&event)) {
    tombstones_.erase(recalled->key);
  } else if (const auto* purged = std::get_if<SnapshotPurged>(&event)) {
    unpurged_.erase(purged->key);
    tombstones_.erase(purged->key);
  } else if (const auto* added = std::get_if<HoldAdded>(&event)) {
    holds_.insert_or_assign(added->hold.id, added->hold);
  } else {
    holds_.erase(std::get<HoldRemoved>(event).id);
  }
}

RepositoryState::Snapshots LogState::doomed() const {
  RepositoryState::Snapshots doomed;
  for (const std::string& key : tombstones_) {
    const auto found = unpurged_.find(key);
    if (found == unpurged_.end()) continue;
    const bool held = std::ranges::any_of(
        holds_, [&](const auto& entry) { return entry.second.covers(found->second); });
    if (!held) doomed.insert(*found);
  }
  return doomed;
}

std::string LogState::contradiction(const RepositoryState& state) const {
  const auto differs = [](std::string_view what) {
    return base::text("the index does not tell the same ", what,
                      " as the commit log: run rebuild-index");
  };
  const auto same_key = [](const auto& left, const auto& right) {
    return left.first == right.first;
  };
  if (!std::ranges::equal(unpurged_, state.unpurged(""), same_key))
    return differs("restore points");
  const auto same_name = [](const std::string& left, const auto& right) {
    return left == right.first;
  };
  if (!std::ranges::equal(tombstones_, state.tombstones(""), same_name)) {
    return differs("forgotten restore points");
  }
  std::set<std::string> told;
  for (const Hold& hold : state.holds()) told.insert(hold.id);
  const auto same_id = [](const auto& left, const std::string& right) {
    return left.first == right;
  };
  if (!std::ranges::equal(holds_, told, same_id)) return differs("holds");
  return {};
}

std::vector<LogCursor> LogState::heads() const {
  std::vector<LogCursor> heads;
  for (const auto& [writer, cursor] : heads_) heads.push_back(cursor);
  return heads;
}

std::optional<base::Instant> LogState::last_time() const {
  if (times_.empty()) return std::nullopt;
  return times_.back();
}

base::Duration LogState::witnessed_since(std::span<const LogCursor> heads,
                                         base::Instant now) const {
  if (times_.empty()) return base::Duration::zero();
  std::size_t from = 0;
  for (const LogCursor& head : heads) {
    const auto known = told_.find({head.writer, head.sequence});
    if (known != told_.end() && known->second.hash == head.hash) {
      from = std::max(from, known->second.position);
    }
  }
  base::Duration sum = base::Duration::zero();
  for (; from + 1 < times_.size(); ++from) sum += witnessed(times_[from], times_[from + 1]);
  return sum + witnessed(times_.back(), now);
}

}  // namespace store
