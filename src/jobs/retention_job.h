// The retention plan of a whole store, as records: what every policy keeps of its mailboxes, and
// why. Pure: nothing is removed here.
#pragma once

#include "schedules/retention.h"
#include "src/base/clock.h"
#include "src/jobs/record.h"
#include "store/snapshot.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace jobs {

// A policy of the configuration. Its name counts together with its tenant: a policy that was given
// to another tenant says nothing of the mailboxes it had before.
struct RetentionPolicy {
  store::TenantDomain tenant;
  std::string name;
  schedules::RetentionRules rules;
};

using IsHeld = std::function<bool(const store::Snapshot&)>;

struct PlannedPoint {
  store::Snapshot snapshot;
  bool keep = true;
  std::vector<std::string> reasons;  // names of schedules::Reason, or "no-policy" for "no-rules"
};

// All restore points of one mailbox, which is the same by its id, whatever its address was.
struct PlannedSeries {
  store::TenantDomain tenant;
  std::string mailbox_id;
  std::string policy;                // that of its newest restore point; empty if it has none
  std::vector<PlannedPoint> points;  // oldest first
};

// The mailboxes that one policy decides about.
struct PolicyOutcome {
  store::TenantDomain tenant;
  std::string policy;
  bool configured = true;  // false: the configuration has no such policy, all of it is kept
  schedules::RetentionSummary summary;
};

struct RetentionReport {
  std::vector<PlannedSeries> series;    // ordered by tenant, then mailbox id
  std::vector<PolicyOutcome> outcomes;  // ordered by tenant, then policy
};

// A mailbox goes by the policy of its newest restore point that is not dated after `now`; where the
// configuration has no such policy, all its points are kept with the reason "no-policy".
// Error(usage) naming the policy whose time zone is unknown.
RetentionReport plan_retention(const std::vector<store::Snapshot>& snapshots, const IsHeld& is_held,
                               const std::vector<RetentionPolicy>& policies, base::Instant now);

// Why an operator has to agree before anything is removed, a sentence per policy; empty if nobody
// has to.
std::vector<std::string> confirmations(const RetentionReport& report);

// {"type":"retention","id","mailbox","time","keep","reasons",...}: one per restore point.
std::vector<Record> retention_records(const RetentionReport& report);
// {"type":"summary","command":"forget",...}; "confirmation" is what confirmations() says.
Record retention_summary(const RetentionReport& report);

}  // namespace jobs
