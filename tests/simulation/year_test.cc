// A year of the appliance in virtual time: its own scheduler and jobs, a tenant that lives, nights
// on which no daemon runs, retention, prune, checks and drills.
#include "src/base/text.h"
#include "src/daemon/appliance.h"
#include "src/daemon/configuration.h"
#include "src/daemon/scheduler.h"
#include "src/jobs/drill_job.h"
#include "src/jobs/forget_job.h"
#include "src/jobs/job_log.h"
#include "src/jobs/job_runner.h"
#include "src/jobs/store_records.h"
#include "store/scrub.h"
#include "tests/simulation/dice.h"
#include "tests/support/catch.h"
#include "tests/support/simulated_tenant.h"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace {

using jobs::ExitStatus;
using std::chrono::hours;

constexpr const char* kConfiguration =
    "[store]\nurl = \"/srv/store\"\npassphrase_file = \"/srv/pass\"\n"
    "[tenant.\"contoso.com\"]\n"
    "tenant_id = \"contoso.example\"\n"
    "[tenant.\"contoso.com\".backup_app]\n"
    "client_id = \"b\"\n"
    "client_secret_file = \"/srv/secret\"\n"
    "[policy.nightly]\nschedule = \"02:00\"\n"
    "[policy.nightly.retention]\nkeep_daily = 7\nkeep_weekly = 4\nkeep_monthly = 12\n";

std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): nobody sets it
  if (text == nullptr) return otherwise;
  std::uint64_t number = 0;
  const std::string_view digits{text};
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

// What 7 daily, 4 weekly and 12 monthly keep of times that all stand for complete points: written
// for this test, by another way than the planner's.
std::set<base::Instant> kept_of(const std::set<base::Instant>& times) {
  std::set<base::Instant> kept;
  const auto keep = [&](std::size_t count, auto bucket_of) {
    std::map<std::int64_t, base::Instant> newest;
    for (const base::Instant time : times) newest[bucket_of(time)] = time;
    for (auto bucket = newest.rbegin(); bucket != newest.rend() && count > 0; ++bucket, --count) {
      kept.insert(bucket->second);
    }
  };
  const auto day_of = [](base::Instant time) {
    return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
  };
  keep(7, day_of);
  keep(4, [&](base::Instant time) { return (day_of(time) + 3) / 7; });  // 1970 began on a Thursday
  keep(12, [](base::Instant time) {
    const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(time)};
    return int{date.year()} * 12 + static_cast<int>(unsigned{date.month()});
  });
  return kept;
}

class Year {
 public:
  explicit Year(const simulator::TenantPlan& plan)
      : configuration_(appliance::parse_configuration(kConfiguration, "/etc/coffer/coffer.toml")),
        tenant_(plan) {
    start();
  }
  ~Year() { runner_->stop(); }

  // As the daemon does.
  void start() {
    if (runner_) runner_->stop();
    runner_.reset();
    log_.reset();
    log_.emplace(folder_ / "jobs", jobs::JobLogLimits{});
    jobs::JobRunner::Settings settings;
    settings.lane_of = [](const jobs::JobOrder&) { return jobs::Lane::upkeep; };
    settings.execute = [this](const jobs::Job& job, jobs::JobControl& control) {
      return execute(job, control);
    };
    runner_.emplace(std::move(settings), *log_, clock());
    runner_->start();
    scheduler_.emplace(
        appliance::Scheduler::Settings{
            folder_ / "schedule",
            [](const std::vector<std::string>& words) {
              jobs::JobOrder order;
              order.words = words;
              order.command = words.front();
              return order;
            },
            [this] { return std::optional{repository().statistics().stored_bytes}; }},
        configuration_, *runner_, *log_, clock());
    run();
  }

  // Ticks until the scheduler has nothing to do, and everything that was ordered has ended.
  void run() {
    scheduler_->tick();
    for (;;) {
      std::vector<jobs::Job> ended;
      for (const jobs::Job& open : runner_->open_jobs()) {
        if (auto job = runner_->follow(open.id, [](const jobs::Told&) { return true; }, {}, {})) {
          ended.push_back(*std::move(job));
        }
      }
      if (ended.empty()) return;
      for (const jobs::Job& job : ended) {
        REQUIRE(job.end == jobs::JobEnd::complete);
        scheduler_->ended(job);
      }
    }
  }

  test::VirtualClock& clock() { return tenant_.repository().clock(); }
  store::Repository& repository() { return tenant_.repository().repository(); }
  test::SimulatedTenant& tenant() { return tenant_; }
  jobs::JobLog& log() { return *log_; }
  [[nodiscard]] std::uint64_t drilled() const { return drilled_; }
  [[nodiscard]] std::uint64_t scrubbed_bytes() const { return scrubbed_bytes_; }

 private:
  ExitStatus execute(const jobs::Job& job, jobs::JobControl& control) {
    const auto tell = [&](jobs::Record summary) {
      control.tell({jobs::Told::Kind::record, std::move(summary), {}});
    };
    const std::string& command = job.order.command;
    if (command == "backup") {
      for (const backup::MailboxReport& mailbox : tenant_.back_up_now().mailboxes) {
        if (mailbox.outcome != backup::Outcome::complete) return ExitStatus::partial;
      }
    } else if (command == "forget") {
      const auto policies = appliance::retention_policies(configuration_, job.order.policy);
      const auto plan = jobs::plan_retention_of(repository(), policies, clock().now());
      if (!jobs::confirmations(plan).empty()) return ExitStatus::usage;
      repository().forget(jobs::forgettings_of(plan));
    } else if (command == "prune") {
      repository().prune({}, {}, {});
    } else if (command == "drill") {
      restore::DrillProgress progress;
      const auto report = jobs::run_drill_job(repository(), {.items = 20, .seed = 1}, progress,
                                              [](const jobs::Record&) {}, {});
      if (!report.failures.empty()) return ExitStatus::corrupt;
      drilled_ += report.verified;
    } else {
      const bool scrubs = job.order.words.at(2) == "scrub";
      const auto report = scrubs ? store::scrub(tenant_.backend(), {}, clock(), {}, {})
                                 : repository().check(job.order.words.at(2) == "full"
                                                          ? store::CheckLevel::full
                                                          : store::CheckLevel::structure,
                                                      {}, {});
      if (!report.errors.empty()) return ExitStatus::corrupt;
      if (scrubs) scrubbed_bytes_ += report.bytes_read;
    }
    tell({{"type", "summary"}, {"command", command}, {"status", "complete"}});
    return ExitStatus::done;
  }

