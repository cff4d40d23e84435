#include "src/base/error.h"
#include "src/base/text.h"
#include "src/catalog/folder_paths.h"
#include "src/catalog/selection.h"
#include "src/cli/audited_command.h"
#include "src/cli/commands.h"
#include "src/cli/progress_bar.h"
#include "src/daemon/appliance.h"
#include "src/jobs/progress.h"
#include "src/jobs/restore_job.h"
#include "src/restore/restore_run.h"

namespace cli {
namespace {

constexpr std::size_t kProblemsTold = 20;

// Where the restore goes: a tenant, and a mailbox in it.
struct Destination {
  std::shared_ptr<appliance::OpenTenant> tenant;  // shared as appliance::Resources tells
  graph::MailboxId mailbox;
  std::string address;
};

AdvisedError no_restore_app(const appliance::TenantConfiguration& tenant) {
  return {base::Error{base::ErrorKind::usage,
                      base::text("tenant '", tenant.name, "' has no app that may write: [tenant.",
                                 tenant.name, ".restore_app] is missing")},
          "add [tenant.NAME.restore_app] with the rights MailboxFolder.ReadWrite.All and "
          "MailboxItem.ImportExport.All"};
}

std::shared_ptr<appliance::OpenTenant> open_for_restore(
    const Context& context, const appliance::TenantConfiguration& tenant) {
  if (!tenant.restore_app) throw no_restore_app(tenant);
  return context.resources.open_tenant(tenant, appliance::OpenTenant::Apps::backup_and_restore);
}

// The mailbox named by --to: first in the tenant that the restore point is of, then in the others.
Destination named_destination(const Context& context, const appliance::Configuration& configuration,
                              const std::string& name, const store::Snapshot& point) {
  std::vector<const appliance::TenantConfiguration*> candidates;
  for (const auto& tenant : configuration.tenants) {
    candidates.insert(tenant.name == point.tenant.name ? candidates.begin() : candidates.end(),
                      &tenant);
  }
  const appliance::TenantConfiguration* passed_over = nullptr;
  for (const appliance::TenantConfiguration* candidate : candidates) {
    // One that cannot be written to is passed over as long as another may know the mailbox.
    if (!candidate->restore_app) {
      if (passed_over == nullptr) passed_over = candidate;
      continue;
    }
    auto tenant = open_for_restore(context, *candidate);
    graph::Directory& directory = tenant->service().directory();
    const auto user = directory.find_user(name, context.stop);
    if (!user) continue;
    const auto mailbox = directory.mailbox_of(*user, context.stop);
    if (const auto* none = std::get_if<graph::NoMailbox>(&mailbox)) {
      throw base::Error{
          base::ErrorKind::not_found,
          base::text(user->address(), " has no mailbox to restore into: ", none->message)};
    }
    return {std::move(tenant), std::get<graph::MailboxId>(mailbox), user->address()};
  }
  if (passed_over != nullptr) throw no_restore_app(*passed_over);
  throw AdvisedError{
      base::Error{base::ErrorKind::not_found, base::text("the tenant has no mailbox '", name, "'")},
      "`coffer mailboxes` lists the mailboxes that there are"};
}

Destination destination_of(const Context& context, const appliance::Configuration& configuration,
                           const RestoreOptions& options, const store::Snapshot& point) {
  if (options.to) return named_destination(context, configuration, *options.to, point);
  if (const auto* tenant = configuration.find_tenant(point.tenant.name)) {
    auto opened = open_for_restore(context, *tenant);
    return {std::move(opened), {point.mailbox_id}, point.address};
  }
  // Its tenant may have another name by now.
  Destination found = named_destination(context, configuration, point.address, point);
  if (found.mailbox.value == point.mailbox_id) return found;
  throw AdvisedError{base::Error{base::ErrorKind::not_found,
                                 base::text("no tenant of the configuration has the mailbox ",
                                            point.mailbox_id, ", backed up as ", point.address,
                                            " of tenant '", point.tenant.name, "'")},
                     "name a mailbox to restore into with --to"};
}

// The folder names of --into, as the service would take them.
std::vector<std::string> names_of(const std::string& into) {
  std::vector<std::string> names = catalog::split_path(into);
  if (names.empty()) {
    throw AdvisedError{base::Error{base::ErrorKind::usage, "--into names no folder"},
                       "use --in-place to restore into the folders the items came from"};
  }
  for (const std::string& name : names) {
    if (const auto wrong = catalog::unfit_for_a_folder(name)) {
      throw base::Error{base::ErrorKind::usage, base::text("--into: ", *wrong)};
    }
  }
  return names;
}

jobs::RestoreRequest request_of(const RestoreOptions& options, const jobs::RestorePoint& point,
                                const Destination& destination,
                                const appliance::LimitSettings& limits) {
  jobs::RestoreRequest request;
  request.selection.folders = jobs::folder_ids(point, options.folders);
  request.selection.items = {options.items.begin(), options.items.end()};
  request.target.mailbox = destination.mailbox;
  request.target.address = destination.address;
  request.target.same_mailbox = destination.mailbox.value == point.snapshot.mailbox_id;
  request.target.in_place = options.in_place;
  if (!options.in_place) {
    request.target.into =
        options.into ? names_of(*options.into) : std::vector{jobs::default_folder(point.snapshot)};
  }
  request.settings.on_conflict = options.on_conflict;
  request.settings.dry_run = options.dry_run;
  request.settings.lanes = appliance::lanes_per_mailbox(limits);
  request.reason = options.reason;
  return request;
}

jobs::Record what_of(const RestoreOptions& options, const jobs::RestorePoint& point,
                     const jobs::RestoreRequest& request) {
  return {{"mailbox", point.snapshot.address},
          {"mailbox_id", point.snapshot.mailbox_id},
          {"snapshot", point.snapshot.id},
          {"folders", as_list(options.folders)},
          {"items", as_list(options.items)},
          {"target", request.target.address},
          {"target_mailbox_id", request.target.mailbox.value},
          {"in_place", request.target.in_place},
          {"into", catalog::join_path(request.target.into)}};
}

void tell_plan(Output& output, const jobs::RestoreJobReport& job) {
  output.remark(base::text("Would create ", counted(job.planned.create, "item"), ", replace ",
                           jobs::human_count(job.planned.replace), ", skip ",
                           jobs::human_count(job.planned.skip), "; ",
                           base::human_bytes(job.planned.bytes), " to send"));
  const base::Duration least = jobs::least_upload_time(job.planned.bytes);
  if (least > base::Duration{0}) {
    output.remark(base::text("The service takes 150 MB in 5 minutes per mailbox: ",
                             jobs::human_duration(least), " at least"));
  }
  output.remark("Nothing was changed.");
}

void tell(Output& output, const jobs::RestoreJobReport& job, const jobs::RestoreRequest& request) {
  const restore::RestoreReport& report = job.report;
  std::size_t told = 0;
  for (const restore::RestoreProblem& problem : report.problems) {
    if (told == kProblemsTold && !output.verbose()) {
      output.line(base::text("and ", counted(report.problems.size() - told, "problem"),
                             " more; --verbose or --json tells all"));
      break;
    }
    ++told;
    std::string line = base::text("problem: ", problem.folder, problem.folder.empty() ? "" : ": ",
                                  problem.message);
    if (!problem.next.empty()) line += base::text("; ", problem.next);
    output.line(base::printable(line));
  }
  if (request.settings.dry_run) {
    tell_plan(output, job);
    return;
  }
  if (report.goes_on) output.remark("Went on with this restore, which had been cut off.");
  output.remark(base::text(
      counted(report.items.selected, "item"), ": ", jobs::human_count(report.items.restored),
      " restored, ", jobs::human_count(report.items.replaced), " replaced, ",
      jobs::human_count(report.items.skipped), " skipped, ", jobs::human_count(report.items.failed),
      " failed",
      report.items.untried > 0
          ? base::text(", ", jobs::human_count(report.items.untried), " not tried")
          : std::string{},
      "; ", jobs::human_count(report.items.verified), " verified in the target"));
  output.remark(base::printable(base::text(
      "Into ", request.target.address, ", ",
      request.target.in_place ? std::string{"the folders they came from"}
                              : base::text("folder ", catalog::join_path(request.target.into)),
      ": ", counted(report.folders.created, "folder"), " created, ", report.folders.reused,
      " reused; ", base::human_bytes(report.bytes_sent), " sent in ",
      jobs::human_duration(job.took))));
}

jobs::ProgressReading reading_of(const restore::RestoreProgress& progress,
                                 graph::MailboxService& service, base::Duration throttled_before) {
  jobs::ProgressReading reading;
  reading.items_done = progress.items_done;
  reading.items_total = progress.items_total;
  reading.bytes_done = progress.bytes_done;
  reading.bytes_total = progress.bytes_total;
  reading.throttled = service.statistics().throttled_time - throttled_before;
  return reading;
}

jobs::RestoreJobReport restore_with_progress(const Context& context, store::Repository& repository,
                                             Destination& destination,
                                             const jobs::RestorePoint& point,
                                             const jobs::RestoreRequest& request) {
  graph::MailboxService& service = destination.tenant->service().mailboxes();
  restore::RestoreProgress progress;
  const auto shown = context.progress.show([&, before = service.statistics().throttled_time] {
    return reading_of(progress, service, before);
  });
  const auto on_record = [&](const jobs::Record& record) { context.output.record(record); };
  try {
    return jobs::run_restore_job(repository, service, point, request, context.clock, progress,
                                 on_record, context.stop);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::not_found || !request.target.same_mailbox) throw;
    throw AdvisedError{error, "if the mailbox is gone from the tenant, name another one with --to"};
  }
}

}  // namespace

