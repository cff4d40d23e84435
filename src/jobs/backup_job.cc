#include "src/jobs/backup_job.h"

#include "src/backup/problem.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "src/jobs/protection.h"
#include "src/jobs/run_order.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace jobs {
namespace {

backup::Discovery discover_part(store::Repository& repository, const BackupPart& part,
                                const BackupSettings& settings, base::Clock& clock,
                                std::stop_token stop) {
  backup::DiscoverySettings discovery;
  discovery.tenant = part.tenant;
  discovery.policies = part.policies;
  discovery.only = part.only;
  const std::vector<store::Snapshot> points = newest_points(repository.snapshots(), part.tenant);
  backup::Discovery found = backup::discover(part.directory, discovery, points, clock, stop,
                                             backup::recall_from(repository));
  const auto left_out = [&](const backup::Mailbox& mailbox) {
    if (settings.policy) return mailbox.policy != *settings.policy;
    return part.only.empty() && mailbox.policy.empty();
  };
  if (settings.policy && !part.only.empty()) {
    const auto other = std::find_if(found.mailboxes.begin(), found.mailboxes.end(), left_out);
    if (other != found.mailboxes.end()) {
      throw base::Error{
          base::ErrorKind::usage,
          base::text("policy '", *settings.policy, "' does not protect ", other->address,
                     other->policy.empty() ? std::string{", and no other does"}
                                           : base::text("; policy '", other->policy, "' does"))};
    }
  }
  std::erase_if(found.mailboxes, left_out);
  sort_for_run(found.mailboxes, points);
  if (settings.policy) {
    for (backup::Unprotectable& account : found.unprotectable) {
      if (std::ranges::count(account.policies, *settings.policy) == 0) account.failure.reset();
    }
  }
  if (!part.only.empty() && !found.unprotectable.empty()) {
    const backup::Unprotectable& account = found.unprotectable.front();
    if (account.failure) throw base::Error{*account.failure, account.reason};
    throw base::Error{
        base::ErrorKind::not_found,
        base::text(account.address, " has no mailbox that can be backed up: ", account.reason)};
  }
  return found;
}

backup::RunSettings run_settings(const BackupPart& part, const BackupSettings& settings) {
  backup::RunSettings run;
  run.tenant = part.tenant;
  run.concurrent_mailboxes = settings.concurrent_mailboxes;
  run.lanes_per_mailbox = settings.lanes_per_mailbox;
  run.full = settings.full;
  return run;
}

struct OutcomeCounts {
  std::uint64_t complete = 0, partial = 0, failed = 0, skipped = 0;
};

OutcomeCounts outcomes(const BackupReport& report) {
  OutcomeCounts counts;
  for (const backup::MailboxReport& mailbox : report.mailboxes) {
    switch (mailbox.outcome) {
      case backup::Outcome::complete:
        ++counts.complete;
        break;
      case backup::Outcome::partial:
        ++counts.partial;
        break;
      case backup::Outcome::failed:
        ++counts.failed;
        break;
      case backup::Outcome::skipped:
        ++counts.skipped;
        break;
    }
  }
  counts.skipped += report.unprotectable.size();
  return counts;
}

// The mailbox as a whole, by consent or scope; a single item's refusal does not count.
bool was_denied(const backup::MailboxReport& mailbox) {
  return std::any_of(
      mailbox.problems.begin(), mailbox.problems.end(), [](const backup::Problem& problem) {
        return problem.item.empty() && problem.code == base::name(base::ErrorKind::denied);
      });
}

// Every mailbox that was tried: then it is the app that lacks a right, not some mailbox that has a
// problem.
bool all_denied(const BackupReport& report) {
  bool any = false;
  for (const backup::MailboxReport& mailbox : report.mailboxes) {
    if (mailbox.outcome == backup::Outcome::skipped) continue;
    if (mailbox.outcome == backup::Outcome::complete || !was_denied(mailbox)) return false;
    any = true;
  }
  return any;
}

// What all mailboxes failed of; `failed` if it was not the same for all.
base::ErrorKind common_kind(const BackupReport& report) {
  if (all_denied(report)) return base::ErrorKind::denied;
  std::optional<base::ErrorKind> common;
  for (const backup::MailboxReport& mailbox : report.mailboxes) {
    if (!report.of_named && mailbox.outcome == backup::Outcome::skipped) continue;
    if (!mailbox.failure || (common && *common != *mailbox.failure)) {
      return base::ErrorKind::failed;
    }
    common = mailbox.failure;
  }
  return common.value_or(base::ErrorKind::failed);
}

bool accounted_for(const store::ItemCounts& items) {
  return items.listed == items.stored + items.unchanged + items.skipped + items.failed;
}

double seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

Record items_record(const store::ItemCounts& items) {
  return Record{{"listed", items.listed},
                {"stored", items.stored},
                {"unchanged", items.unchanged},
                {"skipped", items.skipped},
                {"failed", items.failed}};
}

Record problem_record(const backup::Problem& problem) {
  return Record{{"mailbox", problem.mailbox},         {"folder", text_or_null(problem.folder)},
                {"item", text_or_null(problem.item)}, {"code", text_or_null(problem.code)},
                {"message", problem.message},         {"next", text_or_null(problem.next)}};
}

Record snapshot_record(const store::Snapshot& snapshot) {
  return Record{
      {"id", snapshot.id},     {"mailbox", snapshot.address},   {"mailbox_id", snapshot.mailbox_id},
      {"time", snapshot.time}, {"complete", snapshot.complete}, {"items", snapshot.items}};
}

// Null where nothing was listed that the change feeds had told.
Value drift_record(const std::optional<backup::Drift>& drift) {
  if (!drift) return nullptr;
  return Record{
      {"missing", drift->missing}, {"outdated", drift->outdated}, {"remaining", drift->remaining}};
}

struct Totals {
  store::ItemCounts items;
  std::uint64_t exported_bytes = 0, new_bytes = 0, stored_bytes = 0;
  std::optional<backup::Drift> drift;
};

Totals totals(const BackupReport& report) {
  Totals sum;
  for (const backup::MailboxReport& mailbox : report.mailboxes) {
    if (mailbox.drift) backup::add(sum.drift, *mailbox.drift);
    sum.items.listed += mailbox.items.listed;
    sum.items.stored += mailbox.items.stored;
    sum.items.unchanged += mailbox.items.unchanged;
    sum.items.skipped += mailbox.items.skipped;
    sum.items.failed += mailbox.items.failed;
    sum.exported_bytes += mailbox.exported_bytes;
    sum.new_bytes += mailbox.new_bytes;
    sum.stored_bytes += mailbox.stored_bytes;
  }
  return sum;
}

// With several tenants, one that cannot be looked through leaves the others their backup.
std::optional<backup::Discovery> discover_or_fail(store::Repository& repository,
                                                  const BackupPart& part,
                                                  const BackupSettings& settings,
                                                  base::Clock& clock, std::stop_token stop,
                                                  BackupReport& report) {
  try {
    return discover_part(repository, part, settings, clock, std::move(stop));
  } catch (base::Error& error) {
    error.add_context(base::text("looking through tenant '", part.tenant.name, "'"));
    const bool is_its_own =
        error.kind() == base::ErrorKind::denied || error.kind() == base::ErrorKind::unavailable ||
        error.kind() == base::ErrorKind::protocol || error.kind() == base::ErrorKind::failed;
    if (!is_its_own || !part.only.empty()) throw;
    report.failed_tenants.push_back({part.tenant.name, error});
    return std::nullopt;
  }
}

std::size_t mailboxes_asked_for(const backup::Discovery& found) {
  const auto missed = std::count_if(
      found.unprotectable.begin(), found.unprotectable.end(),
      [](const backup::Unprotectable& account) { return account.failure.has_value(); });
  return found.mailboxes.size() + static_cast<std::size_t>(missed);
}

// Those that nobody has an answer for are failures, the others are told as skipped.
void add_accounts(std::vector<backup::Unprotectable> accounts, BackupReport& report) {
  for (backup::Unprotectable& account : accounts) {
    if (!account.failure) {
      report.unprotectable.push_back(std::move(account));
      continue;
    }
    backup::MailboxReport failed;
    failed.address = account.address;
    failed.failure = account.failure;
    failed.problems.push_back({account.address, "", "", account.code, account.reason,
                               *account.failure == base::ErrorKind::not_found
                                   ? "correct the policy, or the account"
                                   : backup::next_step(*account.failure)});
    report.mailboxes.push_back(std::move(failed));
  }
}

void add_not_begun(const std::vector<backup::Mailbox>& mailboxes, BackupReport& report) {
  for (const backup::Mailbox& mailbox : mailboxes) {
    const base::Error error{base::ErrorKind::cancelled, "the run ended before this mailbox"};
    backup::MailboxReport skipped;
    skipped.address = mailbox.address;
    skipped.mailbox_id = mailbox.id.value;
    skipped.outcome = backup::Outcome::skipped;
    skipped.failure = error.kind();
    skipped.problems.push_back(backup::problem_of(mailbox.address, "", error));
    report.mailboxes.push_back(std::move(skipped));
  }
}

}  // namespace

