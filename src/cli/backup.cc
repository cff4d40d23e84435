#include "src/backup/backup_run.h"
#include "src/base/error.h"
#include "src/base/text.h"
#include "src/cli/audited_command.h"
#include "src/cli/commands.h"
#include "src/cli/progress_bar.h"
#include "src/cli/table.h"
#include "src/daemon/appliance.h"
#include "src/jobs/backup_job.h"
#include "src/jobs/progress.h"

namespace cli {
namespace {

// The places where a run that has many problems stops telling each of them.
constexpr std::size_t kProblemsTold = 20;
constexpr std::size_t kThrottledTold = 10;

// Deals the names out to the tenants that know them. With one tenant the discovery itself tells
// what is unknown.
std::vector<std::vector<std::string>> names_by_tenant(const appliance::OpenTenants& tenants,
                                                      const std::vector<std::string>& names,
                                                      std::stop_token stop) {
  std::vector<std::vector<std::string>> dealt(tenants.size());
  if (tenants.size() == 1) {
    dealt.front() = names;
    return dealt;
  }
  for (const std::string& name : names) {
    bool known = false;
    for (std::size_t i = 0; i < tenants.size() && !known; ++i) {
      known = tenants[i]->service().directory().find_user(name, stop).has_value();
      if (known) dealt[i].push_back(name);
    }
    if (!known) {
      throw base::Error{base::ErrorKind::not_found,
                        base::text("no tenant has a mailbox '", name, "'")};
    }
  }
  return dealt;
}

// The tenants that have anything to do.
std::vector<jobs::BackupPart> parts_of(const appliance::Configuration& configuration,
                                       const appliance::OpenTenants& tenants,
                                       const BackupOptions& options, std::stop_token stop) {
  const auto names = names_by_tenant(tenants, options.mailboxes, stop);
  std::vector<jobs::BackupPart> parts;
  for (std::size_t i = 0; i < tenants.size(); ++i) {
    appliance::OpenTenant& tenant = *tenants[i];
    if (!options.mailboxes.empty() && names[i].empty()) continue;
    parts.push_back({tenant.domain(), tenant.service().directory(), tenant.service().mailboxes(),
                     appliance::policies_of(configuration, tenant.configuration()), names[i]});
  }
  return parts;
}

jobs::ProgressReading reading_of(const backup::RunProgress& progress,
                                 const std::vector<jobs::BackupPart>& parts,
                                 const jobs::ServiceFigures& before) {
  jobs::ProgressReading reading;
  const std::uint64_t mailboxes = progress.mailboxes_total;
  if (mailboxes > 0) {
    reading.stage =
        base::text(progress.mailboxes_done.load(), " of ", counted(mailboxes, "mailbox"));
  }
  reading.items_done = progress.items_done;
  reading.items_total = progress.items_listed;
  reading.bytes_done = progress.bytes_exported;
  reading.bytes_total = progress.bytes_to_export;
  reading.throttled = jobs::since(before, jobs::service_figures(parts)).throttled_time;
  return reading;
}

void tell_mailboxes(Output& output, const jobs::BackupReport& report) {
  Table table{{{"Mailbox", Table::Align::left, true},
               {"Status"},
               {"Items", Table::Align::right},
               {"Stored", Table::Align::right},
               {"Failed", Table::Align::right},
               {"New", Table::Align::right}}};
  for (const backup::MailboxReport& mailbox : report.mailboxes) {
    table.add({mailbox.address, std::string{jobs::name(mailbox.outcome)},
               jobs::human_count(mailbox.items.listed), jobs::human_count(mailbox.items.stored),
               jobs::human_count(mailbox.items.failed), base::human_bytes(mailbox.new_bytes)});
  }
  if (table.empty()) return;
  for (const std::string& line : table.lines(output.columns())) output.remark(line);
  output.remark("");
}

std::string line_of(const backup::Problem& problem) {
  std::string line = "problem: ";
  if (!problem.mailbox.empty()) line += problem.mailbox;
  if (!problem.folder.empty()) line += base::text(", ", problem.folder);
  if (!problem.item.empty()) line += base::text(", item ", shortened(problem.item, 20));
  if (!problem.mailbox.empty()) line += ": ";
  line += problem.message;
  if (!problem.next.empty()) line += base::text("; ", problem.next);
  return base::printable(line);
}

void tell_problems(Output& output, const jobs::BackupReport& report) {
  for (const jobs::FailedTenant& tenant : report.failed_tenants) {
    output.line(line_of(jobs::problem_of(tenant)));
  }
  std::size_t told = 0;
  std::size_t all = 0;
  for (const backup::MailboxReport& mailbox : report.mailboxes) {
    for (const backup::Problem& problem : mailbox.problems) {
      if (++all > kProblemsTold && !output.verbose()) continue;
      ++told;
      output.line(line_of(problem));
    }
  }
  if (told < all)
    output.line(
        base::text("and ", counted(all - told, "problem"), " more; --verbose or --json tells all"));
  for (const backup::Unprotectable& account : report.unprotectable) {
    output.remark(base::printable(base::text("skipped: ", account.address, ": ", account.reason)));
  }
}

void tell_throttled(Output& output, const jobs::BackupReport& report) {
  const auto throttled = jobs::throttled_mailboxes(report);
  for (std::size_t i = 0; i < throttled.size(); ++i) {
    if (i == kThrottledTold && !output.verbose()) {
      output.remark(base::text("throttled: ", counted(throttled.size() - i, "mailbox"),
                               " more; --verbose or --json tells all"));
      return;
    }
    output.remark(base::printable(base::text("throttled: ", throttled[i]->address, ": ",
                                             jobs::human_duration(throttled[i]->throttled_time),
                                             " lost to the limits of the service")));
  }
}

void tell(Output& output, const jobs::BackupReport& report) {
  tell_mailboxes(output, report);
  tell_throttled(output, report);
  tell_problems(output, report);
  store::ItemCounts items;
  std::uint64_t exported = 0;
  std::uint64_t stored = 0;
  for (const backup::MailboxReport& mailbox : report.mailboxes) {
    items.listed += mailbox.items.listed;
    items.stored += mailbox.items.stored;
    items.unchanged += mailbox.items.unchanged;
    items.skipped += mailbox.items.skipped;
    items.failed += mailbox.items.failed;
    exported += mailbox.exported_bytes;
    stored += mailbox.stored_bytes;
  }
  output.remark(base::text(counted(items.listed, "item"), ": ", jobs::human_count(items.stored),
                           " stored, ", jobs::human_count(items.unchanged), " unchanged, ",
                           jobs::human_count(items.skipped), " skipped, ",
                           jobs::human_count(items.failed), " failed"));
  const base::Duration throttled = report.service.throttled_time;
  output.remark(
      base::text(base::human_bytes(exported), " exported, ", base::human_bytes(stored),
                 " added to the store, ", counted(report.service.requests, "request"),
                 throttled > base::Duration{0}
                     ? base::text(", ", jobs::human_duration(throttled), " lost to throttling")
                     : std::string{}));
  output.remark(base::text("Backup ", jobs::name(jobs::status(report)), ": ",
                           counted(report.mailboxes.size(), "mailbox"), " in ",
                           jobs::human_duration(report.took)));
}

}  // namespace

jobs::ExitStatus run(const Context& context, const BackupOptions& options) {
  const auto configuration = context.configuration();
  std::optional<std::string> only_tenant;
  if (options.policy && !configuration.policies.empty()) {
    only_tenant = configuration.policy(*options.policy).tenant;  // a slip costs no sign-in
  }
  const auto store = context.resources.open_store(store::Access::write);
  const store::Journals journals = store->repository().journals();
  AuditedCommand audited{context,
                         journals,
                         "backup",
                         AuditedCommand::Entry::required,
                         "",
                         {{"mailboxes", as_list(options.mailboxes)},
                          {"policy", jobs::text_or_null(options.policy.value_or(""))},
                          {"full", options.full}}};
  std::vector<jobs::FailedTenant> failed;
  const auto tenants =
      appliance::open_tenants(context.resources, configuration, only_tenant, failed);
  const auto parts = parts_of(configuration, tenants, options, context.stop);
  jobs::BackupSettings settings;
  settings.job_id = context.job_id;
  settings.policy = options.policy;
  settings.full = options.full;
  settings.concurrent_mailboxes = appliance::concurrent_mailboxes(configuration.limits);
  settings.lanes_per_mailbox = appliance::lanes_per_mailbox(configuration.limits);
  backup::RunProgress progress;
  jobs::BackupReport report;
  {
    const auto shown = context.progress.show(
        [&, before = jobs::service_figures(parts)] { return reading_of(progress, parts, before); });
    report = jobs::run_backup_job(store->repository(), parts, std::move(failed), settings,
                                  context.clock, progress, context.stop);
  }
  const jobs::ExitStatus status = jobs::exit_status(report);
  if (!context.output.json()) tell(context.output, report);
  for (const jobs::Record& record : jobs::mailbox_records(report)) context.output.record(record);
  if (const auto error = jobs::failure(report)) {
    context.output.error(*error, status, remedy_for(*error));
  }
  const jobs::Record summary = jobs::summary(report);
  // What each mailbox gave stands in its restore point, night by night.
  audited.end(status, jobs::Record{summary}.set("snapshots", report.mailboxes.size()));
  context.output.record(summary);
  return status;
}

}  // namespace cli
