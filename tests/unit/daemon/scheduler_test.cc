#include "src/daemon/scheduler.h"

#include "src/base/text.h"
#include "tests/support/catch.h"
#include "tests/unit/jobs/job_runner_fixture.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

using jobs::ExitStatus;
using jobs::JobState;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

constexpr const char* kStore = "[store]\nurl = \"/srv/store\"\npassphrase_file = \"/srv/pass\"\n";
constexpr const char* kTenant =
    "[tenant.contoso]\n"
    "tenant_id = \"contoso.example\"\n"
    "[tenant.contoso.backup_app]\n"
    "client_id = \"b\"\n"
    "client_secret_file = \"/srv/secret\"\n";
constexpr const char* kNightly = "[policy.nightly]\nschedule = \"02:00\"\n";

base::Instant at(const char* text) { return base::parse_rfc3339(text).value(); }

// A scheduler over real jobs, whose commands end at once unless the test holds them.
class Days {
 public:
  explicit Days(const std::string& policies, const char* begin = "2026-11-02T12:00:00Z")
      : configuration_(appliance::parse_configuration(std::string{kStore} + kTenant + policies,
                                                      "/etc/coffer/coffer.toml")) {
    jobs.clock().set(at(begin));
    for (const char* title : {"backup", "restore", "upkeep"}) succeed(title);
    jobs.runner().start();
    open();
  }
  ~Days() { jobs.runner().stop(); }

  void succeed(const std::string& title) {
    jobs.scripts[title] = [](const jobs::Job&, jobs::JobControl& control) {
      control.tell({jobs::Told::Kind::record,
                    jobs::Record{{"type", "summary"}, {"status", "complete"}, {"errors", 0u}},
                    {}});
      return ExitStatus::done;
    };
  }
  void hold(const std::string& title) { jobs.scripts.erase(title); }