BackupReport run_backup_job(store::Repository& repository, const std::vector<BackupPart>& parts,
                            std::vector<FailedTenant> failed, const BackupSettings& settings,
                            base::Clock& clock, backup::RunProgress& progress,
                            std::stop_token stop) {
  BackupReport report;
  report.job_id = settings.job_id;
  report.failed_tenants = std::move(failed);
  const base::Duration begin = clock.monotonic();
  const ServiceFigures before = service_figures(parts);
  // All tenants are looked through before the first byte is stored: a mistake in a name costs
  // nothing.
  std::vector<std::optional<backup::Discovery>> found;
  std::size_t selected = 0;
  for (const BackupPart& part : parts) {
    report.of_named |= !part.only.empty();
    found.push_back(discover_or_fail(repository, part, settings, clock, stop, report));
    if (found.back()) selected += mailboxes_asked_for(*found.back());
  }
  if (selected == 0 && !report.failed_tenants.empty()) throw report.failed_tenants.front().error;
  if (selected == 0) {
    throw base::Error{base::ErrorKind::usage,
                      settings.policy
                          ? base::text("policy '", *settings.policy, "' selects no mailbox")
                          : std::string{"the policies select no mailbox"}};
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!found[i]) continue;
    add_accounts(std::move(found[i]->unprotectable), report);
    if (report.cancelled || report.stopped_by) {
      add_not_begun(found[i]->mailboxes, report);
      continue;
    }
    backup::RunReport run =
        backup::run_backup({parts[i].service, repository, clock, &parts[i].directory},
                           run_settings(parts[i], settings), found[i]->mailboxes, progress, stop);
    std::move(run.mailboxes.begin(), run.mailboxes.end(), std::back_inserter(report.mailboxes));
    report.cancelled = run.cancelled;
    report.stopped_by = std::move(run.stopped_by);
  }
  report.service = since(before, service_figures(parts));
  report.took = clock.monotonic() - begin;
  return report;
}

