// A backup as a job: the mailboxes of one or more tenants, and the report as records.
#pragma once

#include "src/backup/backup_run.h"
#include "src/backup/discovery.h"
#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/jobs/exit_status.h"
#include "src/jobs/record.h"
#include "store/repository.h"

#include <atomic>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace jobs {

// What is to be backed up of one tenant. The collaborators outlive the job.
struct BackupPart {
  store::TenantDomain tenant;
  graph::Directory& directory;
  graph::MailboxService& service;
  std::vector<backup::NamedPolicy> policies;
  // Addresses, principal names or directory ids; empty: what the policies select.
  std::vector<std::string> only;
};

struct BackupSettings {
  std::string job_id;                 // a ULID
  std::optional<std::string> policy;  // only the mailboxes of this one
  bool full = false;
  std::size_t concurrent_mailboxes = 32;
  std::size_t lanes_per_mailbox = 2;
};

// Counters of the service, of all parts together.
struct ServiceFigures {
  std::uint64_t requests = 0;
  std::uint64_t retried = 0;
  std::uint64_t throttled = 0;
  base::Duration throttled_time{};
};

// A tenant that could not be looked through at all.
struct FailedTenant {
  std::string name;
  base::Error error;
};

struct BackupReport {
  std::string job_id;     // a ULID
  bool of_named = false;  // for mailboxes that somebody named: one that is not there is no success
  base::Duration took{};
  std::vector<backup::MailboxReport> mailboxes;
  std::vector<backup::Unprotectable> unprotectable;  // skipped, with the service's reason
  std::vector<FailedTenant> failed_tenants;          // one tenant's trouble is its own
  ServiceFigures service;
  bool cancelled = false;
  std::optional<base::Error> stopped_by;
};

// Backs up part after part. Throws what keeps all of it from beginning (sign-in refused, an unknown
// mailbox, nothing selected); what happens later, or to some of several tenants, is in the report,
// behind the tenants in `failed` that could not even be opened. Accounts that a policy asks for and
// the service told nothing of are failed mailboxes. `repository` is open for writing.
BackupReport run_backup_job(store::Repository& repository, const std::vector<BackupPart>& parts,
                            std::vector<FailedTenant> failed, const BackupSettings& settings,
                            base::Clock& clock, backup::RunProgress& progress,
                            std::stop_token stop);

// Since the services were opened, whoever asked them.
ServiceFigures service_figures(const std::vector<BackupPart>& parts);
// What was added since `before`.
ServiceFigures since(const ServiceFigures& before, ServiceFigures now);

enum class JobStatus : std::uint8_t { complete, partial, failed };
std::string_view name(JobStatus status);
std::string_view name(backup::Outcome outcome);

JobStatus status(const BackupReport& report);
// Why the job as a whole is not a success, if one matter explains it: interrupted, store full,
// sign-in refused, or every mailbox failed. Empty where mailboxes or items failed each for itself.
std::optional<base::Error> failure(const BackupReport& report);
ExitStatus exit_status(const BackupReport& report);

// In the operator's words; no mailbox is named.
backup::Problem problem_of(const FailedTenant& tenant);

// Mailboxes that lost more than a minute each to the limits of the service, those that lost most
// first.
std::vector<const backup::MailboxReport*> throttled_mailboxes(const BackupReport& report);

// {"type":"mailbox",...}: one per mailbox, and one per account that has none.
std::vector<Record> mailbox_records(const BackupReport& report);
Record summary(const BackupReport& report);

}  // namespace jobs
