// What the daemon orders by itself: backups when their policies say so, retention after each, and
// the daily upkeep of the store.
#pragma once

#include "schedules/run_plan.h"
#include "src/base/clock.h"
#include "src/base/synchronized.h"
#include "src/daemon/configuration.h"
#include "src/jobs/job.h"
#include "src/jobs/job_log.h"
#include "src/jobs/job_runner.h"
#include "src/jobs/record.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace appliance {

// The rules of a policy as its configuration has them. Error(usage) naming the key that makes no
// sense; load_configuration() has asked, so that a daemon never starts with such.
schedules::RunRules run_rules(const PolicySettings& policy, const StoreSettings& store);

// How old the last good backup of a policy's mailboxes may become before they count as at risk:
// twice the longest gap between two starts in the weeks to come. Empty for a policy without a
// schedule, which promises nothing.
std::optional<base::Duration> promised_age(const schedules::RunRules& rules, base::Instant now);

// What the scheduler knows of one policy, for pages and alerts.
struct PolicySchedule {
  std::string policy;
  std::string tenant;
  std::vector<std::string> calendar;
  std::string timezone;
  std::vector<std::string> window;
  bool window_open = true;
  std::optional<base::Instant> next;
  std::vector<base::Instant> missed;  // since a run of it last began
};

// {"type":"schedule",...}; `last`: the record of the policy's last run, or null.
jobs::Record schedule_record(const PolicySchedule& policy, jobs::Value last);

// By the configuration and what the scheduler remembers in `<state>/schedule`, also while no daemon
// runs.
std::vector<PolicySchedule> read_schedules(const Configuration& configuration, base::Instant now);

// How the daily upkeep went, by the log of jobs: the beginnings of the last ones that ended well.
struct Upkeep {
  std::optional<base::Instant> structure, scrub, full, drill;
  std::uint64_t errors = 0;  // that the newest of them found
};

// Thread-safe, but tick() and ended() are called by one thread at a time.
class Scheduler {
 public:
  struct Settings {
    std::filesystem::path file;  // where it remembers what it served
    std::function<jobs::JobOrder(const std::vector<std::string>& words)> order_of;
    // Of packs and parity, for the share that a day's scrub reads; empty while nobody knows.
    std::function<std::optional<std::uint64_t>()> stored_bytes;
  };
  // The others outlive it. What `file` says and cannot be read is told in the log, and the jobs of
  // the log say what was served.
  Scheduler(Settings settings, const Configuration& configuration, jobs::JobRunner& runner,
            jobs::JobLog& log, base::Clock& clock);

  // Orders what is due, pauses runs whose window has closed, resumes those whose window is open
  // again. Gives the moment at which it wants to be called again at the latest.
  base::Instant tick();
  // Of every job that ended: a backup is followed by the retention of its policy.
  void ended(const jobs::Job& job);

  void reload(const Configuration& configuration);

  [[nodiscard]] std::vector<PolicySchedule> policies() const;
  // promised_age() of that policy, as of today; cheap.
  [[nodiscard]] std::optional<base::Duration> promised(const std::string& policy) const;
  [[nodiscard]] Upkeep upkeep() const;
  [[nodiscard]] std::optional<base::Instant> next_upkeep() const;

 private:
  struct Policy {
    PolicySettings settings;
    schedules::RunRules rules;
    std::optional<base::Instant> served_through;
    std::vector<base::Instant> missed;
    std::optional<base::Duration> promised;
  };
  struct State {
    std::vector<Policy> policies;
    base::Instant promised_as_of;
    std::optional<schedules::RunRules> upkeep_rules;
    std::optional<base::Instant> upkeep_served;
  };
  void serve(State& state, Policy& policy, base::Instant now, base::Instant& wake);
  void serve_upkeep(State& state, base::Instant now, base::Instant& wake);
  void keep_windows(State& state, base::Instant now, base::Instant& wake);
  void write(const State& state) const;

  Settings settings_;
  jobs::JobRunner& runner_;
  jobs::JobLog& log_;
  base::Clock& clock_;
  base::Synchronized<State> state_;
};

}  // namespace appliance
