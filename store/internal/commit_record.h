// Commit records: what one run acknowledges, sealed, and tied to the record before it.
#pragma once

#include "src/base/bytes.h"
#include "src/base/clock.h"
#include "src/base/digest.h"
#include "store/ids.h"
#include "store/index.h"
#include "store/internal/log_event.h"
#include "store/journal.h"
#include "store/keys.h"
#include "store/snapshot.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace store {

// Of a snapshot, as commit records and index rows hold it.
base::Bytes encode(const Snapshot& snapshot);
// Throws Error(corrupt); Error(usage) if a newer program wrote it.
Snapshot decode_snapshot(base::ByteView bytes);

struct CommitRecord {
  WriterId writer;
  std::uint64_t sequence = 0;  // 1 for a writer's first
  base::Sha256 previous;       // hash of the writer's record before; zeros for the first
  base::Instant time;
  // How far the chains of the other writers reached: none of them can vanish or shrink unseen.
  std::vector<LogCursor> others;
  std::vector<Snapshot> snapshots;
  std::vector<LogEvent> events;
  // How far the audit log reached: so it cannot lose its end unseen. Empty: there was none.
  std::optional<Journal::Head> audit;
};

// "log/<writer>/<16-digit sequence>".
inline constexpr std::string_view kLogPrefix = "log/";
std::string commit_name(const WriterId& writer, std::uint64_t sequence);
struct CommitPlace {
  WriterId writer;
  std::uint64_t sequence = 0;
};
// Empty if the name is not one of a commit record.
std::optional<CommitPlace> commit_place_of(std::string_view name);
// Where an object of the log is kept when the log is written anew:
// "trash/quarantine/log.5f….0000000000000001", or "trash/quarantine/log.<SHA-256 of the name>" for
// what is no record by its name.
std::string quarantined_log_name(std::string_view name);

base::Bytes seal_commit(const CommitRecord& record, const KeyRing& keys);
// The record that the object of that name holds. Throws Error(corrupt) if it is damaged, forged, or
// made for another place, writer or repository; Error(usage) if a newer program wrote it.
CommitRecord open_commit(base::ByteView object, std::string_view name, const KeyRing& keys);

}  // namespace store
