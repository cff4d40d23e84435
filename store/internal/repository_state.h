// What the commit log says by now: restore points, those that were forgotten, and holds. Read from
// the index, and from what the index has not taken in yet.
#pragma once

#include "store/index.h"
#include "store/internal/state_rows.h"
#include "store/retention.h"
#include "store/snapshot.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace store {

// Thread-safe.
class RepositoryState {
 public:
  // Index and rows outlive it. `newer`: committed, but not in the index.
  RepositoryState(const Index& index, const StateRows& rows, const std::vector<StateRow>& newer);

  // By the keys of their rows; a prefix of "" means all.
  using Snapshots = std::map<std::string, Snapshot>;
  using Tombstones = std::map<std::string, Tombstone>;

  // All that the log tells and has not purged, forgotten ones included.
  [[nodiscard]] Snapshots unpurged(std::string_view prefix) const;
  [[nodiscard]] Tombstones tombstones(std::string_view prefix) const;
  // By time.
  [[nodiscard]] std::vector<Hold> holds() const;

  // Error(not_found) unless the restore point is there, and forgotten or not as it has to be.
  void require_forgotten(const Tombstones& tombstones, const Snapshot& snapshot,
                         bool forgotten) const;

  // Those that are not forgotten, ordered by mailbox id, then time.
  [[nodiscard]] std::vector<Snapshot> shown(std::string_view prefix) const;
  // In the same order.
  [[nodiscard]] std::vector<ForgottenSnapshot> forgotten() const;

  // Of each mailbox, those that the next backup may start from: the newest that is shown, and later
  // ones that are forgotten, which can be recalled.
  using Mailbox = std::pair<TenantDomain, std::string>;
  using Bases = std::map<Mailbox, std::vector<Snapshot>>;
  [[nodiscard]] Bases possible_bases() const;

 private:
  // The table's rows, with what is newer laid over them.
  void for_each(Table table, std::string_view prefix, const Index::OnRow& on_row) const;

  const Index* index_;
  const StateRows* rows_;
  // The last word on a row.
  std::map<std::pair<Table, std::string>, std::optional<base::Bytes>> newer_;
};

}  // namespace store