ServiceFigures service_figures(const std::vector<BackupPart>& parts) {
  ServiceFigures figures;
  for (const BackupPart& part : parts) {
    const graph::ServiceStatistics statistics = part.service.statistics();
    figures.requests += statistics.requests;
    figures.retried += statistics.retried;
    figures.throttled += statistics.throttled;
    figures.throttled_time += statistics.throttled_time;
  }
  return figures;
}

ServiceFigures since(const ServiceFigures& before, ServiceFigures now) {
  now.requests -= before.requests;
  now.retried -= before.retried;
  now.throttled -= before.throttled;
  now.throttled_time -= before.throttled_time;
  return now;
}

std::string_view name(JobStatus status) {
  switch (status) {
    case JobStatus::complete:
      return "complete";
    case JobStatus::partial:
      return "partial";
    case JobStatus::failed:
      return "failed";
  }
  return "failed";
}

std::string_view name(backup::Outcome outcome) {
  switch (outcome) {
    case backup::Outcome::complete:
      return "complete";
    case backup::Outcome::partial:
      return "partial";
    case backup::Outcome::failed:
      return "failed";
    case backup::Outcome::skipped:
      return "skipped";
  }
  return "failed";
}

JobStatus status(const BackupReport& report) {
  const OutcomeCounts counts = outcomes(report);
  const bool anything_done = counts.complete + counts.partial > 0;
  const bool stopped =
      report.cancelled || report.stopped_by.has_value() || !report.failed_tenants.empty();
  if (report.of_named && !anything_done && counts.skipped > 0) return JobStatus::failed;
  // Skipped mailboxes are reported, and nothing is wrong with a run that has only them.
  if (!anything_done && (counts.failed > 0 || stopped)) return JobStatus::failed;
  if (all_denied(report)) return JobStatus::failed;
  const bool sums_close = std::all_of(
      report.mailboxes.begin(), report.mailboxes.end(),
      [](const backup::MailboxReport& mailbox) { return accounted_for(mailbox.items); });
  const std::uint64_t missed = report.of_named ? counts.skipped : 0;
  if (stopped || counts.failed + counts.partial + missed > 0 || !sums_close)
    return JobStatus::partial;
  return JobStatus::complete;
}

std::optional<base::Error> failure(const BackupReport& report) {
  if (report.cancelled) {
    return base::Error{base::ErrorKind::cancelled, "the backup was stopped on request"};
  }
  if (report.stopped_by) return report.stopped_by;
  if (status(report) != JobStatus::failed) return std::nullopt;
  if (report.mailboxes.empty() && !report.failed_tenants.empty()) {
    return report.failed_tenants.front().error;
  }
  const backup::Problem* first = nullptr;
  for (const backup::MailboxReport& mailbox : report.mailboxes) {
    if (first == nullptr && !mailbox.problems.empty()) first = &mailbox.problems.front();
  }
  base::Error error{common_kind(report), first == nullptr
                                             ? std::string{"no mailbox could be backed up"}
                                             : first->message};
  return error.add_context("backing up any mailbox");
}

