#include "src/daemon/scheduler.h"

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "src/daemon/record_fields.h"
#include "src/daemon/verification.h"
#include "src/jobs/audit_log.h"
#include "src/jobs/progress.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace appliance {
namespace {

constexpr base::Duration kLongestSleep = std::chrono::hours{1};
// Of a policy's starts that are looked at for the longest gap between two.
constexpr base::Duration kLookAhead = std::chrono::days{35};
constexpr std::size_t kMostLooked = 2000;
constexpr std::size_t kMostMissedTold = 20;
// A scrub reads this much a second, and all of the store within so many days.
constexpr std::uint64_t kScrubRate = std::uint64_t{32} << 20;
constexpr int kScrubDays = 30;
constexpr base::Duration kFullEvery = std::chrono::days{180};
constexpr int kDrilledItems = 20;

std::vector<schedules::CalendarEvent> events_of(const std::vector<std::string>& texts,
                                                const std::string& timezone) {
  const schedules::TimeZone zone{timezone};
  std::vector<schedules::CalendarEvent> events;
  for (const std::string& text : texts) events.emplace_back(text, zone);
  return events;
}

schedules::RunRules upkeep_rules(const ServiceSettings& service) {
  return {events_of(service.upkeep, service.timezone),
          schedules::Windows{{}, schedules::TimeZone{service.timezone}},
          {},
          "upkeep"};
}

bool is_run_of(const jobs::Job& job, const std::string& policy) {
  return job.order.command == "backup" && job.order.policy == policy &&
         job.order.occurrence.has_value();
}

// What the log of jobs says was served: newer than what the file says if the process was killed
// between the two.
std::optional<base::Instant> served_by_log(const jobs::JobLog& log,
                                           const std::function<bool(const jobs::Job&)>& is_one) {
  const auto newest = log.list({}, 1, is_one);
  if (newest.empty()) return std::nullopt;
  return newest.front().order.occurrence;
}

jobs::Record read_remembered(const std::filesystem::path& file) {
  try {
    return jobs::decode_record(base::read_file(file));
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::not_found) {
      base::log(base::LogLevel::warning,
                "the schedule goes by the log of jobs alone: ", error.what());
    }
    return {};
  }
}

std::vector<base::Instant> missed_in(const jobs::Record& record) {
  std::vector<base::Instant> missed;
  const jobs::Value::List* list = list_in(record, "missed");
  if (list == nullptr) return missed;
  for (const jobs::Value& each : *list) {
    const auto* text = std::get_if<std::string>(&each.content());
    if (const auto time = text ? base::parse_rfc3339(*text) : std::nullopt) missed.push_back(*time);
  }
  return missed;
}

// What is remembered of one policy.
struct Remembered {
  std::optional<base::Instant> served_through;
  std::vector<base::Instant> missed;
};

Remembered remembered_of(const jobs::Record& all, const std::string& policy) {
  const jobs::Record* policies = record_in(all, "policies");
  const jobs::Record* known = policies == nullptr ? nullptr : record_in(*policies, policy);
  if (known == nullptr) return {};
  return {instant_in(*known, "served_through"), missed_in(*known)};
}

PolicySchedule schedule_of(const PolicySettings& policy, const schedules::RunRules& rules,
                           const Remembered& remembered, base::Instant now) {
  PolicySchedule told;
  told.policy = policy.name;
  told.tenant = policy.tenant;
  told.calendar = policy.schedule;
  told.timezone = policy.timezone;
  told.window = policy.window;
  told.window_open = rules.windows.is_open(now);
  const auto plan = schedules::plan_runs(rules, remembered.served_through, now);
  if (plan.next) told.next = plan.next->start;
  told.missed = remembered.missed;
  return told;
}

// The newest one that came to a result.
std::optional<jobs::Job> newest(const jobs::JobLog& log, jobs::Verification verification) {
  auto found = log.list({}, 1, [&](const jobs::Job& job) {
    return verification_of(job) == verification && came_to_a_result(job);
  });
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

}  // namespace

