#include "src/base/error.h"
#include "src/base/text.h"
#include "src/cli/commands.h"
#include "src/cli/listed_line.h"
#include "src/cli/table.h"
#include "src/daemon/appliance.h"
#include "src/daemon/record_fields.h"
#include "src/jobs/audit_log.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace cli {
namespace {

// Null if there is no record of that name in it.
const jobs::Record* record_of(const jobs::Record& record, std::string_view name) {
  const jobs::Value* value = record.find(name);
  return value ? std::get_if<jobs::Record>(&value->content()) : nullptr;
}

// "root", "root (anna)".
std::string who(const jobs::Record& entry) {
  const jobs::Record* by = record_of(entry, "by");
  if (by == nullptr) return {};
  const std::string login = appliance::text_in(*by, "login");
  return base::text(appliance::text_in(*by, "user"),
                    login.empty() ? "" : base::text(" (", login, ")"));
}

// What it was about, and why.
std::string about(const jobs::Record& entry) {
  std::vector<std::string> parts;
  if (const jobs::Record* what = record_of(entry, "what")) {
    for (const char* name :
         {"mailbox", "target", "subject", "slot", "app", "second_store", "output"}) {
      std::string text = appliance::text_in(*what, name);
      const bool is_new = std::ranges::find(parts, text) == parts.end();
      if (!text.empty() && is_new) parts.push_back(std::move(text));
    }
  }
  std::string reason = appliance::text_in(entry, "reason");
  if (!reason.empty()) parts.push_back(base::text("\"", reason, "\""));
  return base::enumerated(parts);
}

std::string time_of(const jobs::Record& entry) {
  const auto instant = base::parse_rfc3339(appliance::text_in(entry, "time"));
  return instant ? short_time(*instant) : std::string{};
}

jobs::Record summary_of(std::uint64_t entries, const std::vector<std::string>& errors) {
  return jobs::Record{{"type", "summary"},
                      {"command", "audit"},
                      {"status", errors.empty() ? "complete" : "failed"},
                      {"entries", entries},
                      {"errors", errors.size()}};
}

jobs::ExitStatus conclude(Output& output, const jobs::Record& summary,
                          const std::vector<std::string>& errors) {
  for (const std::string& error : errors) {
    output.record(jobs::Record{{"type", "damage"}, {"message", error}});
    output.line(base::printable(base::text("damage: ", error)));
  }
  jobs::ExitStatus status = jobs::ExitStatus::done;
  if (!errors.empty()) {
    const base::Error error{base::ErrorKind::corrupt, "the audit log is not what was written"};
    status = jobs::exit_status(error.kind());
    output.error(error, status,
                 "compare it with a copy of the store; what can be read of it is told");
  }
  output.record(summary);
  return status;
}

jobs::ExitStatus verify(const Context& context, store::Repository& repository) {
  const jobs::AuditVerdict verdict = jobs::verify_audit_log(repository.journals());
  context.output.remark(base::text(
      counted(verdict.entries, "entry"),
      verdict.from ? base::text(", from ", short_time(*verdict.from), " to ",
                                short_time(*verdict.to), " UTC")
                   : std::string{},
      verdict.errors.empty() ? ": each follows the one before it." : ": the chain is broken."));
  context.output.remark(
      base::text("The commit log bears witness up to entry ", verdict.witnessed, "."));
  return conclude(context.output,
                  summary_of(verdict.entries, verdict.errors)
                      .set("verified", verdict.errors.empty())
                      .set("witnessed", verdict.witnessed),
                  verdict.errors);
}

jobs::ExitStatus list(const Context& context, store::Repository& repository,
                      const std::optional<base::Instant>& since) {
  Table table{{{"Entry"}, {"Time (UTC)"}, {"Who"}, {"What"}, {"Result"}, {"About"}}};
  std::uint64_t entries = 0;
  std::vector<std::string> errors;
  jobs::read_audit_log(
      repository.journals(), since,
      [&](const jobs::Record& entry) {
        ++entries;
        context.output.record(entry);
        if (context.output.json()) return;
        const jobs::Value* sequence = entry.find("sequence");
        const auto* number = sequence ? std::get_if<std::uint64_t>(&sequence->content()) : nullptr;
        table.add({number ? base::text(*number) : "?", time_of(entry), base::printable(who(entry)),
                   base::printable(appliance::text_in(entry, "action")),
                   base::printable(appliance::text_in(entry, "result")),
                   base::printable(about(entry))});
      },
      [&](const base::Error& error) { errors.emplace_back(error.what()); });
  if (entries > 0 && !context.output.json()) {
    for (const std::string& line : table.lines(context.output.columns())) {
      context.output.line(line);
    }
  }
  context.output.remark(counted(entries, "entry"));
  return conclude(context.output, summary_of(entries, errors), errors);
}

}  // namespace

jobs::ExitStatus run(const Context& context, const AuditOptions& options) {
  std::optional<base::Instant> since;
  if (options.since) since = moment_of(*options.since, "--since");
  const auto store = context.resources.open_store(store::Access::read);
  if (options.verify) return verify(context, store->repository());
  return list(context, store->repository(), since);
}

}  // namespace cli