jobs::ExitStatus run(const Context& context, const RestoreOptions& options) {
  const auto configuration = context.configuration();
  const auto store = context.resources.open_store(store::Access::read);
  const jobs::RestorePoint point =
      jobs::open_restore_point(store->repository(), options.mailbox, options.at);
  // What is asked for is looked up before anybody signs in.
  static_cast<void>(catalog::select(*point.reader, point.paths,
                                    jobs::folder_ids(point, options.folders),
                                    {options.items.begin(), options.items.end()}));
  const store::Journals journals = store->repository().journals();
  Destination destination = destination_of(context, configuration, options, point.snapshot);
  jobs::RestoreRequest request = request_of(options, point, destination, configuration.limits);
  request.job_id = context.job_id;
  context.output.remark(base::printable(base::text("Of ", point.snapshot.address, " as of ",
                                                   base::format_rfc3339(point.snapshot.time),
                                                   ", restore point ", point.snapshot.id)));
  std::optional<AuditedCommand> audited;
  if (!options.dry_run) {
    audited.emplace(context, journals, "restore", AuditedCommand::Entry::wanted, options.reason,
                    what_of(options, point, request));
  }
  const jobs::RestoreJobReport job =
      restore_with_progress(context, store->repository(), destination, point, request);
  const jobs::ExitStatus status = jobs::exit_status(job, request.settings.dry_run);
  if (!context.output.json()) tell(context.output, job, request);
  if (job.report.stopped_by) {
    const base::Error& error = *job.report.stopped_by;
    const bool target_full = error.kind() == base::ErrorKind::full;
    context.output.error(error, status,
                         target_full ? "make room in the target mailbox and run the command again"
                                     : remedy_for(error));
  } else if (job.report.cancelled) {
    const base::Error error{base::ErrorKind::cancelled, "the restore was stopped on request"};
    context.output.error(error, status, remedy_for(error));
  }
  const jobs::Record summary = jobs::restore_summary(job, point, request);
  if (audited) audited->end(status, summary);
  context.output.record(summary);
  return status;
}

}  // namespace cli
