// The audit log of a store: who did what with it and with the mailboxes, why, and what came of it.
//
// Append-only: entries are sealed and tied to each other (store/journal.h), and commits of the
// store bear witness of how far it reached. Never in it: what mail says, and secrets.
#pragma once

#include "src/base/bytes.h"
#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/jobs/record.h"
#include "store/journal.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace jobs {

// Who acts: {"user","login","host","process"}.
struct AuditedBy {
  std::string user;     // whose rights it has
  std::string login;    // who came by other rights to it; empty if nobody says so
  std::string host;     // the machine
  std::string process;  // "4711"
};

// The user whose rights this process has, and the process.
AuditedBy this_process();
// "uid 4711" for one that the machine does not know.
std::string user_name(uid_t user);

class AuditLog {
 public:
  // The repository outlives it.
  AuditLog(const store::Journals& journals, AuditedBy by);

  // Durable when it returns; gives the entry's number. `result` is "begun", or what came of it. Of
  // lists that are too long for an entry it says how long they were. Errors of the store.
  std::uint64_t write(base::Instant time, std::string_view action, std::string_view result,
                      std::string_view reason, const Record& what);

 private:
  store::Journal journal_;
  AuditedBy by_;
};

// Tells the entries since then, in their order, as
// {"type":"audit","sequence","time","by","action","result","reason","what"}.
void read_audit_log(const store::Journals& journals, std::optional<base::Instant> since,
                    const std::function<void(const Record&)>& on_entry,
                    const std::function<void(const base::Error&)>& on_error);

struct AuditVerdict {
  std::uint64_t entries = 0;              // that could be read
  std::uint64_t witnessed = 0;            // how far commits say that it reached
  std::vector<std::string> errors;        // how the chain is broken; empty: it is whole
  std::optional<base::Instant> from, to;  // of the first and the last entry
};
// Reads all of it, and all of the commit log.
AuditVerdict verify_audit_log(const store::Journals& journals);

constexpr std::string_view kAuditEntry = "an entry of the audit log";
// A record as an entry holds it. decode_record throws Error(corrupt) naming `what`.
base::Bytes encode_record(const Record& record);
Record decode_record(base::ByteView bytes, std::string_view what = kAuditEntry);

}  // namespace jobs
