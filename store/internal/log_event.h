// What a commit record says besides new restore points: which are forgotten, recalled and purged,
// and which are held.
#pragma once

#include "src/base/bytes.h"
#include "store/fields.h"
#include "store/retention.h"

#include <cstdint>
#include <string>
#include <variant>

namespace store {

// Restore points are named by the keys of their rows (StateRows::key_of): a keyed hash stands for
// the mailbox.
struct SnapshotForgotten {
  std::string key;
  std::string reason;
};
struct SnapshotRecalled {
  std::string key;
};
// Its data may be gone from now on; nothing brings it back.
struct SnapshotPurged {
  std::string key;
};
struct HoldAdded {
  Hold hold;
};
struct HoldRemoved {
  std::string id;
  std::string reason;
};

using LogEvent =
    std::variant<SnapshotForgotten, SnapshotRecalled, SnapshotPurged, HoldAdded, HoldRemoved>;

void put_event(const LogEvent& event, FieldWriter& fields);
// Throws Error(corrupt); Error(usage) for a kind that a newer program has added.
LogEvent get_event(FieldReader& fields);

base::Bytes encode(const Hold& hold);
Hold decode_hold(base::ByteView bytes);

}  // namespace store