ExitStatus exit_status(const BackupReport& report) {
  if (const auto error = failure(report)) return exit_status(error->kind());
  return status(report) == JobStatus::complete ? ExitStatus::done : ExitStatus::partial;
}

backup::Problem problem_of(const FailedTenant& tenant) {
  backup::Problem problem = backup::problem_of("", "", tenant.error);
  problem.message = base::text("nothing of tenant '", tenant.name, "': ", problem.message);
  return problem;
}

std::vector<const backup::MailboxReport*> throttled_mailboxes(const BackupReport& report) {
  std::vector<const backup::MailboxReport*> throttled;
  for (const backup::MailboxReport& mailbox : report.mailboxes) {
    if (mailbox.throttled_time > std::chrono::minutes{1}) throttled.push_back(&mailbox);
  }
  std::ranges::stable_sort(throttled, std::ranges::greater{},
                           &backup::MailboxReport::throttled_time);
  return throttled;
}

std::vector<Record> mailbox_records(const BackupReport& report) {
  std::vector<Record> records;
  for (const backup::MailboxReport& mailbox : report.mailboxes) {
    Value::List problems;
    for (const backup::Problem& problem : mailbox.problems)
      problems.push_back(problem_record(problem));
    records.push_back(
        Record{{"type", "mailbox"},
               {"mailbox", mailbox.address},
               {"mailbox_id", mailbox.mailbox_id},
               {"status", name(mailbox.outcome)},
               {"reason", mailbox.outcome == backup::Outcome::skipped && !mailbox.problems.empty()
                              ? Value{mailbox.problems.front().message}
                              : Value{}},
               {"items", items_record(mailbox.items)},
               {"bytes", Record{{"exported", mailbox.exported_bytes},
                                {"new", mailbox.new_bytes},
                                {"stored", mailbox.stored_bytes}}},
               {"throttled_seconds", seconds(mailbox.throttled_time)},
               {"drift", drift_record(mailbox.drift)},
               {"snapshot", mailbox.snapshot ? Value{mailbox.snapshot->id} : Value{}},
               {"problems", std::move(problems)}});
  }
  for (const backup::Unprotectable& account : report.unprotectable) {
    records.push_back(Record{{"type", "mailbox"},
                             {"mailbox", account.address},
                             {"mailbox_id", nullptr},
                             {"status", name(backup::Outcome::skipped)},
                             {"reason", account.reason},
                             {"items", items_record({})},
                             {"bytes", Record{{"exported", 0}, {"new", 0}, {"stored", 0}}},
                             {"throttled_seconds", 0.0},
                             {"drift", nullptr},
                             {"snapshot", nullptr},
                             {"problems", Value::List{}}});
  }
  return records;
}

Record summary(const BackupReport& report) {
  const OutcomeCounts counts = outcomes(report);
  const Totals sum = totals(report);
  Value::List snapshots;
  Value::List problems;
  for (const backup::MailboxReport& mailbox : report.mailboxes) {
    if (mailbox.snapshot) snapshots.push_back(snapshot_record(*mailbox.snapshot));
    for (const backup::Problem& problem : mailbox.problems)
      problems.push_back(problem_record(problem));
  }
  for (const FailedTenant& tenant : report.failed_tenants) {
    problems.push_back(problem_record(problem_of(tenant)));
  }
  return Record{{"type", "summary"},
                {"command", "backup"},
                {"job_id", text_or_null(report.job_id)},
                {"status", name(status(report))},
                {"seconds", seconds(report.took)},
                {"mailboxes", Record{{"complete", counts.complete},
                                     {"partial", counts.partial},
                                     {"failed", counts.failed},
                                     {"skipped", counts.skipped}}},
                {"items", items_record(sum.items)},
                {"bytes", Record{{"exported", sum.exported_bytes},
                                 {"new", sum.new_bytes},
                                 {"stored", sum.stored_bytes}}},
                {"requests", Record{{"total", report.service.requests},
                                    {"retried", report.service.retried},
                                    {"throttled", report.service.throttled}}},
                {"throttled_seconds", seconds(report.service.throttled_time)},
                {"drift", drift_record(sum.drift)},
                {"snapshots", std::move(snapshots)},
                {"problems", std::move(problems)}};
}

}  // namespace jobs
