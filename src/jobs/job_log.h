// The jobs of a daemon, kept in a folder: queue and history, and what each job told.
//
//   <folder>/lock          locked by the process that has the folder
//   <folder>/<id>/job      the job, replaced in one step whenever it changes
//   <folder>/<id>/output   what it told, appended as it comes
//
// A job is durable when add() returns. What a running job told may lose its end when the machine
// loses power, never when the process is killed; a cut end is left out and written over.
//
// A disk that is full or fails holds no job up, least of all the restore that is asked for on such
// a day: what cannot be written stays in memory, which is told in the log, and is written when that
// works again.
#pragma once

#include "src/base/clock.h"
#include "src/jobs/job.h"
#include "src/jobs/told.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jobs {

struct JobLogLimits {
  std::size_t most_jobs = 5000;  // ended ones beyond it are dropped, the oldest first
  // Over all ended jobs: beyond it what the oldest ones told is dropped; the jobs themselves stay.
  std::uint64_t most_output_bytes = std::uint64_t{2} << 30;
  base::Duration kept_for = std::chrono::hours{24 * 400};  // after its end
};

// Thread-safe, but for the writer of an output, which belongs to one thread at a time.
class JobLog {
 public:
  // Makes the folder (mode 0700) if it is not there, and reads what is in it. A job that cannot be
  // read is set aside under `<id>.unreadable` and told in the log: one damaged file must not keep a
  // daemon from working. Error(in_use) if another process has the folder.
  JobLog(std::filesystem::path folder, const JobLogLimits& limits);
  ~JobLog();
  JobLog(const JobLog&) = delete;
  JobLog& operator=(const JobLog&) = delete;

  // A new one in state queued. Its id sorts behind all others, whatever was done to the clock.
  Job add(const JobOrder& order, base::Instant now);
  // Keeps it as shortened() has it: the whole summary is in the output. Error(not_found) if there
  // is none of that id.
  void update(const Job& job);
  [[nodiscard]] std::optional<Job> find(std::string_view id) const;
  // Newest first; those before the id `after` (empty: from the newest), `limit` at most, that
  // `wanted` takes; it must not call the log.
  [[nodiscard]] std::vector<Job> list(std::string_view after, std::size_t limit,
                                      const std::function<bool(const Job&)>& wanted = {}) const;
  // All that are not ended, oldest first.
  [[nodiscard]] std::vector<Job> open_jobs() const;
  // Drops what is beyond the limits, and tries again to write what could not be written.
  void tidy(base::Instant now);

  class Output {
   public:
    virtual ~Output() = default;
    // Errors are told once in the log, not thrown. What the disk does not take is kept for readers
    // in memory, up to a few MiB; what is beyond that is lost.
    virtual void tell(const Told& told) = 0;
  };
  // Appends to what earlier attempts of the job told; durable when the result is dropped. The log
  // outlives it. Error(not_found).
  [[nodiscard]] std::unique_ptr<Output> open_output(std::string_view id);

  // Reads what the job told from an offset on; also while it is being written. Gives the offset to
  // go on from. `on_told` returns false to stop. Error(not_found).
  std::uint64_t read_output(std::string_view id, std::uint64_t offset,
                            const std::function<bool(const Told&)>& on_told) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace jobs
