#include "src/jobs/drill_job.h"

#include <algorithm>
#include <utility>

namespace jobs {
namespace {

Record item_record(const restore::DrilledItem& item) {
  return Record{{"type", "item"},
                {"mailbox", item.mailbox},
                {"snapshot", item.snapshot},
                {"time", item.time},
                {"folder", text_or_null(item.folder)},
                {"id", text_or_null(item.item)},
                {"item_class", text_or_null(item.item_class)},
                {"size", item.size_bytes},
                {"body_bytes", item.body_bytes},
                {"result", item.failure ? "failed" : "verified"},
                {"reason", item.failure ? Value{item.failure->what()} : Value{}}};
}

Record problem_record(const restore::DrilledItem& item) {
  return Record{{"mailbox", item.mailbox},
                {"snapshot", item.snapshot},
                {"folder", text_or_null(item.folder)},
                {"item", text_or_null(item.item)},
                {"code", base::name(item.failure->kind())},
                {"message", item.failure->what()},
                {"next", "run a check of the store with --level full --repair"}};
}

bool is_damage(const restore::DrilledItem& item) {
  return item.failure->kind() == base::ErrorKind::corrupt;
}

}  // namespace

restore::DrillReport run_drill_job(store::Repository& repository,
                                   const restore::DrillSettings& settings,
                                   restore::DrillProgress& progress, const OnRecord& on_record,
                                   std::stop_token stop) {
  const auto on_item = [&](const restore::DrilledItem& item) { on_record(item_record(item)); };
  return restore::run_drill(repository, settings, on_item, progress, std::move(stop));
}

ExitStatus exit_status(const restore::DrillReport& report) {
  if (std::any_of(report.failures.begin(), report.failures.end(), is_damage)) {
    return ExitStatus::corrupt;
  }
  if (report.cancelled) return ExitStatus::interrupted;
  return report.failures.empty() ? ExitStatus::done : ExitStatus::partial;
}

Record drill_summary(const restore::DrillReport& report, const restore::DrillSettings& settings,
                     double seconds) {
  Value::List problems;
  for (const restore::DrilledItem& item : report.failures) {
    problems.emplace_back(problem_record(item));
  }
  const bool is_done = exit_status(report) == ExitStatus::done;
  return Record{{"type", "summary"},
                {"command", "drill"},
                {"status", is_done               ? "complete"
                           : report.verified > 0 ? "partial"
                                                 : "failed"},
                {"seconds", seconds},
                {"seed", settings.seed},
                {"items", Record{{"requested", settings.items},
                                 {"available", report.available},
                                 {"chosen", report.chosen},
                                 {"verified", report.verified},
                                 {"failed", report.failures.size()}}},
                {"mailboxes", report.mailboxes},
                {"snapshots", report.points},
                {"bytes", Record{{"streams", report.stream_bytes}, {"bodies", report.body_bytes}}},
                {"problems", std::move(problems)}};
}

}  // namespace jobs
