#include "src/daemon/status_view.h"

#include "src/base/error.h"
#include "src/daemon/record_fields.h"
#include "src/jobs/exit_status.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace appliance {
namespace {

constexpr base::Duration kWeek = std::chrono::days{7};
constexpr std::size_t kMostReasons = 100;

template <typename Each>
jobs::Value::List as_list(const std::vector<Each>& all) {
  return {all.begin(), all.end()};
}

const CountedMailbox* oldest_of(const std::vector<CountedMailbox>& mailboxes) {
  const CountedMailbox* oldest = nullptr;
  for (const CountedMailbox& mailbox : mailboxes) {
    const bool counts =
        mailbox.protection == Protection::is_protected || mailbox.protection == Protection::at_risk;
    if (!counts || !mailbox.last_good) continue;
    if (oldest == nullptr || *mailbox.last_good < *oldest->last_good) oldest = &mailbox;
  }
  return oldest;
}

jobs::Record counts_record(const std::vector<CountedMailbox>& mailboxes) {
  using enum Protection;
  jobs::Record record;
  for (const Protection protection : {is_protected, at_risk, unprotected, excluded, unsupported}) {
    record.set(name(protection),
               std::ranges::count(mailboxes, protection, &CountedMailbox::protection));
  }
  return record.set("total", mailboxes.size());
}

jobs::Value oldest_record(const std::vector<CountedMailbox>& mailboxes) {
  const CountedMailbox* oldest = oldest_of(mailboxes);
  if (oldest == nullptr) return {};
  return jobs::Record{
      {"mailbox", oldest->address},
      {"last_good_backup", oldest->last_good},
      {"promised_seconds", oldest->promised ? jobs::Value{seconds(*oldest->promised)} : nullptr}};
}

// How many mailboxes share a reason: one remedy often helps them all. Most first.
jobs::Value::List reasons(const std::vector<CountedMailbox>& mailboxes) {
  std::map<std::pair<Protection, std::string>, std::uint64_t> counts;
  for (const CountedMailbox& mailbox : mailboxes) {
    if (!mailbox.reason.empty()) ++counts[{mailbox.protection, mailbox.reason}];
  }
  std::vector<std::pair<std::pair<Protection, std::string>, std::uint64_t>> sorted{counts.begin(),
                                                                                   counts.end()};
  std::ranges::stable_sort(sorted, std::ranges::greater{},
                           [](const auto& each) { return each.second; });
  if (sorted.size() > kMostReasons) sorted.resize(kMostReasons);
  jobs::Value::List list;
  for (const auto& [what, count] : sorted) {
    list.emplace_back(
        jobs::Record{{"state", name(what.first)}, {"reason", what.second}, {"mailboxes", count}});
  }
  return list;
}

std::string error_message(const jobs::Job& job) {
  return job.error ? text_in(*job.error, "message") : std::string{};
}

}  // namespace

void add_mailboxes(const std::vector<CountedMailbox>& mailboxes, StandingFacts& facts) {
  const CountedMailbox* unprotected = nullptr;
  for (const CountedMailbox& mailbox : mailboxes) {
    switch (mailbox.protection) {
      case Protection::is_protected:
        ++facts.protected_mailboxes;
        break;
      case Protection::at_risk:
        ++facts.at_risk;
        break;
      case Protection::unprotected:
        ++(mailbox.policy.empty() ? facts.unselected : facts.without_backup);
        if (unprotected == nullptr) unprotected = &mailbox;
        break;
      case Protection::excluded:
      case Protection::unsupported:
        break;
    }
  }
  if (unprotected != nullptr) {
    facts.an_unprotected = unprotected->address;
    facts.an_unprotected_reason = unprotected->reason;
  }
  if (const CountedMailbox* oldest = oldest_of(mailboxes)) {
    facts.an_at_risk = oldest->address;
    facts.oldest_good = oldest->last_good;
  }
}

