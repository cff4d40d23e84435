#include "src/base/text.h"
#include "src/cli/commands.h"
#include "src/cli/table.h"
#include "src/daemon/scheduler.h"
#include "src/jobs/job.h"
#include "src/jobs/job_history.h"
#include "src/jobs/progress.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace cli {
namespace {

// The newest run of the policy that the schedule began.
const jobs::Job* last_of(const std::vector<jobs::Job>& newest_first, const std::string& policy) {
  const auto found = std::ranges::find_if(newest_first, [&](const jobs::Job& job) {
    return job.order.command == "backup" && job.order.policy == policy;
  });
  return found == newest_first.end() ? nullptr : &*found;
}

std::string result_of(const jobs::Job& job) {
  const auto state = job.end ? jobs::name(*job.end) : jobs::name(job.state);
  return base::text(state, ", ", short_time(job.started.value_or(job.queued)));
}

}  // namespace

jobs::ExitStatus run(const Context& context, const ScheduleOptions&) {
  const auto configuration = context.configuration();
  const auto policies = appliance::read_schedules(configuration, context.clock.now());
  const auto jobs_told = jobs::read_jobs(configuration.service.state / "jobs");
  Table table{{{"Policy", Table::Align::left, true},
               {"Next (UTC)"},
               {"Window", Table::Align::left, true},
               {"Last (UTC)", Table::Align::left, true}}};
  for (const appliance::PolicySchedule& policy : policies) {
    const jobs::Job* last = last_of(jobs_told, policy.policy);
    context.output.record(appliance::schedule_record(
        policy, last == nullptr ? jobs::Value{} : jobs::Value{jobs::job_record(*last)}));
    const std::string window = base::enumerated(policy.window);
    table.add({policy.policy, policy.next ? short_time(*policy.next) : "never by itself",
               window.empty() ? "always" : base::text(window, policy.window_open ? ", open" : ""),
               last == nullptr ? "-" : result_of(*last)});
  }
  if (!table.empty()) {
    for (const std::string& line : table.lines(context.output.columns())) context.output.line(line);
    context.output.line("");
  }
  for (const appliance::PolicySchedule& policy : policies) {
    if (policy.missed.empty()) continue;
    context.output.line(base::text("missed: policy ", policy.policy, ", ",
                                   counted(policy.missed.size(), "run"), ", the last one due ",
                                   short_time(policy.missed.back())));
  }
  context.output.remark(counted(policies.size(), "policy"));
  context.output.record(jobs::Record{{"type", "summary"},
                                     {"command", "schedule"},
                                     {"status", "complete"},
                                     {"policies", policies.size()}});
  return jobs::ExitStatus::done;
}

}  // namespace cli
