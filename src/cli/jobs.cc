#include "src/base/error.h"
#include "src/base/text.h"
#include "src/cli/commands.h"
#include "src/cli/table.h"
#include "src/daemon/control.h"
#include "src/jobs/job.h"
#include "src/jobs/job_history.h"
#include "src/jobs/progress.h"

#include <filesystem>
#include <string>
#include <vector>

namespace cli {
namespace {

// More are listed with --json.
constexpr std::size_t kJobsTold = 50;

std::filesystem::path folder_of(const Context& context) {
  return context.configuration().service.state / "jobs";
}

std::string state_of(const jobs::Job& job) {
  return std::string{job.end ? jobs::name(*job.end) : jobs::name(job.state)};
}

std::string took(const jobs::Job& job) {
  if (!job.started) return "-";
  return job.ended ? jobs::human_duration(*job.ended - *job.started) : "";
}

jobs::Record summary_of(std::string_view command, std::size_t jobs) {
  return {{"type", "summary"}, {"command", command}, {"status", "complete"}, {"jobs", jobs}};
}

}  // namespace

jobs::ExitStatus run(const Context& context, const JobsListOptions&) {
  const std::vector<jobs::Job> all = jobs::read_jobs(folder_of(context));
  Table table{{{"Id"},
               {"Ordered (UTC)"},
               {"Took", Table::Align::right},
               {"State"},
               {"What", Table::Align::left, true}}};
  std::size_t told = 0;
  for (const jobs::Job& job : all) {
    context.output.record(jobs::job_record(job));
    if (++told > kJobsTold && !context.output.verbose()) continue;
    table.add({job.id, short_time(job.queued), took(job), state_of(job), job.order.title});
  }
  if (!all.empty()) {
    for (const std::string& line : table.lines(context.output.columns())) context.output.line(line);
  }
  if (all.size() > kJobsTold && !context.output.verbose()) {
    context.output.remark(
        base::text("and ", all.size() - kJobsTold, " more; --verbose or --json tells all"));
  }
  context.output.remark(counted(all.size(), "job"));
  context.output.record(summary_of("jobs list", all.size()));
  return jobs::ExitStatus::done;
}

jobs::ExitStatus run(const Context& context, const JobsShowOptions& options) {
  const jobs::Job job = jobs::read_job(folder_of(context), options.id);
  context.output.record(jobs::job_record(job));
  context.output.line(base::printable(base::text(job.order.title, ", ", state_of(job))));
  context.output.remark(base::text("Job ", job.id, ", ordered ", short_time(job.queued),
                                   " (UTC) by ", base::printable(job.order.by_name),
                                   took(job).empty() ? "" : ", took ", took(job)));
  if (!job.order.reason.empty()) {
    context.output.remark(base::printable(base::text("Reason: ", job.order.reason)));
  }
  context.output.remark("");
  jobs::read_told(folder_of(context), job.id, [&](const jobs::Told& told) {
    if (told.record) context.output.record(*told.record);
    if (!told.text.empty()) context.output.line(told.text);
  });
  context.output.record(summary_of("jobs show", 1));
  return jobs::ExitStatus::done;
}

jobs::ExitStatus run(const Context& context, const JobsCancelOptions& options) {
  const jobs::Job job = jobs::read_job(folder_of(context), options.id);
  auto daemon = appliance::ControlClient::connect(context.configuration().service.state);
  if (!daemon) {
    throw AdvisedError{base::Error{base::ErrorKind::unavailable, "no daemon is running"},
                       "its jobs go on when it is started; cancel them then"};
  }
  const jobs::Job cancelled = daemon->cancel(job.id);
  context.output.record(jobs::job_record(cancelled));
  context.output.remark(
      base::text(base::printable(cancelled.order.title), cancelled.state == jobs::JobState::ended
                                                             ? " is cancelled."
                                                             : " stops at its next safe point."));
  context.output.record(summary_of("jobs cancel", 1));
  return jobs::ExitStatus::done;
}

}  // namespace cli
