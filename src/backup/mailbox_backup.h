// One mailbox: from its newest snapshot and notes, through the change feeds and exports, to the
// next snapshot.
//
// The notes' cursors move on only with everything their rounds told stored or on the retry list; a
// folder whose round or exports broke off keeps its cursor, and the mailbox is partial. A run that
// lists everything again differs only in what it asks, never in what it ends with.
//
// What `listed` counts: the items that the mailbox has now, as far as its folders answered: those
// stored before and not told gone, those told for the first time, and those to be tried again. A
// quiet run reports listed = unchanged.
#pragma once

#include "src/backup/backup_run.h"

#include <functional>
#include <optional>
#include <stop_token>

namespace backup {

struct MailboxResult {
  MailboxReport report;
  std::optional<store::PreparedSnapshot>
      prepared;  // to be committed; the report's counts hold once it is
  std::optional<base::Error>
      stops_run;  // the store is full or failing, or the service refuses to sign us in
};

// Never throws. `on_safe_point` is called now and then, from any thread, and does not throw.
MailboxResult backup_mailbox(const Collaborators& with, const RunSettings& settings,
                             const Mailbox& mailbox, RunProgress& progress,
                             const std::function<void()>& on_safe_point, std::stop_token stop);

}  // namespace backup
