#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "store/internal/commit_log.h"
#include "store/journal.h"

#include <map>
#include <utility>

namespace store {
namespace {

// The entries that commit records knew, and for each the first record that did.
using Witnesses = std::map<std::pair<std::uint64_t, base::Sha256>, std::string>;

}  // namespace

std::optional<Journal::Head> Journals::audit_reached() const {
  try {
    const Journal::Head head = open(std::string{kAuditJournal}).head();
    if (head.hash != base::Sha256{}) return head;
  } catch (const base::Error& error) {
    base::log(base::LogLevel::warning, "no commit bears witness of the audit log: ", error.what());
  }
  return std::nullopt;
}

std::uint64_t Journals::check_audit_witnesses(const Journal::OnError& on_error) const {
  Witnesses witnesses;
  CommitLog{*backend_, *keys_}.verify(
      [&](const CommitRecord& record, const LogCursor&) {
        if (!record.audit) return;
        witnesses.try_emplace({record.audit->sequence, record.audit->hash},
                              commit_name(record.writer, record.sequence));
      },
      on_error);
  const Journal audit = open(std::string{kAuditJournal});
  std::uint64_t last = 0;
  for (const auto& [entry, by] : witnesses) {
    last = entry.first;
    try {
      if (audit.hash_of(entry.first) == entry.second) continue;
      on_error({base::ErrorKind::corrupt,
                base::text("entry ", entry.first, " of the audit log is not the one that ", by,
                           " knew")});
    } catch (const base::Error& error) {
      const bool is_gone = error.kind() == base::ErrorKind::not_found;
      on_error(is_gone ? base::Error{base::ErrorKind::corrupt,
                                     base::text("entry ", entry.first, " of the audit log, which ",
                                                by, " knew, is missing")}
                       : error);
    }
  }
  return last;
}

}  // namespace store
