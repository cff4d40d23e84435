// A job of the daemon: a command that was asked for, how far it is, and what it came to.
#pragma once

#include "src/base/clock.h"
#include "src/jobs/audit_log.h"
#include "src/jobs/record.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jobs {

// What somebody asks for: a command line, without the program.
struct JobOrder {
  std::vector<std::string> words;           // {"backup", "--policy", "nightly"}
  std::string command;                      // "backup", "hold add"
  std::string title;                        // "Backup of policy nightly": for people
  AuditedBy by;                             // whose doing it is, for the audit log
  std::string by_name;                      // "schedule", "local", an account: for people
  std::string reason;                       // may be empty
  std::string policy;                       // of a backup by schedule; may be empty
  std::string mailbox;                      // what it is about, if that is one mailbox
  std::string directory;                    // what relative paths among the words are relative to
  std::optional<base::Instant> occurrence;  // of the schedule that it serves
};

enum class JobState : std::uint8_t {
  queued,
  running,
  paused,  // stopped at a safe point because its window closed; goes on when it is resumed
  ended,
};

// How an ended job ended; by its exit status, but for `cancelled`, which somebody asked for.
enum class JobEnd : std::uint8_t { complete, partial, failed, interrupted, cancelled };

std::string_view name(JobState state);
std::string_view name(JobEnd end);

struct Job {
  std::string id;  // a ULID: ids sort by the time at which jobs were ordered
  JobOrder order;
  JobState state = JobState::queued;
  std::optional<JobEnd> end;
  std::optional<int> exit_status;
  base::Instant queued;
  std::optional<base::Instant> started;  // of its first attempt
  std::optional<base::Instant> ended;
  std::uint64_t attempts = 0;    // times that it was begun
  std::uint64_t broken_off = 0;  // those of them that ended with the process that ran it
  // Of its last attempt:
  std::uint64_t problems = 0;  // "problem" and "error" records, and those in its summary
  std::optional<Record> summary;
  std::optional<Record> error;  // the last one told
};

// {"type":"job",...} as web-status/API.md tells it; "progress" is null until who knows it sets it.
Record job_record(const Job& job);

// The same with what may be as long as a tenant has mailboxes cut short, so that thousands of jobs
// fit into memory: lists and texts of the summary and of the error, and the words of an ended job.
// What is missing of a record is counted in its "left_out": {"snapshots":3980}.
Job shortened(Job job);

// For keeping a job in a file. decode_job throws Error(corrupt).
base::Bytes encode_job(const Job& job);
Job decode_job(base::ByteView bytes);

}  // namespace jobs
