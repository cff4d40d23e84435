#include "src/jobs/audit_page.h"

#include "src/base/error.h"
#include "src/jobs/audit_log.h"

#include <string>
#include <utility>
#include <variant>

namespace jobs {
namespace {

std::optional<base::Instant> time_of(const Record& entry) {
  const Value* time = entry.find("time");
  const auto* text = time ? std::get_if<std::string>(&time->content()) : nullptr;
  return text ? base::parse_rfc3339(*text) : std::nullopt;
}

// All fields of an entry, so that whoever shows them need not ask which are there.
Record unreadable(std::uint64_t sequence, const base::Error& error) {
  return Record{
      {"type", "audit"},
      {"sequence", sequence},
      {"time", nullptr},
      {"by",
       Record{{"user", nullptr}, {"login", nullptr}, {"host", nullptr}, {"process", nullptr}}},
      {"action", nullptr},
      {"result", "unreadable"},
      {"reason", nullptr},
      {"what", Record{{"problem", error.what()}}},
      {"problem", error.what()}};
}

}  // namespace

AuditPage newest_audit_entries(const store::Journals& journals, std::optional<std::uint64_t> before,
                               std::optional<base::Instant> since, std::size_t limit) {
  const store::Journal journal = journals.open(std::string{store::kAuditJournal});
  std::uint64_t sequence = before ? *before - (*before > 0 ? 1 : 0) : journal.head().sequence;
  AuditPage page;
  for (; sequence > 0 && page.entries.size() < limit; --sequence) {
    try {
      const Record entry = decode_record(journal.read_one(sequence));
      if (since && time_of(entry).value_or(*since) < *since) return page;
      Record told{{"type", "audit"}, {"sequence", sequence}};
      for (const auto& [name, value] : entry.fields()) told.set(name, value);
      page.entries.push_back(std::move(told));
    } catch (const base::Error& error) {
      if (error.kind() != base::ErrorKind::not_found && error.kind() != base::ErrorKind::corrupt) {
        throw;
      }
      page.entries.push_back(unreadable(sequence, error));
    }
  }
  if (sequence > 0) page.next_before = sequence + 1;
  return page;
}

}  // namespace jobs
