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
    : context_(context), log_(journals, jobs::this_process()), action_(action), reason_(reason) {
  add(what, what_);
  // What was not begun has no end to tell.
  is_open_ = write("begun", entry);
}

AuditedCommand::~AuditedCommand() {
  if (is_open_) write("failed", Entry::wanted);
}

void AuditedCommand::end(jobs::ExitStatus status, const jobs::Record& what) {
  is_open_ = false;
  add(what, what_);
  write(result_of(status), Entry::wanted);
}

bool AuditedCommand::write(std::string_view result, Entry entry) {
  try {
    log_.write(context_.clock.now(), action_, result, reason_, what_);
    return true;
  } catch (base::Error& error) {
    if (entry == Entry::required) {
      error.add_context("nothing was done, because it cannot be written to the audit log");
      throw;
    }
    base::log(base::LogLevel::warning, "the audit log does not tell of '", action_, "', ", result,
              ": ", error.what());
    return false;
  }
}

graph::OnSignIn audited_sign_ins(const Context& context, const store::Journals& journals) {
  return [&context, journals](const graph::SignIn& sign_in) {
    try {
      jobs::AuditLog{journals, jobs::this_process()}.write(
          context.clock.now(), "sign-in", sign_in.problem.empty() ? "complete" : "failed", "",
          jobs::Record{{"tenant", sign_in.tenant_id},
                       {"app", graph::name(sign_in.app)},
                       {"client_id", sign_in.client_id},
                       {"problem", jobs::text_or_null(sign_in.problem)}});
    } catch (const base::Error& error) {
      base::log(base::LogLevel::warning,
                "the audit log does not tell of a sign-in: ", error.what());
    }
  };
}

jobs::Value::List as_list(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

}  // namespace cli
