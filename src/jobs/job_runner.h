// Runs the jobs of a daemon: which may run beside which, cancelling, pausing, and going on after a
// restart.
#pragma once

#include "src/base/clock.h"
#include "src/jobs/exit_status.h"
#include "src/jobs/job.h"
#include "src/jobs/job_log.h"
#include "src/jobs/lanes.h"
#include "src/jobs/progress.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace jobs {

// What a running job gets from the runner; used from the job's thread only, but for `stop`.
class JobControl {
 public:
  virtual ~JobControl() = default;
  virtual void tell(const Told& told) = 0;
  // The runner asks `read` from a thread of its own, once a second at most, until the result is
  // dropped.
  class Watched {
   public:
    virtual ~Watched() = default;
  };
  [[nodiscard]] virtual std::unique_ptr<Watched> watch(std::function<ProgressReading()> read) = 0;
  [[nodiscard]] virtual std::stop_token stop() const = 0;
};

// Runs the command of a job and tells what it tells. What escapes is told as an error and ends the
// job with the exit status of its kind. After `stop` it returns `interrupted` at its next safe
// point, or what it came to if it was done anyway.
using Execute = std::function<ExitStatus(const Job& job, JobControl& control)>;

struct JobProgress {
  ProgressReading reading;
  double bytes_per_second = 0;
  std::optional<base::Duration> time_left;
};

class JobRunner {
 public:
  struct Settings {
    std::function<Lane(const JobOrder&)> lane_of;
    Execute execute;
    // Called when a job changes (queued, begun, paused, ended, ...), in the order of its changes,
    // and once a second at most for its progress: from threads of the runner or from whoever
    // ordered the change. Must not call the runner back but for progress_of(), and throws nothing.
    // Either may be empty.
    std::function<void(const Job&)> on_change;
    std::function<void(const Job&, const JobProgress&)> on_progress;
    // A job that was running as often as this when the process died is failed, not begun again: it
    // may be what kills it.
    std::uint64_t most_attempts = 20;
  };

  // Jobs of the log that were running when the last daemon ended are queued again. Nothing begins
  // before start(). Whenever a job ends, the log is tidied. Log and clock outlive it.
  JobRunner(Settings settings, JobLog& log, base::Clock& clock);
  // As stop().
  ~JobRunner();
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;

  void start();
  // Asks every running job to stop at the next safe point and waits for that; jobs that it
  // interrupts are queued for the next start, waiting ones stay queued.
  void stop();

  // Errors of lane_of.
  Job submit(const JobOrder& order);
  // Error(not_found) if there is none, Error(usage) if it is ended. A waiting job ends at once, a
  // running one at its next safe point.
  Job cancel(std::string_view id);
  // Stops it at its next safe point and leaves it paused; nothing happens to one that does not run.
  void pause(std::string_view id);
  // Queues a paused one again, also one that was asked to pause and has not come to its safe point;
  // nothing happens to others.
  void resume(std::string_view id);

  // Jobs that wait or run, and paused ones, oldest first.
  [[nodiscard]] std::vector<Job> open_jobs() const;
  [[nodiscard]] std::optional<JobProgress> progress_of(std::string_view id) const;

  // Tells all that the job has told and tells, until it has ended (paused is not ended), `on_told`
  // returns false, or `stop`; gives the ended job, or empty if it was stopped. Everything is called
  // from the calling thread; who is slow holds nobody up. `on_progress` may be null.
  // Error(not_found).
  std::optional<Job> follow(std::string_view id, const std::function<bool(const Told&)>& on_told,
                            const std::function<void(const JobProgress&)>& on_progress,
                            std::stop_token stop);

  // Nothing begins while the result lives, and nothing runs when this returns: for whoever needs
  // the store for himself. Empty if `stop` came first. The runner outlives the result.
  class Pause {
   public:
    virtual ~Pause() = default;
  };
  [[nodiscard]] std::unique_ptr<Pause> hold_everything(std::stop_token stop);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace jobs
