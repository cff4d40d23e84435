#include "src/jobs/retention_job.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>

namespace jobs {
namespace {

using SeriesKey = std::pair<store::TenantDomain, std::string>;  // tenant and mailbox id
using PolicyKey = std::pair<store::TenantDomain, std::string>;  // tenant and policy

std::map<SeriesKey, std::vector<store::Snapshot>> group(
    const std::vector<store::Snapshot>& snapshots) {
  std::map<SeriesKey, std::vector<store::Snapshot>> series;
  for (const store::Snapshot& snapshot : snapshots) {
    series[{snapshot.tenant, snapshot.mailbox_id}].push_back(snapshot);
  }
  for (auto& [key, points] : series) {
    std::sort(points.begin(), points.end(),
              [](const store::Snapshot& left, const store::Snapshot& right) {
                return std::tie(left.time, left.id) < std::tie(right.time, right.id);
              });
  }
  return series;
}

// `points`: oldest first, and at least one.
const std::string& deciding_policy(const std::vector<store::Snapshot>& points, base::Instant now) {
  const auto newest = std::find_if(points.rbegin(), points.rend(),
                                   [&](const store::Snapshot& point) { return point.time <= now; });
  return newest == points.rend() ? points.back().policy : newest->policy;
}

const RetentionPolicy* find(const std::vector<RetentionPolicy>& policies, const PolicyKey& key) {
  const auto found =
      std::find_if(policies.begin(), policies.end(), [&](const RetentionPolicy& policy) {
        return std::tie(policy.tenant, policy.name) == std::tie(key.first, key.second);
      });
  return found == policies.end() ? nullptr : &*found;
}

// Without a policy: without rules, so that all is kept.
schedules::RetentionPlan plan_series(const std::vector<store::Snapshot>& points,
                                     const IsHeld& is_held, const RetentionPolicy* policy,
                                     base::Instant now) {
  std::vector<schedules::SeriesPoint> series;
  for (const store::Snapshot& point : points) {
    series.push_back({point.id, point.time, point.complete, is_held(point)});
  }
  if (policy == nullptr) return schedules::plan_retention(series, {}, now);
  try {
    return schedules::plan_retention(series, policy->rules, now);
  } catch (base::Error& error) {
    error.add_context(base::text("planning the retention of policy ", policy->name));
    throw;
  }
}

std::vector<std::string> names_of(const std::vector<schedules::Reason>& reasons, bool has_policy) {
  std::vector<std::string> names;
  for (const schedules::Reason reason : reasons) {
    const bool lacks_policy = reason == schedules::Reason::no_rules && !has_policy;
    names.emplace_back(lacks_policy ? "no-policy" : schedules::name(reason));
  }
  return names;
}

struct Totals {
  std::uint64_t mailboxes = 0;
  std::uint64_t points = 0;
  std::uint64_t removed = 0;
};

Totals totals_of(const RetentionReport& report) {
  Totals totals;
  for (const PolicyOutcome& outcome : report.outcomes) {
    totals.mailboxes += outcome.summary.mailboxes;
    totals.points += outcome.summary.points;
    totals.removed += outcome.summary.removed;
  }
  return totals;
}

Record outcome_record(const PolicyOutcome& outcome) {
  return Record{{"tenant", outcome.tenant.name},
                {"policy", text_or_null(outcome.policy)},
                {"configured", outcome.configured},
                {"mailboxes", outcome.summary.mailboxes},
                {"snapshots", outcome.summary.points},
                {"kept", outcome.summary.points - outcome.summary.removed},
                {"removed", outcome.summary.removed},
                {"confirmation", text_or_null(outcome.summary.confirmation)}};
}

}  // namespace

RetentionReport plan_retention(const std::vector<store::Snapshot>& snapshots, const IsHeld& is_held,
                               const std::vector<RetentionPolicy>& policies, base::Instant now) {
  RetentionReport report;
  std::map<PolicyKey, std::vector<schedules::RetentionPlan>> plans;
  for (auto& [key, points] : group(snapshots)) {
    PlannedSeries series{key.first, key.second, deciding_policy(points, now), {}};
    const PolicyKey policy_key{series.tenant, series.policy};
    const RetentionPolicy* policy = find(policies, policy_key);
    schedules::RetentionPlan plan = plan_series(points, is_held, policy, now);
    for (std::size_t i = 0; i < points.size(); ++i) {
      const schedules::Verdict& verdict = plan.verdicts[i];
      series.points.push_back(
          {points[i], verdict.keep, names_of(verdict.reasons, policy != nullptr)});
    }
    plans[policy_key].push_back(std::move(plan));
    report.series.push_back(std::move(series));
  }
  for (const auto& [key, of_policy] : plans) {
    report.outcomes.push_back(
        {key.first, key.second, find(policies, key) != nullptr, schedules::summarize(of_policy)});
  }
  return report;
}

std::vector<std::string> confirmations(const RetentionReport& report) {
  std::vector<std::string> sentences;
  for (const PolicyOutcome& outcome : report.outcomes) {
    if (outcome.summary.confirmation.empty()) continue;
    sentences.push_back(base::text("policy ", outcome.policy, " of tenant ", outcome.tenant.name,
                                   ": ", outcome.summary.confirmation));
  }
  return sentences;
}

std::vector<Record> retention_records(const RetentionReport& report) {
  std::vector<Record> records;
  for (const PlannedSeries& series : report.series) {
    for (const PlannedPoint& point : series.points) {
      records.push_back(Record{{"type", "retention"},
                               {"id", point.snapshot.id},
                               {"mailbox", point.snapshot.address},
                               {"mailbox_id", series.mailbox_id},
                               {"time", point.snapshot.time},
                               {"complete", point.snapshot.complete},
                               {"keep", point.keep},
                               {"reasons", Value::List{point.reasons.begin(), point.reasons.end()}},
                               {"policy", text_or_null(series.policy)},
                               {"tenant", series.tenant.name}});
    }
  }
  return records;
}

Record retention_summary(const RetentionReport& report) {
  const Totals totals = totals_of(report);
  Value::List policies;
  for (const PolicyOutcome& outcome : report.outcomes) policies.push_back(outcome_record(outcome));
  const std::vector<std::string> sentences = confirmations(report);
  return Record{{"type", "summary"},
                {"command", "forget"},
                {"mailboxes", totals.mailboxes},
                {"snapshots", totals.points},
                {"kept", totals.points - totals.removed},
                {"removed", totals.removed},
                {"confirmation", Value::List{sentences.begin(), sentences.end()}},
                {"policies", std::move(policies)}};
}

}  // namespace jobs