  test::TemporaryDirectory folder_;
  appliance::Configuration configuration_;
  test::SimulatedTenant tenant_;
  std::optional<jobs::JobLog> log_;
  std::optional<jobs::JobRunner> runner_;
  std::optional<appliance::Scheduler> scheduler_;
  std::uint64_t drilled_ = 0;
  std::uint64_t scrubbed_bytes_ = 0;
};

std::map<std::string, std::set<base::Instant>> shown(store::Repository& repository) {
  std::map<std::string, std::set<base::Instant>> times;
  for (const store::Snapshot& point : repository.snapshots()) {
    times[point.mailbox_id].insert(point.time);
  }
  return times;
}

// "catches up 3 missed runs"
std::uint64_t caught_up(const jobs::Job& job) {
  std::uint64_t missed = 0;
  constexpr std::string_view kBefore = "catches up ";
  const std::string_view reason = job.order.reason;
  if (reason.starts_with(kBefore)) {
    std::from_chars(reason.data() + kBefore.size(), reason.data() + reason.size(), missed);
  }
  return missed;
}

}  // namespace

TEST_CASE("a year of nights keeps what the rules say, in a store that does not grow without end",
          "[simulation][year]") {
  const std::uint64_t days = number_of("COFFER_YEAR_DAYS", 45);
  simulator::TenantPlan plan = test::small_tenant_plan(7, 60);
  plan.mailboxes = number_of("COFFER_YEAR_MAILBOXES", 5);
  plan.items = plan.mailboxes * 30;
  plan.bytes = plan.items * 3'000;
  Year year{plan};
  simulation::Dice dice{11};
  const base::Instant noon = std::chrono::floor<std::chrono::days>(year.clock().now()) + hours{36};
  year.clock().set(noon);
  year.start();

  auto expected = shown(year.repository());
  const std::size_t before =
      year.log()
          .list({}, 100'000, [](const jobs::Job& job) { return job.order.command == "backup"; })
          .size();
  std::uint64_t nights_without = 0;
  std::uint64_t most_bytes = 0;
  for (std::uint64_t day = 1; day <= days; ++day) {
    year.tenant().live_one_day();
    const base::Instant night = noon + std::chrono::days{day} - hours{10};
    // At times nothing runs for some nights; the last one is caught up when it is there again.
    const bool is_down = day < days && dice.below(12) == 0;
    year.clock().set(night);
    if (is_down) {
      ++nights_without;
      continue;
    }
    year.start();
    const auto points = shown(year.repository());
    for (const auto& [mailbox, times] : points) {
      expected[mailbox].insert(*times.rbegin());
      expected[mailbox] = kept_of(expected[mailbox]);
    }
    for (const auto& [mailbox, times] : points) {
      std::string told = base::text("day ", day, ", kept:");
      for (const base::Instant time : times) told += " " + base::format_rfc3339(time);
      told += "; expected:";
      for (const base::Instant time : expected[mailbox]) told += " " + base::format_rfc3339(time);
      INFO(told);
      REQUIRE(times == expected[mailbox]);
    }
    year.clock().set(night + hours{10});
    year.run();
    most_bytes = std::max(most_bytes, year.repository().statistics().stored_bytes);
  }

  std::uint64_t runs = 0;
  std::uint64_t missed = 0;
  for (const jobs::Job& job : year.log().list({}, 100'000)) {
    if (job.order.command != "backup") continue;
    ++runs;
    missed += caught_up(job);
  }
  CHECK(runs + nights_without == days + before);
  CHECK(missed == nights_without);
  CHECK(year.drilled() > 0);
  CHECK(year.scrubbed_bytes() > 0);
  CHECK(year.repository().check(store::CheckLevel::full, {}, {}).errors.empty());
  // Bounded: what is dead is never more than what is alive.
  store::MemoryBackend fresh;
  store::Repository::Settings settings = year.tenant().repository().settings();
  test::TemporaryDirectory index;
  settings.index = index / "index";
  store::Repository::prepare_second(year.tenant().backend(), fresh, settings,
                                    year.tenant().repository().passphrase());
  const auto second = store::Repository::open(
      fresh, settings, year.tenant().repository().passphrase(), store::Access::write, year.clock());
  year.repository().copy_to(*second, {}, {}, {});
  const std::uint64_t alive = second->statistics().stored_bytes;
  CHECK(year.repository().statistics().stored_bytes <= 2 * alive);
  WARN(days << " days, " << plan.mailboxes << " mailboxes: " << runs << " runs, " << nights_without
            << " nights without, " << missed << " caught up; the store had "
            << base::human_bytes(most_bytes) << " at most, "
            << base::human_bytes(year.repository().statistics().stored_bytes)
            << " in the end, of which " << base::human_bytes(alive) << " are alive; "
            << year.drilled() << " items drilled");
}
