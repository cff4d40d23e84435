#include "src/daemon/alert_facts.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "src/daemon/record_fields.h"
#include "src/daemon/verification.h"
#include "src/graph/tenant.h"
#include "src/jobs/exit_status.h"
#include "src/jobs/forget_job.h"
#include "src/jobs/told.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

namespace appliance {
namespace {

constexpr std::size_t kRunsLookedAt = 200;

base::Duration seconds_in(const jobs::Record& record, std::string_view field) {
  return base::Duration{static_cast<std::int64_t>(number_in(record, field) * 1000)};
}

jobs::RunFact run_fact(const jobs::Job& job) {
  jobs::RunFact fact;
  fact.policy = job.order.policy;
  fact.title = job.order.title;
  fact.ended = job.ended.value_or(job.queued);
  fact.end = job.end.value_or(jobs::JobEnd::failed);
  fact.problems = job.problems;
  if (job.error) fact.error = text_in(*job.error, "message");
  return fact;
}

std::vector<jobs::VerificationFact> verification_facts(const jobs::JobLog& log) {
  std::vector<jobs::VerificationFact> facts;
  const auto is_one = [](const jobs::Job& job) {
    return verification_of(job) && came_to_a_result(job);
  };
  for (const jobs::Job& job : log.list({}, kRunsLookedAt, is_one)) {
    const bool is_drill = job.order.command == "drill";
    // A check that could not even begin has found nothing; why is its own job's matter.
    if (!is_drill && record_in(*job.summary, "packs") == nullptr &&
        job.summary->find("packs") != nullptr &&
        std::holds_alternative<std::nullptr_t>(job.summary->find("packs")->content())) {
      continue;
    }
    facts.push_back({*verification_of(job), job.ended.value_or(job.queued), errors_found(job),
                     count_in(*job.summary, "healed"), count_in(*job.summary, "packs_left") == 0});
  }
  return facts;
}

std::optional<jobs::StoreFact> store_fact(const std::filesystem::path& directory,
                                          const Trend& trend) {
  std::error_code failure;
  const auto space = std::filesystem::space(directory, failure);
  if (failure) return std::nullopt;
  return jobs::StoreFact{space.available, space.capacity, growth_per_day(trend.points())};
}

// Empty where nobody can tell, because the store is not open.
std::optional<std::vector<jobs::MailboxFact>> mailbox_facts(Census& census) {
  if (!census.looked()) return std::nullopt;
  try {
    std::vector<jobs::MailboxFact> facts;
    for (const CountedMailbox& mailbox : *census.mailboxes()) {
      if (mailbox.policy.empty() || mailbox.mailbox_id.empty() || !mailbox.promised) continue;
      facts.push_back({mailbox.address, mailbox.policy, mailbox.last_good, mailbox.seen_first,
                       *mailbox.promised});
    }
    return facts;
  } catch (const base::Error& error) {
    base::log(base::LogLevel::info, "who is overdue is not known: ", error.what());
    return std::nullopt;
  }
}

}  // namespace

std::optional<jobs::ChangeFact> change_fact(const jobs::Record& mailbox,
                                            std::uint64_t items_before) {
  const jobs::Record* items = record_in(mailbox, "items");
  if (items == nullptr || items_before == 0) return std::nullopt;
  const std::uint64_t unchanged = std::min(count_in(*items, "unchanged"), items_before);
  const std::uint64_t other = items_before - unchanged;
  jobs::ChangeFact fact;
  fact.mailbox = text_in(mailbox, "mailbox");
  fact.items_before = items_before;
  fact.changed = std::min(count_in(*items, "stored"), other);
  fact.removed = other - fact.changed;
  return fact;
}

AlertFactsOf::AlertFactsOf(jobs::JobLog& log, Scheduler& scheduler, Census& census, Trend& trend,
                           SharedResources& resources, base::Clock& clock)
    : log_(log),
      scheduler_(scheduler),
      census_(census),
      trend_(trend),
      resources_(resources),
      clock_(clock) {
  for (const char* command : {"backup", "forget"}) {
    for (const jobs::Job& job : last_of(command)) ended(job);
  }
}

// The last ended one of each policy.
std::vector<jobs::Job> AlertFactsOf::last_of(const std::string& command) const {
  std::set<std::string> seen;
  std::vector<jobs::Job> last;
  for (jobs::Job& job : log_.list({}, kRunsLookedAt, [&](const jobs::Job& each) {
         return each.order.command == command && !each.order.policy.empty() &&
                each.state == jobs::JobState::ended;
       })) {
    if (seen.insert(job.order.policy).second) last.push_back(std::move(job));
  }
  return last;
}

void AlertFactsOf::ended(const jobs::Job& job) {
  if (job.order.policy.empty()) return;
  try {
    if (job.order.command == "backup") backup_ended(job);
    if (job.order.command == "forget") retention_ended(job);
  } catch (const base::Error& error) {
    base::log(base::LogLevel::warning, "what came of job ", job.id,
              " is not judged: ", error.what());
  }
}

void AlertFactsOf::retention_ended(const jobs::Job& job) {
  const std::string& name = job.order.policy;
  // It asks for agreement where much would go at once.
  if (job.exit_status != jobs::number(jobs::ExitStatus::usage)) {
    known_.lock()->retention.erase(name);
    return;
  }
  const auto policies = retention_policies(resources_.configuration(), name);
  const auto store = resources_.open_store(store::Access::read);
  const auto plan = jobs::plan_retention_of(store->repository(), policies, clock_.now());
  for (const jobs::PolicyOutcome& outcome : plan.outcomes) {
    if (outcome.policy != name || outcome.summary.confirmation.empty()) continue;
    known_.lock()->retention[name] = {name, outcome.summary.points, outcome.summary.removed};
  }
}

void AlertFactsOf::backup_ended(const jobs::Job& job) {
  const auto store = resources_.open_store(store::Access::read);
  std::map<std::string, std::vector<store::Snapshot>> points;  // by mailbox, by time
  for (store::Snapshot& point : store->repository().snapshots()) {
    points[point.mailbox_id].push_back(std::move(point));
  }
  std::vector<jobs::ChangeFact> changes;
  log_.read_output(job.id, 0, [&](const jobs::Told& told) {
    if (!told.record || text_in(*told.record, "type") != "mailbox") return true;
    const std::string made = text_in(*told.record, "snapshot");
    const auto& of_mailbox = points[text_in(*told.record, "mailbox_id")];
    const auto now = std::ranges::find(of_mailbox, made, &store::Snapshot::id);
    if (now == of_mailbox.end() || now == of_mailbox.begin()) return true;
    if (auto fact = change_fact(*told.record, std::prev(now)->items)) {
      fact->policy = job.order.policy;
      fact->time = now->time;
      changes.push_back(*std::move(fact));
    }
    return true;
  });
  known_.lock()->changes[job.order.policy] = std::move(changes);
}

void AlertFactsOf::ask_tenants(const std::stop_token& stop) {
  const Configuration configuration = resources_.configuration();
  for (const TenantConfiguration& settings : configuration.tenants) {
    try {
      const auto tenant = resources_.open_tenant(settings, OpenTenant::Apps::backup);
      for (const graph::App app : {graph::App::backup, graph::App::restore}) {
        if (app == graph::App::restore && !tenant->service().has_restore_app()) continue;
        const graph::SignInReport report = tenant->service().probe_sign_in(app, stop);
        auto known = known_.lock();
        if (report.clock_skew) known->clocks[settings.name] = {settings.name, *report.clock_skew};
        if (!report.certificate_ends) continue;
        const std::string name =
            base::text("certificate of the ", graph::name(app), " (", settings.name, ")");
        known->credentials[name] = {name, *report.certificate_ends};
      }
    } catch (const base::Error& error) {
      if (error.kind() == base::ErrorKind::cancelled) return;
      base::log(base::LogLevel::warning, "tenant '", settings.name,
                "' was not asked for its clock: ", error.what());
    }
  }
}

jobs::AlertFacts AlertFactsOf::facts(const std::string& store_problem) {
  const Configuration configuration = resources_.configuration();
  jobs::AlertFacts facts;
  facts.store_problem = store_problem;
  facts.store = store_fact(configuration.store.directory, trend_);
  facts.verifications = verification_facts(log_);
  auto& runs = facts.runs.emplace();
  auto& throttling = facts.throttling.emplace();
  for (const jobs::Job& job : log_.list({}, kRunsLookedAt, [](const jobs::Job& each) {
         return each.order.command == "backup" && !each.order.policy.empty() &&
                each.state == jobs::JobState::ended;
       })) {
    runs.push_back(run_fact(job));
  }
  for (const jobs::Job& job : last_of("backup")) {
    if (!job.summary) continue;
    const jobs::Record* mailboxes = record_in(*job.summary, "mailboxes");
    std::uint64_t count = 0;
    for (const char* outcome : {"complete", "partial", "failed"}) {
      if (mailboxes != nullptr) count += count_in(*mailboxes, outcome);
    }
    throttling.push_back(
        {job.order.policy, seconds_in(*job.summary, "throttled_seconds"),
         seconds_in(*job.summary, "seconds"),
         std::clamp<std::uint64_t>(count, 1, concurrent_mailboxes(configuration.limits))});
  }
  auto& missed = facts.missed.emplace();
  for (const PolicySchedule& policy : scheduler_.policies()) {
    missed.push_back({policy.policy, policy.missed});
  }
  facts.mailboxes = mailbox_facts(census_);
  auto known = known_.lock();
  auto& retention = facts.retention.emplace();
  for (const auto& [policy, waiting] : known->retention) retention.push_back(waiting);
  auto& changes = facts.changes.emplace();
  for (const auto& [policy, of_policy] : known->changes) {
    changes.insert(changes.end(), of_policy.begin(), of_policy.end());
  }
  if (!known->clocks.empty()) {
    auto& clocks = facts.clocks.emplace();
    for (const auto& [tenant, clock] : known->clocks) clocks.push_back(clock);
  }
  if (!known->credentials.empty()) {
    auto& credentials = facts.credentials.emplace();
    for (const auto& [name, credential] : known->credentials) credentials.push_back(credential);
  }
  return facts;
}

}  // namespace appliance