schedules::RunRules run_rules(const PolicySettings& policy, const StoreSettings& store) {
  return {events_of(policy.schedule, policy.timezone),
          schedules::Windows{policy.window, schedules::TimeZone{policy.timezone}}, policy.jitter,
          base::text(policy.name, " ", store.directory.string())};
}

std::optional<base::Duration> promised_age(const schedules::RunRules& rules, base::Instant now) {
  if (rules.schedule.empty()) return std::nullopt;
  std::optional<base::Instant> served = now;
  std::optional<base::Instant> before;
  base::Duration longest{0};
  for (std::size_t i = 0; i < kMostLooked; ++i) {
    const auto plan = schedules::plan_runs(rules, served, *served);
    if (!plan.next) break;
    if (before) longest = std::max(longest, plan.next->start - *before);
    before = plan.next->start;
    if (*before > now + kLookAhead) break;
    served = std::max(plan.next->occurrence, plan.next->start);
  }
  if (longest <= base::Duration{0}) return std::nullopt;
  return 2 * longest;
}

jobs::Record schedule_record(const PolicySchedule& policy, jobs::Value last) {
  const jobs::Value::List calendar{policy.calendar.begin(), policy.calendar.end()};
  const jobs::Value::List window{policy.window.begin(), policy.window.end()};
  const jobs::Value::List missed{policy.missed.begin(), policy.missed.end()};
  return {
      {"type", "schedule"},          {"policy", policy.policy}, {"tenant", policy.tenant},
      {"command", "backup"},         {"next", policy.next},     {"calendar", calendar},
      {"timezone", policy.timezone}, {"window", window},        {"window_open", policy.window_open},
      {"last", std::move(last)},     {"missed", missed}};
}

std::vector<PolicySchedule> read_schedules(const Configuration& configuration, base::Instant now) {
  const jobs::Record remembered = read_remembered(configuration.service.state / "schedule");
  std::vector<PolicySchedule> all;
  for (const PolicySettings& policy : configuration.policies) {
    all.push_back(schedule_of(policy, run_rules(policy, configuration.store),
                              remembered_of(remembered, policy.name), now));
  }
  return all;
}

Scheduler::Scheduler(Settings settings, const Configuration& configuration, jobs::JobRunner& runner,
                     jobs::JobLog& log, base::Clock& clock)
    : settings_(std::move(settings)), runner_(runner), log_(log), clock_(clock) {
  reload(configuration);
  const jobs::Record remembered = read_remembered(settings_.file);
  const auto later = [](std::optional<base::Instant> left, std::optional<base::Instant> right) {
    return left < right ? right : left;  // an empty one is before all
  };
  auto state = state_.lock();
  state->upkeep_served =
      later(instant_in(remembered, "upkeep"), served_by_log(log_, [](const jobs::Job& job) {
              return job.order.command != "backup" && job.order.occurrence.has_value();
            }));
  for (Policy& policy : state->policies) {
    const std::string& name = policy.settings.name;
    Remembered known = remembered_of(remembered, name);
    policy.served_through =
        later(known.served_through,
              served_by_log(log_, [&](const jobs::Job& job) { return is_run_of(job, name); }));
    policy.missed = std::move(known.missed);
  }
}

void Scheduler::reload(const Configuration& configuration) {
  const base::Instant now = clock_.now();
  std::vector<Policy> policies;
  for (const PolicySettings& settings : configuration.policies) {
    auto rules = run_rules(settings, configuration.store);
    const auto promised = promised_age(rules, now);
    policies.push_back({settings, std::move(rules), {}, {}, promised});
  }
  auto state = state_.lock();
  for (Policy& policy : policies) {
    const auto known = std::ranges::find_if(state->policies, [&](const Policy& old) {
      return old.settings.name == policy.settings.name;
    });
    if (known == state->policies.end()) continue;
    policy.served_through = known->served_through;
    policy.missed = std::move(known->missed);
  }
  state->policies = std::move(policies);
  state->promised_as_of = now;
  state->upkeep_rules = upkeep_rules(configuration.service);
}

