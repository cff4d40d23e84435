// Jobs as the API tells them: how far they are, what holds them up, and what they told.
#pragma once

#include "src/base/synchronized.h"
#include "src/daemon/view_parts.h"
#include "src/jobs/job.h"
#include "src/jobs/job_runner.h"
#include "src/jobs/record.h"
#include "web-status/appliance_view.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace appliance {

// A moment of a job that runs.
struct WorkSample {
  base::Duration at{};         // monotonic
  base::Duration throttled{};  // lost so far
  base::Duration processor{};  // used by this process so far
  base::Duration store{};      // waited for its disk so far, by this process
};
// What held a job up between the two: "throttling" where the service's limits took a tenth of the
// time or more, "processor" where this machine's processors were busy with this process, "store"
// where something of it waited for the store's disk half of the time; "service" if it is none of
// them and the job works with the service. Else empty. Pure.
std::optional<std::string_view> bottleneck(const WorkSample& before, const WorkSample& now,
                                           unsigned processors, bool uses_service);

// Thread-safe.
class JobView {
 public:
  explicit JobView(const ViewParts& parts) : parts_(parts) {}

  // JOB of API.md, with its progress if it runs: also for events.
  [[nodiscard]] jobs::Record record(const jobs::Job& job);

  [[nodiscard]] web::Page jobs(const web::JobQuery& query);
  [[nodiscard]] jobs::Record job(const std::string& id);
  // A page may have fewer records than asked for, or none, and go on all the same.
  [[nodiscard]] web::Page records(const std::string& id, const std::string& type,
                                  const web::PageRequest& page);
  [[nodiscard]] web::TextSource report(const std::string& id);

  // The newest ended job of the command, and policy if one is named; empty if there is none.
  [[nodiscard]] std::optional<jobs::Job> last_of(const std::string& command,
                                                 const std::string& policy = {}) const;

 private:
  struct Watched {
    WorkSample before;
    WorkSample now;
    std::optional<std::string_view> held_up_by;
  };
  [[nodiscard]] jobs::Record progress_record(const jobs::Job& job,
                                             const jobs::JobProgress& progress);
  [[nodiscard]] jobs::Record with_expectation(jobs::Record summary) const;
  [[nodiscard]] std::optional<double> restored_bytes_per_second() const;
  std::optional<std::string_view> held_up_by(const jobs::Job& job, base::Duration throttled);
  [[nodiscard]] jobs::Job require(const std::string& id) const;

  const ViewParts& parts_;
  base::Synchronized<std::map<std::string, Watched>> watched_;  // by the job's id
};

}  // namespace appliance
