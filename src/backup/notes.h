// What a run leaves for the next one, committed together with the snapshot it belongs to: places in
// the change feeds, items to try again, and what was learned of the mailbox.
//
// A cursor stands here only if everything its round told is stored, or on the retry list.
#pragma once

#include "src/backup/discovery.h"
#include "src/base/bytes.h"
#include "src/base/clock.h"
#include "src/graph/mailbox_service.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace backup {

struct FolderNotes {
  std::optional<graph::Cursor> cursor;  // none: the next round is a full one
  std::uint64_t items = 0;              // in the snapshot
  // How often display metadata was asked for in vain; 0 if no item lacks it.
  std::uint32_t details_tries = 0;

  bool operator==(const FolderNotes& other) const {
    return items == other.items && details_tries == other.details_tries &&
           cursor.has_value() == other.cursor.has_value() &&
           (!cursor || cursor->value == other.cursor->value);
  }
};

// An item that could not be exported. If an older version of it is stored, that one stays in the
// snapshot.
struct RetryItem {
  graph::Item item;
  std::uint32_t attempts = 0;  // runs that tried in vain
  std::string code;            // of the last failure
};

using RetryItems = std::map<std::string, RetryItem>;  // by item id

struct MailboxNotes {
  std::string user_id;          // the account's directory object
  base::Instant purpose_seen;   // when the service last told purpose and mailbox id
  base::Instant cursors_taken;  // when the run began that the service gave them to
  base::Instant listed_whole;   // when the last run began that listed everything
  std::optional<graph::Cursor> folder_cursor;
  std::map<std::string, FolderNotes> folders;            // by folder id
  std::map<std::string, graph::Folder> skipped_folders;  // known, not backed up
  std::map<std::string, RetryItems> retry;               // by folder id
};

base::Bytes encode(const MailboxNotes& notes);

// Whether they differ at most in what the cursors are, and in when they were taken.
bool same_but_for_cursors(const MailboxNotes& notes, const MailboxNotes& others);

// Empty for anything that encode() of this program version did not write: the run then lists
// everything.
std::optional<MailboxNotes> decode(base::ByteView encoded);

}  // namespace backup
