// The daemon: its parts, put together.
#pragma once

#include "src/base/clock.h"
#include "src/daemon/configuration.h"
#include "src/daemon/shared_resources.h"
#include "src/jobs/job.h"
#include "src/jobs/job_runner.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace appliance {

class Service {
 public:
  // What the command line knows of jobs.
  struct Commands {
    std::function<jobs::JobOrder(const std::vector<std::string>& words,
                                 const std::string& directory)>
        order_of;
    // The order for the restore point that its words mean now, which `choose` gives: a job that
    // goes on later must not take another one.
    std::function<jobs::JobOrder(jobs::JobOrder order,
                                 const std::function<std::string(const std::string& mailbox,
                                                                 const std::string& at)>& choose)>
        at_fixed_point;
    std::function<jobs::Lane(const jobs::JobOrder& order)> lane_of;
    std::function<jobs::ExitStatus(const jobs::Job& job, jobs::JobControl& control,
                                   SharedResources& resources, base::Clock& clock)>
        run_job;
    std::string version;
  };

  // Takes the state folder, the control socket and the web address; nothing runs yet. A store that
  // cannot be opened does not keep it from serving: its page says what is wrong. Error(in_use) if
  // another daemon has the folder, Error(usage) for a web address that may not or cannot be used.
  // The clock outlives it.
  Service(Commands commands, Configuration configuration, base::Clock& clock);
  // As stop().
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  void start();
  // To be called every second or so, by the thread that started it.
  void tick();
  // Error(usage) for what takes a restart; the old one then stays in force.
  void reload(Configuration configuration);
  // Running jobs stop at their next safe point and go on at the next start.
  void stop();

  // In one line: "2 jobs run; next: backup of policy nightly at 2026-11-28T02:00:00Z".
  [[nodiscard]] std::string status() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace appliance