StandingFacts StatusView::facts(const std::vector<CountedMailbox>& mailboxes) {
  StandingFacts facts;
  facts.now = parts_.clock.now();
  facts.damage = parts_.upkeep().errors;
  facts.store_problem = parts_.why_not_ready();
  facts.full_on = full_on(parts_.trend.points(), facts.now);
  facts.has_looked = parts_.census.looked().has_value();
  add_mailboxes(mailboxes, facts);
  if (const auto run = jobs_.last_of("backup")) {
    facts.has_backed_up = true;
    using jobs::JobEnd;
    facts.last_run_failed = run->end == JobEnd::failed || run->end == JobEnd::partial ||
                            run->end == JobEnd::interrupted;
    facts.is_store_full = run->exit_status == jobs::number(jobs::ExitStatus::full);
    facts.last_run = run->order.title;
    facts.last_run_ended = run->ended;
    facts.last_run_problems = run->problems;
    facts.last_run_error = error_message(*run);
  }
  for (const PolicySchedule& policy : parts_.policies()) {
    facts.has_schedule = facts.has_schedule || !policy.calendar.empty();
    if (policy.next && (!facts.next_run || *policy.next < *facts.next_run)) {
      facts.next_run = policy.next;
    }
  }
  facts.alerts_open = static_cast<std::uint64_t>(std::ranges::count_if(
      parts_.alerts(), [](const jobs::Record& alert) { return !instant_in(alert, "closed"); }));
  return facts;
}

jobs::Record StatusView::throttled(const std::optional<jobs::Job>& last_run) const {
  const base::Instant from = parts_.clock.now() - kWeek;
  double week = 0;
  const auto add = [&](const jobs::Job& job) {
    const bool counts = job.summary && job.ended && *job.ended >= from;
    if (counts) week += number_in(*job.summary, "throttled_seconds");
    return false;
  };
  // Nothing is listed: the log is only walked through.
  static_cast<void>(parts_.log.list("", 1, add));
  const bool has_summary = last_run && last_run->summary;
  return jobs::Record{
      {"last_run_seconds", has_summary ? number_in(*last_run->summary, "throttled_seconds") : 0.0},
      {"week_seconds", week}};
}

jobs::Record StatusView::status() {
  std::shared_ptr<const std::vector<CountedMailbox>> mailboxes;
  try {
    mailboxes = parts_.census.mailboxes();
  } catch (const base::Error&) {
    // The store was never open: the sentence says so, and nothing is known of the mailboxes.
    mailboxes = std::make_shared<const std::vector<CountedMailbox>>();
  }
  const StandingFacts facts = this->facts(*mailboxes);
  const Standing standing = standing_of(facts);
  const auto last_run = jobs_.last_of("backup");
  jobs::Value::List running;
  for (const jobs::Job& job : parts_.runner.open_jobs()) running.emplace_back(jobs_.record(job));
  jobs::Value::List next_runs;
  for (jobs::Record& run : schedule()) {
    if (instant_in(run, "next")) next_runs.emplace_back(std::move(run));
  }
  return jobs::Record{{"type", "status"},
                      {"time", facts.now},
                      {"version", parts_.version},
                      {"state", name(standing.state)},
                      {"sentence", standing.sentence},
                      {"action", jobs::text_or_null(standing.action)},
                      {"mailboxes", counts_record(*mailboxes)},
                      {"reasons", reasons(*mailboxes)},
                      {"discovered", parts_.census.looked()},
                      {"oldest", oldest_record(*mailboxes)},
                      {"last_run", last_run ? jobs::Value{jobs_.record(*last_run)} : nullptr},
                      {"running", std::move(running)},
                      {"next_runs", std::move(next_runs)},
                      {"store", store_.store_record()},
                      {"throttled", throttled(last_run)},
                      {"verification", store_.verification_record()},
                      {"alerts_open", facts.alerts_open}};
}

std::vector<jobs::Record> StatusView::schedule() {
  const auto last = [&](const std::string& command, const std::string& policy) {
    const auto job = jobs_.last_of(command, policy);
    return job ? jobs::Value{jobs_.record(*job)} : jobs::Value{};
  };
  std::vector<std::pair<std::optional<base::Instant>, jobs::Record>> runs;
  for (const PolicySchedule& policy : parts_.policies()) {
    runs.emplace_back(policy.next, schedule_record(policy, last("backup", policy.policy)));
  }
  const ServiceSettings service = parts_.resources.configuration().service;
  runs.emplace_back(parts_.next_upkeep(), jobs::Record{{"type", "schedule"},
                                                       {"policy", nullptr},
                                                       {"tenant", nullptr},
                                                       {"command", "check"},
                                                       {"next", parts_.next_upkeep()},
                                                       {"calendar", as_list(service.upkeep)},
                                                       {"timezone", service.timezone},
                                                       {"window", jobs::Value::List{}},
                                                       {"window_open", true},
                                                       {"last", last("check", {})},
                                                       {"missed", jobs::Value::List{}}});
  std::ranges::stable_sort(runs, [](const auto& left, const auto& right) {
    return left.first.value_or(base::Instant::max()) < right.first.value_or(base::Instant::max());
  });
  std::vector<jobs::Record> records;
  for (auto& [next, record] : runs) records.push_back(std::move(record));
  return records;
}

}  // namespace appliance
