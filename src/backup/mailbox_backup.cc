#include "src/backup/mailbox_backup.h"

#include "src/backup/accounting.h"
#include "src/backup/mailbox_run.h"
#include "src/backup/problem.h"
#include "src/base/log.h"
#include "src/base/text.h"

#include <exception>
#include <utility>
#include <variant>

namespace backup {
namespace {

using base::Error;
using base::ErrorKind;
using base::text;

bool stops_run(ErrorKind kind) {
  return kind == ErrorKind::full || kind == ErrorKind::disk || kind == ErrorKind::in_use;
}

// No other mailbox would fare better.
bool is_refused_sign_in(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const graph::SignInRefused&) {
    return true;
  } catch (...) {
    return false;
  }
}

// The notes of the last run, then its snapshot, are believed as long as they prove right.
std::optional<store::PreparedSnapshot> run_with_less_and_less_trust(
    const MailboxRun::Context& context, MailboxReport& report) {
  const MailboxReport clean = report;
  std::string told;
  for (const Trust trust : {Trust::notes, Trust::snapshot, Trust::nothing}) {
    try {
      return MailboxRun{context, trust}.run(report);
    } catch (const Error& error) {
      const bool contradicted = dynamic_cast<const BrokenAccount*>(&error) != nullptr;
      const bool damaged = error.kind() == ErrorKind::corrupt;
      if (trust == Trust::nothing || (!contradicted && !damaged)) throw;
      // Both may meet the same damage.
      if (told != error.what()) {
        base::log(base::LogLevel::warning, "mailbox ", report.address,
                  " is listed again: ", error.what());
      }
      told = error.what();
      report = clean;
      Problem problem = problem_of(report.address, "", error);
      problem.code = "BaseDamaged";
      problem.next = "everything was listed again; run a check of the store";
      report.problems.push_back(std::move(problem));
    }
  }
  throw Error{ErrorKind::failed, "unreachable"};
}

// Empty if the account's mailbox is the same as before, or is not there.
std::optional<graph::MailboxId> mailbox_after_change(const Collaborators& with,
                                                     const Mailbox& mailbox, std::stop_token stop) {
  if (with.directory == nullptr) return std::nullopt;
  const auto found = with.directory->mailbox_of(mailbox.user, std::move(stop));
  const auto* id = std::get_if<graph::MailboxId>(&found);
  if (id == nullptr || *id == mailbox.id) return std::nullopt;
  return *id;
}

void report_failure(MailboxResult& result, const Error& error) {
  MailboxReport& report = result.report;
  report.items = {};
  report.failure = error.kind();
  report.outcome = error.kind() == ErrorKind::not_found || error.kind() == ErrorKind::cancelled
                       ? Outcome::skipped
                       : Outcome::failed;
  report.problems.push_back(problem_of(report.address, "", error));
}

}  // namespace

MailboxResult backup_mailbox(const Collaborators& with, const RunSettings& settings,
                             const Mailbox& mailbox, RunProgress& progress,
                             const std::function<void()>& on_safe_point, std::stop_token stop) {
  MailboxResult result;
  Mailbox current = mailbox;
  const auto time_lost = [&] {
    const base::Duration lost = with.service.time_lost(mailbox.id);
    return current.id == mailbox.id ? lost : lost + with.service.time_lost(current.id);
  };
  const base::Duration lost_before = time_lost();
  const auto attempt = [&] {
    result.report = {};
    result.report.address = current.address;
    result.report.mailbox_id = current.id.value;
    result.prepared = run_with_less_and_less_trust(
        {with, settings, current, progress, on_safe_point, stop}, result.report);
  };
  try {
    try {
      attempt();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::not_found) throw;
      const auto other = mailbox_after_change(with, mailbox, stop);
      if (!other) throw;
      current.id = *other;
      attempt();
    }
  } catch (...) {
    Error error = base::current_error();
    error.add_context(text("backing up mailbox ", mailbox.address));
    report_failure(result, error);
    if (stops_run(error.kind()) || is_refused_sign_in(std::current_exception())) {
      result.stops_run = error;
    }
  }
  result.report.throttled_time = time_lost() - lost_before;
  return result;
}

}  // namespace backup
