// What the service can do with a mailbox, in the engine's words: list folders, tell changes, export
// units, import units, create folders. Two forms of the API stand behind it; the engine does not
// know which.
//
// Every call waits out throttling and repeats what the retry policy allows; what it finally throws
// is Error(denied) naming the missing right, Error(not_found) for a mailbox that is gone,
// Error(unavailable) when the service stayed away, Error(protocol) for answers that break the
// contract, Error(cancelled). Thread-safe: the engine calls it for many mailboxes and lanes at
// once.
#pragma once

#include "src/base/bytes.h"
#include "src/base/clock.h"
#include "src/base/error.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace graph {

// The app itself may not sign in: no mailbox will fare better, so a run of many stops here. Still
// Error(denied) for whoever need not tell the difference.
class SignInRefused : public base::Error {
 public:
  explicit SignInRefused(std::string message, std::optional<base::Duration> clock_skew = {})
      : base::Error{base::ErrorKind::denied, std::move(message)}, clock_skew_(clock_skew) {}
  // The login service's clock minus ours, which may be why.
  [[nodiscard]] const std::optional<base::Duration>& clock_skew() const { return clock_skew_; }

 private:
  std::optional<base::Duration> clock_skew_;
};

// Opaque, as the service gave it ("MBX:...").
struct MailboxId {
  std::string value;
  auto operator<=>(const MailboxId&) const = default;
};

struct Folder {
  std::string id;
  std::string parent_id;  // of the mailbox root for a top-level folder; empty for the root itself
  std::string display_name;
  std::string item_class;       // "IPF.Note"; may be empty
  std::string well_known_name;  // "inbox"; empty for folders that users made
  bool is_search_folder = false;
  bool is_hidden = false;
};

struct Item {
  std::string id;
  std::string change_key;
  std::string item_class;  // "IPM.Note"
  std::optional<base::Instant> created;
  std::optional<base::Instant> modified;
  std::uint64_t size_bytes = 0;  // as the service counts; its stream is longer
};

// Display metadata from extended properties: never taken from the stream.
struct ItemDetails {
  std::string item_id;
  std::string subject;
  std::string sender_name;
  std::string sender_address;
  std::optional<base::Instant> received;
  std::optional<base::Instant> sent;
  std::string search_key;  // Binary 0x300B, decoded; empty if the item has none
  bool has_attachments = false;
};

// A place in a change feed; opaque. Valid for the folder (or the folder tree) that gave it.
struct Cursor {
  std::string value;
};

struct FolderRemoved {
  std::string id;
};
using FolderChange = std::variant<Folder, FolderRemoved>;

struct ItemRemoved {
  std::string id;
};
using ItemChange = std::variant<Item, ItemRemoved>;

// The outcome of a round of a change feed.
struct RoundComplete {
  Cursor next;
  bool full = false;  // all that exists was told, not only what changed
};
struct CursorRejected {};  // expired, unknown, reset: a full round is needed
struct FeedGone {};        // the folder is not there any more
using Round = std::variant<RoundComplete, CursorRejected, FeedGone>;

// Why one unit was not exported.
struct UnitError {
  std::string code;      // the service's, or one of ours: "NoAnswer", "TruncatedAnswer"
  std::string message;   // printable
  bool is_gone = false;  // the item is not there any more
};

struct ExportRequest {
  std::string item_id;
  std::uint64_t size_bytes = 0;
};

// What one call of export_units() had best be given, for calls to be side by side.
struct BatchLimits {
  std::size_t items = 20;  // the service takes no more
  std::uint64_t bytes = 24 * 1024 * 1024;
};

// Takes exported streams, one at a time. All calls come from the thread that called export_units().
class ExportSink {
 public:
  virtual ~ExportSink() = default;

  // A stream begins; which item's is known only at its end.
  virtual void begin() = 0;
  virtual void data(base::ByteView piece) = 0;
  // The stream is whole. Once for each item at most.
  virtual void end(const std::string& item_id, const std::string& change_key) = 0;
  // What began is void: the answer was cut or malformed.
  virtual void abandon() = 0;
  // The final word on an item that could not be exported, retries included.
  virtual void failed(const std::string& item_id, const UnitError& error) = 0;
};

