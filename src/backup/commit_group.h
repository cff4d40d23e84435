// Finished mailboxes on their way into the commit log: several in one record, but none kept waiting
// for long.
#pragma once

#include "src/backup/backup_run.h"
#include "src/base/error.h"
#include "src/base/synchronized.h"
#include "store/repository.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace backup {

// Thread-safe. After a failed commit nothing is committed any more.
class CommitGroup {
 public:
  // `on_done` is told each snapshot once it is acknowledged, or the error that prevents that; one
  // call at a time.
  using OnDone =
      std::function<void(std::size_t mailbox, const store::Snapshot&, const base::Error*)>;

  // Collaborators outlive the group.
  CommitGroup(const Collaborators& with, const RunSettings& settings, OnDone on_done);

  void add(std::size_t mailbox, store::PreparedSnapshot prepared);
  // Commits what waits if there is enough of it, or if it has waited long enough. Never throws.
  void commit_if_due();
  // Commits what waits. Never throws.
  void commit();

 private:
  struct Waiting {
    std::vector<std::size_t> mailboxes;
    std::vector<store::PreparedSnapshot> snapshots;
    base::Duration since{};  // the first of them
    std::optional<base::Error> failure;
  };
  void commit_waiting(Waiting& waiting);

  const Collaborators& with_;
  const RunSettings& settings_;
  OnDone on_done_;
  base::Synchronized<Waiting> waiting_;
};

}  // namespace backup
