// What the daemon knows that somebody may have to be alerted to.
#pragma once

#include "src/base/clock.h"
#include "src/base/synchronized.h"
#include "src/daemon/census.h"
#include "src/daemon/scheduler.h"
#include "src/daemon/shared_resources.h"
#include "src/daemon/trend.h"
#include "src/jobs/alerts.h"
#include "src/jobs/job.h"
#include "src/jobs/job_log.h"

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace appliance {

// Thread-safe; the others outlive it.
class AlertFactsOf {
 public:
  AlertFactsOf(jobs::JobLog& log, Scheduler& scheduler, Census& census, Trend& trend,
               SharedResources& resources, base::Clock& clock);

  // Of a backup that ended: how its mailboxes changed against the restore points before. Of a run
  // of retention: whether it waits for somebody's word.
  void ended(const jobs::Job& job);
  // Signs in to every tenant: what its clock says, and when certificates end. A tenant that cannot
  // be asked leaves what was known of it.
  void ask_tenants(const std::stop_token& stop);

  // `store_problem`: why the store is not open; empty if it is.
  [[nodiscard]] jobs::AlertFacts facts(const std::string& store_problem);

 private:
  struct Known {
    std::map<std::string, std::vector<jobs::ChangeFact>> changes;  // by policy
    std::map<std::string, jobs::ClockFact> clocks;                 // by tenant
    std::map<std::string, jobs::CredentialFact> credentials;       // by name
    std::map<std::string, jobs::RetentionFact> retention;          // by policy
  };
  [[nodiscard]] std::vector<jobs::Job> last_of(const std::string& command) const;
  void backup_ended(const jobs::Job& job);
  void retention_ended(const jobs::Job& job);

  jobs::JobLog& log_;
  Scheduler& scheduler_;
  Census& census_;
  Trend& trend_;
  SharedResources& resources_;
  base::Clock& clock_;
  base::Synchronized<Known> known_;
};

// How a mailbox changed, by its record in the output of a backup and the size of the restore point
// before: what is not there unchanged has changed or gone. Pure.
std::optional<jobs::ChangeFact> change_fact(const jobs::Record& mailbox,
                                            std::uint64_t items_before);

}  // namespace appliance