  // As a restart of the daemon.
  void open() {
    scheduler_.emplace(appliance::Scheduler::Settings{
                           folder_ / "schedule",
                           [](const std::vector<std::string>& words) { return order_of(words); },
                           [] { return std::optional<std::uint64_t>{1 << 30}; }},
                       configuration_, jobs.runner(), jobs.log(), jobs.clock());
    scheduler_->tick();
  }
  void reload(const std::string& policies) {
    scheduler_->reload(appliance::parse_configuration(std::string{kStore} + kTenant + policies,
                                                      "/etc/coffer/coffer.toml"));
    scheduler_->tick();
  }
  // The clock goes on, with ticks as often as the scheduler asks for them.
  void until(const char* end) {
    while (jobs.clock().now() < at(end)) {
      const base::Instant wake = scheduler_->tick();
      settle();
      jobs.clock().set(
          std::min(std::max(wake, jobs.clock().now() + std::chrono::seconds{1}), at(end)));
    }
    scheduler_->tick();
    settle();
  }
  // Waits for what runs by itself, and lets the scheduler hear of it.
  void settle() {
    for (;;) {
      const auto all = jobs.log().list({}, 10'000);
      bool waited = false;
      for (const jobs::Job& job : all) {
        if (job.state == JobState::ended || !jobs.scripts.contains(job.order.title)) continue;
        jobs.wait_for(job.id, JobState::ended);
        waited = true;
      }
      for (auto job = all.rbegin(); job != all.rend(); ++job) {
        if (job->state == JobState::ended && told_.insert(job->id).second) scheduler_->ended(*job);
      }
      if (!waited) return;
    }
  }

  // Command and time of all jobs so far, oldest first.
  std::vector<std::string> ordered(const std::string& command) {
    std::vector<std::string> all;
    for (const jobs::Job& job : jobs.log().list({}, 10'000)) {
      if (job.order.command == command) all.push_back(base::format_rfc3339(job.queued));
    }
    return {all.rbegin(), all.rend()};
  }
  std::vector<std::string> words_of_upkeep() {
    std::vector<std::string> all;
    for (const jobs::Job& job : jobs.log().list({}, 10'000)) {
      if (job.order.title != "upkeep" || job.order.command == "forget") continue;
      std::string words;
      for (const std::string& word : job.order.words) words += (words.empty() ? "" : " ") + word;
      all.push_back(words);
    }
    return {all.rbegin(), all.rend()};
  }

  appliance::Scheduler& scheduler() { return *scheduler_; }
  test::JobRunnerFixture jobs;

 private:
  static jobs::JobOrder order_of(const std::vector<std::string>& words) {
    jobs::JobOrder order;
    order.words = words;
    order.command = words.front();
    order.title = words.front() == "backup" ? "backup" : "upkeep";
    return order;
  }

  test::TemporaryDirectory folder_;
  appliance::Configuration configuration_;
  std::optional<appliance::Scheduler> scheduler_;
  std::set<std::string> told_;
};

}  // namespace

TEST_CASE("a policy runs at its times, and its retention after each run", "[daemon][scheduler]") {
  Days days{kNightly};
  days.until("2026-11-05T03:00:00Z");
  CHECK(days.ordered("backup") == std::vector<std::string>{"2026-11-03T02:00:00Z",
                                                           "2026-11-04T02:00:00Z",
                                                           "2026-11-05T02:00:00Z"});
  CHECK(days.ordered("forget").size() == 3);
}

TEST_CASE("a new policy is in the next run without a restart", "[daemon][scheduler]") {
  Days days{kNightly};
  days.reload(std::string{kNightly} + "[policy.noon]\nschedule = \"12:30\"\n");
  days.until("2026-11-03T03:00:00Z");
  CHECK(days.ordered("backup") ==
        std::vector<std::string>{"2026-11-02T12:30:00Z", "2026-11-03T02:00:00Z"});
}

TEST_CASE("runs that were missed while no daemon ran are caught up by one", "[daemon][scheduler]") {
  Days days{kNightly};
  days.until("2026-11-03T03:00:00Z");
  days.jobs.clock().set(at("2026-11-07T09:00:00Z"));
  days.open();
  days.until("2026-11-07T10:00:00Z");
  CHECK(days.ordered("backup") ==
        std::vector<std::string>{"2026-11-03T02:00:00Z", "2026-11-07T09:00:00Z"});
  CHECK(days.jobs.log()
            .list({}, 1, [](const jobs::Job& job) { return job.order.command == "backup"; })
            .front()
            .order.reason == "catches up 3 missed runs");
  days.open();
  days.until("2026-11-07T11:00:00Z");
  CHECK(days.ordered("backup").size() == 2);
}

TEST_CASE("while a run of the policy is on, no other begins, and that is told",
          "[daemon][scheduler]") {
  Days days{kNightly};
  days.hold("backup");
  days.until("2026-11-05T03:00:00Z");
  CHECK(days.ordered("backup").size() == 1);
  CHECK(days.scheduler().policies().front().missed ==
        std::vector{at("2026-11-04T02:00:00Z"), at("2026-11-05T02:00:00Z")});
  days.jobs.end(days.jobs.log()
                    .list({}, 1, [](const jobs::Job& job) { return job.order.command == "backup"; })
                    .front()
                    .id);
  days.succeed("backup");
  days.settle();
  days.until("2026-11-06T03:00:00Z");
  CHECK(days.ordered("backup").size() == 2);
  CHECK(days.scheduler().policies().front().missed.empty());
}

TEST_CASE("a run is paused outside its window and goes on in the next", "[daemon][scheduler]") {
  Days days{"[policy.nightly]\nschedule = \"22:00\"\nwindow = \"22:00-06:00\"\n"};
  days.hold("backup");
  days.until("2026-11-02T23:00:00Z");
  const std::string id = days.jobs.log().list({}, 1).front().id;
  days.jobs.wait_for_begin(id);
  days.until("2026-11-03T05:59:00Z");
  CHECK(days.jobs.job(id).state == JobState::running);
  days.until("2026-11-03T06:00:00Z");
  days.jobs.wait_for(id, JobState::paused);
  days.until("2026-11-03T21:59:00Z");
  CHECK(days.jobs.job(id).state == JobState::paused);
  days.until("2026-11-03T22:00:00Z");
  days.jobs.wait_for_begin(id, 2);
  CHECK(days.ordered("backup").size() == 1);
}

TEST_CASE("the store is kept up daily, and verified in full twice a year", "[daemon][scheduler]") {
  Days days{kNightly};
  days.until("2026-11-03T13:00:00Z");
  CHECK(days.words_of_upkeep() ==
        std::vector<std::string>{"prune", "check --level structure",
                                 "check --level scrub --rate 32MiB --limit-time 60s",
                                 "drill --items 20"});
  CHECK(days.scheduler().upkeep().structure);
  CHECK_FALSE(days.scheduler().upkeep().full);
  days.until("2027-11-04T13:00:00Z");
  std::size_t full = 0;
  for (const std::string& words : days.words_of_upkeep()) full += words == "check --level full";
  CHECK(full == 2);
  CHECK(days.scheduler().upkeep().full);
}

TEST_CASE("the promise of a policy is twice the longest gap between its runs",
          "[daemon][scheduler]") {
  struct Row {
    const char* schedule;
    std::optional<base::Duration> promised;
  };
  for (const Row& row : std::vector<Row>{{"schedule = \"02:00\"\n", hours{48}},
                                         {"schedule = [\"02:00\", \"14:00\"]\n", hours{24}},
                                         {"schedule = \"Mon..Fri 02:00\"\n", hours{2 * 72}},
                                         {"schedule = \"*:00/30\"\n", hours{1}},
                                         {"", std::nullopt}}) {
    CAPTURE(row.schedule);
    const auto configuration = appliance::parse_configuration(
        std::string{kStore} + kTenant + "[policy.p]\n" + row.schedule, "/etc/coffer/coffer.toml");
    const auto rules = appliance::run_rules(configuration.policies.front(), configuration.store);
    CHECK(appliance::promised_age(rules, at("2026-11-04T12:00:00Z")) == row.promised);
  }
}