// The bytes of a stored stream, to be sent; read from the beginning as often as asked.
class StreamSource {
 public:
  virtual ~StreamSource() = default;
  [[nodiscard]] virtual std::uint64_t size_bytes() const = 0;
  // Fills the front of `target`; 0 only at the end.
  virtual std::size_t read(base::MutableByteView target) = 0;
  virtual void rewind() = 0;
};

struct CreatedFolder {
  Folder folder;
  bool was_there = false;
};

// The item that an import is to bring to another version.
struct ImportOver {
  std::string item_id;
  std::string change_key;
};

struct Imported {
  std::string item_id;
  std::string change_key;
};
struct ImportRefused {
  UnitError error;
  bool target_full = false;
};
// The request went out and its answer was lost: the item may be there. Look before trying again.
struct ImportUncertain {
  std::string detail;
};
using ImportResult = std::variant<Imported, ImportRefused, ImportUncertain>;

// Counted over the life of the service object; requests include the repeated ones.
struct ServiceStatistics {
  std::uint64_t requests = 0;
  std::uint64_t retried = 0;
  std::uint64_t throttled = 0;       // answers that told us to wait
  std::uint64_t throttled_told = 0;  // of these, the ones that said how long (Retry-After)
  base::Duration
      throttled_time{};  // waited because of them or to stay within limits, over all mailboxes
  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;
};

class MailboxService {
 public:
  virtual ~MailboxService() = default;

  // The folder tree: what changed since `since`, or everything. The root is among the folders of a
  // full round.
  virtual Round folder_changes(const MailboxId& mailbox, const std::optional<Cursor>& since,
                               const std::function<void(FolderChange)>& on_change,
                               std::stop_token stop) = 0;

  // The folder with the properties that change feeds leave out (is_hidden, is_search_folder). Empty
  // if it is gone.
  virtual std::optional<Folder> folder(const MailboxId& mailbox, const std::string& folder_id,
                                       std::stop_token stop) = 0;

  // Items of one folder, as above. Repeats and late entries come through as they are: the last
  // state wins.
  virtual Round item_changes(const MailboxId& mailbox, const std::string& folder_id,
                             const std::optional<Cursor>& since,
                             const std::function<void(ItemChange)>& on_change,
                             std::stop_token stop) = 0;

  // Details of the items named, or of every item of the folder where `item_ids` is empty. Items
  // without an answer are left out. Costs one request per hundred items of a folder, or one per
  // item named: the service picks the cheaper way.
  virtual void item_details(const MailboxId& mailbox, const std::string& folder_id,
                            std::span<const std::string> item_ids,
                            const std::function<void(Item, ItemDetails)>& on_item,
                            std::stop_token stop) = 0;

  [[nodiscard]] virtual BatchLimits batch_limits() const { return {}; }
  // Exports the items; sizes decide how many go into one call. Each ends in sink.end() or
  // sink.failed().
  virtual void export_units(const MailboxId& mailbox, std::span<const ExportRequest> units,
                            ExportSink& sink, std::stop_token stop) = 0;

  // Has the service let us import into the mailbox, so that nothing is made there in vain:
  // Error(denied) for a missing right, or an import host that the configuration does not name.
  // Needs the restore app.
  virtual void prepare_import(const MailboxId& mailbox, std::stop_token stop) = 0;

  // Creates a folder, or finds the one of that name that is already there. Needs the restore app.
  virtual CreatedFolder create_folder(const MailboxId& mailbox, const std::string& parent_id,
                                      const std::string& display_name,
                                      const std::string& item_class, std::stop_token stop) = 0;

  // Deletes a folder with all that is in it; nothing happens if it is not there. Needs the restore
  // app.
  virtual void remove_folder(const MailboxId& mailbox, const std::string& folder_id,
                             std::stop_token stop) = 0;

  // Imports one stream as a new item, or over an existing one. Needs the restore app.
  virtual ImportResult import_unit(const MailboxId& mailbox, const std::string& folder_id,
                                   StreamSource& stream, const std::optional<ImportOver>& over,
                                   std::stop_token stop) = 0;

  [[nodiscard]] virtual ServiceStatistics statistics() const = 0;
  // Of the time lost to the service's limits since the process began: what this mailbox lost.
  [[nodiscard]] virtual base::Duration time_lost(const MailboxId& mailbox) const = 0;
};

}  // namespace graph
