#include "store/internal/repository_state.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <algorithm>
#include <tuple>

namespace store {
namespace {

auto place(const Snapshot& snapshot) {
  return std::tie(snapshot.mailbox_id, snapshot.tenant.name, snapshot.time, snapshot.id);
}

}  // namespace

RepositoryState::RepositoryState(const Index& index, const StateRows& rows,
                                 const std::vector<StateRow>& newer)
    : index_(&index), rows_(&rows) {
  for (const StateRow& row : newer) newer_[{row.table, row.key}] = row.value;
}

void RepositoryState::for_each(Table table, std::string_view prefix,
                               const Index::OnRow& on_row) const {
  index_->rows(table, prefix, [&](const std::string& key, base::ByteView value) {
    if (!newer_.contains({table, key})) on_row(key, value);
  });
  for (auto row = newer_.lower_bound({table, std::string{prefix}});
       row != newer_.end() && row->first.first == table && row->first.second.starts_with(prefix);
       ++row) {
    if (row->second) on_row(row->first.second, *row->second);
  }
}

RepositoryState::Snapshots RepositoryState::unpurged(std::string_view prefix) const {
  Snapshots snapshots;
  for_each(Table::snapshot, prefix, [&](const std::string& key, base::ByteView value) {
    snapshots.emplace(key, rows_->open_snapshot(key, value));
  });
  return snapshots;
}

RepositoryState::Tombstones RepositoryState::tombstones(std::string_view prefix) const {
  Tombstones tombstones;
  for_each(Table::tombstone, prefix, [&](const std::string& key, base::ByteView value) {
    tombstones.emplace(key, rows_->open_tombstone(key, value));
  });
  return tombstones;
}

std::vector<Hold> RepositoryState::holds() const {
  std::vector<Hold> holds;
  for_each(Table::hold, "", [&](const std::string& key, base::ByteView value) {
    holds.push_back(rows_->open_hold(key, value));
  });
  std::ranges::sort(holds, [](const Hold& left, const Hold& right) {
    return std::tie(left.time, left.id) < std::tie(right.time, right.id);
  });
  return holds;
}

std::vector<Snapshot> RepositoryState::shown(std::string_view prefix) const {
  const Tombstones hidden = tombstones(prefix);
  std::vector<Snapshot> snapshots;
  for (auto& [key, snapshot] : unpurged(prefix)) {
    if (!hidden.contains(key)) snapshots.push_back(std::move(snapshot));
  }
  std::ranges::sort(snapshots, [](const Snapshot& left, const Snapshot& right) {
    return place(left) < place(right);
  });
  return snapshots;
}

std::vector<ForgottenSnapshot> RepositoryState::forgotten() const {
  Snapshots snapshots = unpurged("");
  std::vector<ForgottenSnapshot> forgotten;
  for (const auto& [key, tombstone] : tombstones("")) {
    const auto found = snapshots.find(key);
    if (found == snapshots.end()) continue;
    forgotten.push_back({std::move(found->second), tombstone.time, tombstone.reason});
  }
  std::ranges::sort(forgotten, [](const ForgottenSnapshot& left, const ForgottenSnapshot& right) {
    return place(left.snapshot) < place(right.snapshot);
  });
  return forgotten;
}

RepositoryState::Bases RepositoryState::possible_bases() const {
  std::map<Mailbox, base::Instant> newest;
  for (const Snapshot& snapshot : shown("")) {
    base::Instant& time = newest[{snapshot.tenant, snapshot.mailbox_id}];
    time = std::max(time, snapshot.time);
  }
  Bases bases;
  for (auto& [key, snapshot] : unpurged("")) {
    const Mailbox mailbox{snapshot.tenant, snapshot.mailbox_id};
    const auto since = newest.find(mailbox);
    if (since != newest.end() && snapshot.time < since->second) continue;
    bases[mailbox].push_back(std::move(snapshot));
  }
  return bases;
}

void RepositoryState::require_forgotten(const Tombstones& tombstones, const Snapshot& snapshot,
                                        bool forgotten) const {
  const std::string key = rows_->key_of(snapshot);
  const bool known = unpurged(key).contains(key);
  if (known && tombstones.contains(key) == forgotten) return;
  throw base::Error{base::ErrorKind::not_found,
                    base::text("restore point ", snapshot.id, " of ", snapshot.address,
                               !known      ? " is gone"
                               : forgotten ? " is not forgotten"
                                           : " is forgotten already")};
}

}  // namespace store