base::Instant Scheduler::tick() {
  const base::Instant now = clock_.now();
  base::Instant wake = now + kLongestSleep;
  auto state = state_.lock();
  // Summer time and short months change what the longest gap is.
  if (state->promised_as_of + std::chrono::days{1} <= now) {
    for (Policy& policy : state->policies) policy.promised = promised_age(policy.rules, now);
    state->promised_as_of = now;
  }
  for (Policy& policy : state->policies) serve(*state, policy, now, wake);
  serve_upkeep(*state, now, wake);
  keep_windows(*state, now, wake);
  return wake;
}

void Scheduler::serve(State& state, Policy& policy, base::Instant now, base::Instant& wake) {
  const std::string& name = policy.settings.name;
  const auto plan = schedules::plan_runs(policy.rules, policy.served_through, now);
  if (plan.next) wake = std::min(wake, plan.next->start);
  if (plan.clock_set_back) {
    base::log(base::LogLevel::warning, "the clock was set back: policy '", name,
              "' goes by what it says now");
  }
  if (!plan.due) {
    if (policy.served_through == plan.served_through) return;
    policy.served_through = plan.served_through;
    write(state);
    return;
  }
  const auto open_jobs = runner_.open_jobs();
  if (std::ranges::any_of(open_jobs, [&](const auto& job) { return is_run_of(job, name); })) {
    // No two runs of a policy at once: what came due meanwhile is missed, not queued behind.
    policy.missed.push_back(plan.due->occurrence);
    base::log(base::LogLevel::warning, "policy '", name, "' was due at ",
              base::format_rfc3339(plan.due->occurrence),
              " and its last run is not at its end: nothing was started");
  } else {
    const std::string missed = jobs::counted(plan.due->missed, "missed run");
    if (plan.due->missed > 0) {
      base::log(base::LogLevel::warning, "policy '", name, "': one run catches up ", missed);
    }
    jobs::JobOrder order = settings_.order_of({"backup", base::text("--policy=", name)});
    order.by_name = "schedule";
    order.by = jobs::this_process();
    order.policy = name;
    order.occurrence = plan.due->occurrence;
    if (plan.due->missed > 0) order.reason = base::text("catches up ", missed);
    runner_.submit(order);
    policy.missed.clear();
  }
  if (policy.missed.size() > kMostMissedTold) policy.missed.erase(policy.missed.begin());
  policy.served_through = plan.due->occurrence;
  write(state);
}

void Scheduler::serve_upkeep(State& state, base::Instant now, base::Instant& wake) {
  if (!state.upkeep_rules) return;
  const auto plan = schedules::plan_runs(*state.upkeep_rules, state.upkeep_served, now);
  if (plan.next) wake = std::min(wake, plan.next->start);
  if (!plan.due) {
    if (state.upkeep_served == plan.served_through) return;
    state.upkeep_served = plan.served_through;
    write(state);
    return;
  }
  std::vector<std::vector<std::string>> all{{"prune"}};
  const auto last_full = newest(log_, jobs::Verification::full);
  const auto stored = settings_.stored_bytes();
  // A store is due for its first full check half a year after its first upkeep, not at once.
  const auto first = log_.list({}, 1, [&](const jobs::Job& job) {
    return job.order.command == "prune" && job.queued < now - kFullEvery;
  });
  const bool full_is_due = last_full ? last_full->queued < now - kFullEvery : !first.empty();
  all.push_back({"check", "--level", full_is_due ? "full" : "structure"});
  if (stored) {
    const auto seconds = std::max<std::uint64_t>(60, *stored / kScrubDays / kScrubRate * 5 / 4);
    all.push_back({"check", "--level", "scrub", "--rate", base::text(kScrubRate >> 20, "MiB"),
                   "--limit-time", base::text(seconds, "s")});
  }
  all.push_back({"drill", "--items", base::text(kDrilledItems)});
  for (const auto& words : all) {
    jobs::JobOrder order = settings_.order_of(words);
    order.by_name = "schedule";
    order.by = jobs::this_process();
    order.occurrence = plan.due->occurrence;
    // What waits from yesterday will do: a long check must not pile up others behind it.
    const auto open = runner_.open_jobs();
    const bool waits = std::ranges::any_of(
        open, [&](const jobs::Job& job) { return job.order.words == order.words; });
    if (!waits) runner_.submit(order);
  }
  log_.tidy(now);
  state.upkeep_served = plan.due->occurrence;
  write(state);
}

