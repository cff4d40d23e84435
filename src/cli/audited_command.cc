#include "src/cli/audited_command.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"

#include <algorithm>
#include <array>

namespace cli {
namespace {

std::string_view result_of(jobs::ExitStatus status) {
  switch (status) {
    case jobs::ExitStatus::done:
      return "complete";
    case jobs::ExitStatus::partial:
      return "partial";
    case jobs::ExitStatus::interrupted:
      return "interrupted";
    default:
      return "failed";
  }
}

// What the entry tells itself, what is too much, and what must never be in it.
constexpr std::array<std::string_view, 5> kLeftOut{"type", "command", "reason", "problems",
                                                   "recovery_key"};

void add(const jobs::Record& more, jobs::Record& what) {
  for (const auto& [name, value] : more.fields()) {
    if (std::ranges::find(kLeftOut, name) == kLeftOut.end()) what.set(name, value);
  }
}

}  // namespace

AuditedCommand::AuditedCommand(const Context& context, const store::Journals& journals,
                               std::string_view action, Entry entry, std::string_view reason,
                               const jobs::Record& what)
    : context_(context), journals_(journals), action_(action), reason_(reason) {
  add(what, what_);
  // What was not begun has no end to tell.
  is_open_ = write("begun", entry);
}

AuditedCommand::~AuditedCommand() {
  if (!is_open_) return;
  const bool stopped = context_.stop.stop_requested();
  write(result_of(stopped ? jobs::ExitStatus::interrupted : jobs::ExitStatus::failed),
        Entry::wanted);
}

void AuditedCommand::end(jobs::ExitStatus status, const jobs::Record& what) {
  is_open_ = false;
  add(what, what_);
  write(result_of(status), Entry::wanted);
}

bool AuditedCommand::write(std::string_view result, Entry entry) {
  if (entry == Entry::wanted) {
    return write_down(context_, journals_, action_, result, reason_, what_);
  }
  try {
    jobs::AuditLog{journals_, context_.by}.write(context_.clock.now(), action_, result, reason_,
                                                 what_);
    return true;
  } catch (base::Error& error) {
    error.add_context("nothing was done, because it cannot be written to the audit log");
    throw;
  }
}

bool write_down(const Context& context, const store::Journals& journals, std::string_view action,
                std::string_view result, std::string_view reason, const jobs::Record& what) {
  try {
    jobs::AuditLog{journals, context.by}.write(context.clock.now(), action, result, reason, what);
    return true;
  } catch (const base::Error& error) {
    base::log(base::LogLevel::warning, "the audit log does not tell of '", action, "', ", result,
              ": ", error.what());
    return false;
  }
}

jobs::Value::List as_list(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

}  // namespace cli
