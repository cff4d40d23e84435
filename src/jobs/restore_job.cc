#include "src/jobs/restore_job.h"

#include "src/base/random.h"
#include "src/base/text.h"
#include "src/catalog/folder_paths.h"

#include <utility>

namespace jobs {
namespace {

std::string_view name(restore::ItemAction action) {
  switch (action) {
    case restore::ItemAction::create:
      return "create";
    case restore::ItemAction::skip:
      return "skip";
    case restore::ItemAction::replace:
      return "replace";
  }
  return "create";
}

std::string_view name(restore::ItemResult result) {
  switch (result) {
    case restore::ItemResult::planned:
      return "planned";
    case restore::ItemResult::restored:
      return "restored";
    case restore::ItemResult::skipped:
      return "skipped";
    case restore::ItemResult::replaced:
      return "replaced";
    case restore::ItemResult::failed:
      return "failed";
  }
  return "failed";
}

Record item_record(const restore::ItemReport& item) {
  return Record{{"type", "item"},
                {"id", item.item_id},
                {"folder", item.source_folder},
                {"item_class", text_or_null(item.item_class)},
                {"size", item.bytes},
                {"action", name(item.action)},
                {"result", name(item.result)},
                {"target_folder", text_or_null(item.target_folder)},
                {"target_item_id", text_or_null(item.target_item_id)},
                {"verified", item.verified},
                {"reason", text_or_null(item.reason)}};
}

Record problem_record(const restore::RestoreProblem& problem) {
  return Record{{"mailbox", problem.mailbox},         {"folder", text_or_null(problem.folder)},
                {"item", text_or_null(problem.item)}, {"code", text_or_null(problem.code)},
                {"message", problem.message},         {"next", text_or_null(problem.next)}};
}

void count(const restore::ItemReport& item, RestoreJobReport& job) {
  switch (item.action) {
    case restore::ItemAction::create:
      ++job.planned.create;
      break;
    case restore::ItemAction::skip:
      ++job.planned.skip;
      return;
    case restore::ItemAction::replace:
      ++job.planned.replace;
      break;
  }
  job.planned.bytes += item.bytes;
}

std::string_view status_name(const RestoreJobReport& job, bool dry_run) {
  if (exit_status(job, dry_run) == ExitStatus::done) return "complete";
  const auto& items = job.report.items;
  return items.restored + items.replaced + items.skipped > 0 ? "partial" : "failed";
}

}  // namespace

RestoreJobReport run_restore_job(store::Repository& repository, graph::MailboxService& service,
                                 const RestorePoint& point, const RestoreRequest& request,
                                 base::Clock& clock, restore::RestoreProgress& progress,
                                 const OnRecord& on_record, std::stop_token stop) {
  RestoreJobReport job;
  job.job_id = request.job_id;
  const base::Duration begin = clock.monotonic();
  const auto on_item = [&](const restore::ItemReport& item) {
    count(item, job);
    on_record(item_record(item));
  };
  job.report = restore::run_restore(
      {service, repository.tenant(point.snapshot.tenant), repository.journals(), clock},
      point.snapshot, request.selection, request.target, request.settings, on_item, progress,
      std::move(stop));
  job.took = clock.monotonic() - begin;
  return job;
}

std::string default_folder(const store::Snapshot& snapshot) {
  return base::text("Restored ", base::format_rfc3339(snapshot.time));
}

base::Duration least_upload_time(std::uint64_t stream_bytes) {
  constexpr std::uint64_t kWindowBytes = 150'000'000;
  constexpr base::Duration kWindow = std::chrono::minutes{5};
  // Base64 makes four characters of three bytes. The first window's worth passes at once.
  const std::uint64_t sent = (stream_bytes + 2) / 3 * 4;
  if (sent <= kWindowBytes) return base::Duration{0};
  return base::Duration{static_cast<std::int64_t>(static_cast<double>(sent - kWindowBytes) *
                                                  static_cast<double>(kWindow.count()) /
                                                  static_cast<double>(kWindowBytes))};
}

ExitStatus exit_status(const RestoreJobReport& job, bool dry_run) {
  const restore::RestoreReport& report = job.report;
  if (report.cancelled) return ExitStatus::interrupted;
  if (report.stopped_by) {
    // A full target is not a full store.
    const base::ErrorKind kind = report.stopped_by->kind();
    return kind == base::ErrorKind::full ? ExitStatus::failed : exit_status(kind);
  }
  const auto& items = report.items;
  if (items.failed > 0) {
    return items.restored + items.replaced + items.skipped > 0 ? ExitStatus::partial
                                                               : ExitStatus::failed;
  }
  // Restored but not seen in the target is not green.
  const bool all_seen = items.verified >= items.restored + items.replaced && report.unproven == 0;
  return dry_run || all_seen ? ExitStatus::done : ExitStatus::partial;
}

Record restore_summary(const RestoreJobReport& job, const RestorePoint& point,
                       const RestoreRequest& request) {
  const restore::RestoreReport& report = job.report;
  Value::List problems;
  for (const restore::RestoreProblem& problem : report.problems) {
    problems.emplace_back(problem_record(problem));
  }
  return Record{
      {"type", "summary"},
      {"command", "restore"},
      {"job_id", text_or_null(job.job_id)},
      {"status", status_name(job, request.settings.dry_run)},
      {"seconds", std::chrono::duration<double>(job.took).count()},
      {"dry_run", request.settings.dry_run},
      {"resumed", report.goes_on},
      {"reason", text_or_null(request.reason)},
      {"snapshot", point.snapshot.id},
      {"mailbox", point.snapshot.address},
      {"target", request.target.address},
      {"target_mailbox_id", request.target.mailbox.value},
      {"in_place", request.target.in_place},
      {"into", request.target.in_place ? Value{} : Value{catalog::join_path(request.target.into)}},
      {"items", Record{{"selected", report.items.selected},
                       {"restored", report.items.restored},
                       {"skipped", report.items.skipped},
                       {"replaced", report.items.replaced},
                       {"failed", report.items.failed},
                       {"untried", report.items.untried},
                       {"verified", report.items.verified}}},
      {"planned",
       Record{{"create", job.planned.create},
              {"skip", job.planned.skip},
              {"replace", job.planned.replace},
              {"bytes", job.planned.bytes},
              {"least_seconds",
               std::chrono::duration<double>(least_upload_time(job.planned.bytes)).count()},
              // One process knows of no other restore; the daemon's pages tell it from its jobs.
              {"expected_seconds", nullptr}}},
      {"folders", Record{{"created", report.folders.created}, {"reused", report.folders.reused}}},
      {"bytes_sent", report.bytes_sent},
      {"problems", std::move(problems)}};
}

Record restore_summary_of_none() {
  Record summary = restore_summary({}, {{}, nullptr, catalog::FolderPaths{{}}}, {});
  for (const char* unknown : {"snapshot", "mailbox", "target", "target_mailbox_id", "into",
                              "in_place", "dry_run", "resumed"}) {
    summary.set(unknown, {});
  }
  return summary;
}

}  // namespace jobs
