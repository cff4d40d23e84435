// Where a mailbox's run starts from: its newest snapshot, complete or not, and the notes beside it.
#pragma once

#include "src/backup/notes.h"
#include "store/repository.h"

#include <memory>
#include <optional>

namespace backup {

// How much of what an earlier run left is believed.
enum class Trust : std::uint8_t {
  notes,     // snapshot and notes
  snapshot,  // the notes contradict it: list everything and compare
  nothing,   // the snapshot cannot be read: store everything again
};

struct MailboxBase {
  std::optional<store::Snapshot> snapshot;
  std::unique_ptr<store::SnapshotReader> reader;  // null without a snapshot
  MailboxNotes notes;

  [[nodiscard]] const store::Snapshot* snapshot_or_null() const {
    return snapshot ? &*snapshot : nullptr;
  }
};

// Notes that cannot be read, or of another version, are as none: the run then lists everything.
MailboxBase load_base(store::Repository& repository, const store::TenantDomain& tenant,
                      const graph::MailboxId& mailbox, Trust trust);

// The notes beside a snapshot; empty if there are none that this program can read.
std::optional<MailboxNotes> notes_of(store::TenantStore& store, const store::Snapshot& snapshot);

}  // namespace backup
