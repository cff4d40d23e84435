#include "src/backup/commit_group.h"

#include "src/base/text.h"

#include <utility>

namespace backup {

CommitGroup::CommitGroup(const Collaborators& with, const RunSettings& settings, OnDone on_done)
    : with_(with), settings_(settings), on_done_(std::move(on_done)) {}

void CommitGroup::add(std::size_t mailbox, store::PreparedSnapshot prepared) {
  {
    auto waiting = waiting_.lock();
    if (waiting->snapshots.empty()) waiting->since = with_.clock.monotonic();
    waiting->mailboxes.push_back(mailbox);
    waiting->snapshots.push_back(std::move(prepared));
    if (waiting->failure) return commit_waiting(*waiting);
  }
  commit_if_due();
}

void CommitGroup::commit_if_due() {
  auto waiting = waiting_.lock();
  if (waiting->snapshots.empty()) return;
  const bool waited = with_.clock.monotonic() - waiting->since >= settings_.commit_interval;
  if (waited ||
      with_.repository.tenant(settings_.tenant).uncommitted_bytes() >= settings_.commit_bytes) {
    commit_waiting(*waiting);
  }
}

void CommitGroup::commit() {
  auto waiting = waiting_.lock();
  commit_waiting(*waiting);
}

void CommitGroup::commit_waiting(Waiting& waiting) {
  if (waiting.snapshots.empty()) return;
  if (!waiting.failure) {
    try {
      with_.repository.commit(waiting.snapshots);
    } catch (...) {
      base::Error error = base::current_error();
      error.add_context(base::text("committing ", waiting.snapshots.size(), " restore points"));
      waiting.failure = std::move(error);
    }
  }
  const base::Error* failure = waiting.failure ? &*waiting.failure : nullptr;
  for (std::size_t i = 0; i < waiting.snapshots.size(); ++i) {
    on_done_(waiting.mailboxes[i], waiting.snapshots[i], failure);
  }
  waiting.mailboxes.clear();
  waiting.snapshots.clear();
}

}  // namespace backup
