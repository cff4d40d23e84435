#include "src/backup/mailbox_base.h"

#include "src/base/error.h"
#include "src/base/log.h"

#include <utility>
#include <vector>

namespace backup {

std::optional<MailboxNotes> notes_of(store::TenantStore& store, const store::Snapshot& snapshot) {
  if (!snapshot.state) return std::nullopt;
  try {
    return decode(store.read_content(*snapshot.state));
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::corrupt) throw;
    base::log(base::LogLevel::warning, "the notes of restore point ", snapshot.id,
              " are damaged, everything is listed again: ", error.what());
    return std::nullopt;
  }
}

MailboxBase load_base(store::Repository& repository, const store::TenantDomain& tenant,
                      const graph::MailboxId& mailbox, Trust trust) {
  MailboxBase base;
  std::vector<store::Snapshot> snapshots = repository.snapshots_of(tenant, mailbox.value);
  if (snapshots.empty() || trust == Trust::nothing) return base;
  store::TenantStore& store = repository.tenant(tenant);
  try {
    base.reader = store.open_snapshot(snapshots.back());
  } catch (const base::Error& error) {
    // It was forgotten, and a prune beside this run has just let it go.
    if (error.kind() != base::ErrorKind::not_found) throw;
    base::log(base::LogLevel::warning, "everything is listed again: ", error.what());
    return base;
  }
  base.snapshot = std::move(snapshots.back());
  if (trust == Trust::notes) {
    base.notes = notes_of(store, *base.snapshot).value_or(MailboxNotes{});
  }
  return base;
}

}  // namespace backup
