// What the views of the appliance look at, and how they act.
#pragma once

#include "src/base/clock.h"
#include "src/daemon/census.h"
#include "src/daemon/counters.h"
#include "src/daemon/resources.h"
#include "src/daemon/scheduler.h"
#include "src/daemon/trend.h"
#include "src/jobs/job.h"
#include "src/jobs/job_log.h"
#include "src/jobs/job_runner.h"
#include "src/jobs/record.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace appliance {

// Everything outlives the views; the functions are thread-safe.
struct ViewParts {
  Resources& resources;
  Census& census;
  Trend& trend;
  Counters& counters;
  jobs::JobLog& log;
  jobs::JobRunner& runner;
  base::Clock& clock;
  std::string version;  // "0.1.0"
  // Of the scheduler.
  std::function<std::vector<PolicySchedule>()> policies;
  std::function<Upkeep()> upkeep;
  std::function<std::optional<base::Instant>()> next_upkeep;
  // {"type":"alert",...}, open ones first; and a test to all receivers: {"to","problem"} of each.
  std::function<std::vector<jobs::Record>()> alerts;
  std::function<std::vector<jobs::Record>()> send_test_alert;
  // Checks a command line. Error(usage).
  std::function<jobs::JobOrder(const std::vector<std::string>& words)> order_of;
  // How long the store's disk was waited for so far.
  std::function<base::Duration()> store_time;
  std::function<std::string()> why_not_ready;  // empty: it is ready
  std::function<base::Instant()> loaded;       // when the configuration in force was
};

}  // namespace appliance