void Scheduler::keep_windows(State& state, base::Instant now, base::Instant& wake) {
  for (const jobs::Job& job : runner_.open_jobs()) {
    if (!job.order.occurrence || job.order.command != "backup") continue;
    const auto policy = std::ranges::find_if(
        state.policies, [&](const Policy& each) { return each.settings.name == job.order.policy; });
    // A policy that is gone has no window any more; what it began is brought to its end.
    const bool is_open = policy == state.policies.end() || policy->rules.windows.is_open(now);
    if (job.state == jobs::JobState::paused && is_open) runner_.resume(job.id);
    if (job.state == jobs::JobState::running && !is_open) runner_.pause(job.id);
    if (policy == state.policies.end()) continue;
    const auto& windows = policy->rules.windows;
    const auto change = is_open ? windows.next_closing(now) : windows.next_opening(now);
    if (change) wake = std::min(wake, *change);
  }
}

void Scheduler::ended(const jobs::Job& job) {
  if (job.order.command != "backup" || job.order.policy.empty() || !job.order.occurrence) return;
  if (job.end != jobs::JobEnd::complete && job.end != jobs::JobEnd::partial) return;
  jobs::JobOrder order = settings_.order_of({"forget", base::text("--policy=", job.order.policy)});
  order.by_name = "schedule";
  order.by = jobs::this_process();
  order.policy = job.order.policy;
  runner_.submit(order);
}

std::vector<PolicySchedule> Scheduler::policies() const {
  const base::Instant now = clock_.now();
  auto state = state_.lock();
  std::vector<PolicySchedule> all;
  for (const Policy& policy : state->policies) {
    all.push_back(
        schedule_of(policy.settings, policy.rules, {policy.served_through, policy.missed}, now));
  }
  return all;
}

std::optional<base::Duration> Scheduler::promised(const std::string& policy) const {
  auto state = state_.lock();
  const auto found = std::ranges::find_if(
      state->policies, [&](const Policy& each) { return each.settings.name == policy; });
  return found == state->policies.end() ? std::nullopt : found->promised;
}

Upkeep Scheduler::upkeep() const {
  Upkeep upkeep;
  const auto structure = newest(log_, jobs::Verification::structure);
  const auto scrub = newest(log_, jobs::Verification::scrub);
  const auto full = newest(log_, jobs::Verification::full);
  const auto drill = newest(log_, jobs::Verification::drill);
  const auto begun = [](const std::optional<jobs::Job>& job) {
    return job ? job->started : std::nullopt;
  };
  upkeep.full = begun(full);
  upkeep.scrub = begun(scrub);
  upkeep.drill = begun(drill);
  // A full check looks at the structure, too.
  const auto& newer = begun(structure) < begun(full) ? full : structure;
  upkeep.structure = begun(newer);
  for (const auto* job : {&newer, &scrub, &drill}) {
    if (*job) upkeep.errors += errors_found(**job);
  }
  return upkeep;
}

std::optional<base::Instant> Scheduler::next_upkeep() const {
  auto state = state_.lock();
  if (!state->upkeep_rules) return std::nullopt;
  const auto plan = schedules::plan_runs(*state->upkeep_rules, state->upkeep_served, clock_.now());
  return plan.next ? std::optional{plan.next->start} : std::nullopt;
}

void Scheduler::write(const State& state) const {
  jobs::Record policies;
  for (const Policy& policy : state.policies) {
    jobs::Value::List missed;
    for (const base::Instant each : policy.missed) missed.emplace_back(each);
    policies.set(policy.settings.name, jobs::Record{{"served_through", policy.served_through},
                                                    {"missed", std::move(missed)}});
  }
  const jobs::Record record{{"upkeep", state.upkeep_served}, {"policies", std::move(policies)}};
  try {
    base::replace_file(settings_.file, jobs::encode_record(record));
  } catch (const base::Error& error) {
    // The log of jobs knows what was served; a full disk must not keep the next backup from
    // running.
    base::log(base::LogLevel::warning, "the schedule is not remembered: ", error.what());
  }
}

}  // namespace appliance
