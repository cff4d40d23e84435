// The commands, one file each: they wire and print, and know nothing else.
#pragma once

#include "src/base/clock.h"
#include "src/cli/arguments.h"
#include "src/cli/output.h"
#include "src/cli/progress_display.h"
#include "src/daemon/configuration.h"
#include "src/daemon/resources.h"
#include "src/jobs/audit_log.h"
#include "src/jobs/exit_status.h"
#include "src/jobs/progress.h"

#include <stop_token>
#include <string>
#include <string_view>

namespace cli {

// What every command gets.
struct Context {
  const GlobalOptions& global;
  Output& output;
  base::Clock& clock;
  std::stop_token stop;
  ProgressDisplay& progress;
  appliance::Resources& resources;
  jobs::AuditedBy by;  // for the audit log
  std::string job_id;  // a ULID: of what this command does

  [[nodiscard]] appliance::Configuration configuration() const { return resources.configuration(); }
};

// Each prints its results and, with --json, its summary as the last record. What they throw is
// printed by the caller, which then adds the summary of a command that failed.
jobs::ExitStatus run(const Context& context, const InitOptions& options);
jobs::ExitStatus run(const Context& context, const DoctorOptions& options);
jobs::ExitStatus run(const Context& context, const MailboxesOptions& options);
jobs::ExitStatus run(const Context& context, const BackupOptions& options);
jobs::ExitStatus run(const Context& context, const SnapshotsOptions& options);
jobs::ExitStatus run(const Context& context, const LsOptions& options);
jobs::ExitStatus run(const Context& context, const FindOptions& options);
jobs::ExitStatus run(const Context& context, const DiffOptions& options);
jobs::ExitStatus run(const Context& context, const RestoreOptions& options);
jobs::ExitStatus run(const Context& context, const ExtractOptions& options);
jobs::ExitStatus run(const Context& context, const CheckOptions& options);
jobs::ExitStatus run(const Context& context, const DrillOptions& options);
jobs::ExitStatus run(const Context& context, const ForgetOptions& options);
jobs::ExitStatus run(const Context& context, const HoldAddOptions& options);
jobs::ExitStatus run(const Context& context, const HoldRemoveOptions& options);
jobs::ExitStatus run(const Context& context, const HoldListOptions& options);
jobs::ExitStatus run(const Context& context, const PruneOptions& options);
jobs::ExitStatus run(const Context& context, const RebuildIndexOptions& options);
jobs::ExitStatus run(const Context& context, const CopyOptions& options);
jobs::ExitStatus run(const Context& context, const StatsOptions& options);
jobs::ExitStatus run(const Context& context, const AuditOptions& options);
jobs::ExitStatus run(const Context& context, const AlertTestOptions& options);
jobs::ExitStatus run(const Context& context, const KeyListOptions& options);
jobs::ExitStatus run(const Context& context, const KeyAddOptions& options);
jobs::ExitStatus run(const Context& context, const KeyRemoveOptions& options);
jobs::ExitStatus run(const Context& context, const KeyRotateOptions& options);
jobs::ExitStatus run(const Context& context, const KeyRecoveryOptions& options);
jobs::ExitStatus run(const Context& context, const ServeOptions& options);
jobs::ExitStatus run(const Context& context, const ScheduleOptions& options);
jobs::ExitStatus run(const Context& context, const JobsListOptions& options);
jobs::ExitStatus run(const Context& context, const JobsShowOptions& options);
jobs::ExitStatus run(const Context& context, const JobsCancelOptions& options);
jobs::ExitStatus run(const Context& context, const AccountAddOptions& options);
jobs::ExitStatus run(const Context& context, const AccountListOptions& options);
jobs::ExitStatus run(const Context& context, const AccountRemoveOptions& options);

// "2026-11-23 02:00": for tables.
std::string short_time(base::Instant instant);
// Seconds since an earlier reading of the monotonic clock.
double seconds_since(const base::Clock& clock, base::Duration begin);
// The time that an option names, or with `to_its_end` the end of the day or minute that it names.
// AdvisedError(usage) naming the option.
base::Instant moment_of(const std::string& text, std::string_view option, bool to_its_end = false);
using jobs::counted;

}  // namespace cli
