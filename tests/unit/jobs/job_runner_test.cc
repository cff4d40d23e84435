#include "src/jobs/job_runner.h"

#include "src/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/failure.h"
#include "tests/unit/jobs/job_runner_fixture.h"

#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using base::Error;
using base::ErrorKind;
using jobs::ExitStatus;
using jobs::JobEnd;
using jobs::JobState;
using test::JobRunnerFixture;

jobs::Told record(const jobs::Record& record) { return {jobs::Told::Kind::record, record, ""}; }

}  // namespace

TEST_CASE("a job runs when the runner was started, and says how it ended", "[jobs][runner]") {
  JobRunnerFixture fixture;
  const std::string id = fixture.submit("backup");
  CHECK(fixture.begun().empty());
  fixture.runner().start();
  fixture.wait_for_begin(id);
  CHECK(fixture.job(id).state == JobState::running);
  CHECK(fixture.job(id).started == fixture.clock().now());
  fixture.clock().advance(std::chrono::seconds{7});
  fixture.end(id);
  std::vector<std::string> told;
  const auto ended = fixture.follow(id, told);
  REQUIRE(ended);
  CHECK(ended->state == JobState::ended);
  CHECK(ended->end == JobEnd::complete);
  CHECK(ended->exit_status == 0);
  CHECK(*ended->ended - *ended->started == std::chrono::seconds{7});
  CHECK(ended->attempts == 1);
  CHECK(fixture.seen(id) == std::vector{JobState::queued, JobState::running, JobState::ended});
  CHECK(fixture.runner().open_jobs().empty());
}

TEST_CASE("how a job ended follows from its exit status", "[jobs][runner]") {
  JobRunnerFixture fixture;
  fixture.runner().start();
  const auto [status, end] = GENERATE(values<std::pair<ExitStatus, JobEnd>>({
      {ExitStatus::done, JobEnd::complete},
      {ExitStatus::partial, JobEnd::partial},
      {ExitStatus::interrupted, JobEnd::interrupted},
      {ExitStatus::failed, JobEnd::failed},
      {ExitStatus::denied, JobEnd::failed},
      {ExitStatus::full, JobEnd::failed},
  }));
  const std::string id = fixture.submit("backup");
  fixture.end(id, status);
  std::vector<std::string> told;
  const auto ended = fixture.follow(id, told);
  REQUIRE(ended);
  CHECK(ended->end == end);
  CHECK(ended->exit_status == jobs::number(status));
}

TEST_CASE("what escapes from a job is told and ends it", "[jobs][runner]") {
  JobRunnerFixture fixture;
  fixture.scripts["backup"] = [](const jobs::Job&, jobs::JobControl&) -> ExitStatus {
    Error error{ErrorKind::wrong_key, "the key does not fit"};
    error.add_context("opening the store");
    throw error;
  };
  fixture.scripts["restore"] = [](const jobs::Job&, jobs::JobControl&) -> ExitStatus {
    throw std::runtime_error{"out of luck"};
  };
  fixture.runner().start();
  std::vector<std::string> told;
  const auto wrong_key = fixture.follow(fixture.submit("backup"), told);
  const auto failed = fixture.follow(fixture.submit("restore"), told);
  CHECK(told == std::vector<std::string>{"coffer: error: the key does not fit (opening the store)",
                                         "coffer: error: out of luck"});
  CHECK(wrong_key->end == JobEnd::failed);
  CHECK(wrong_key->exit_status == 12);
  CHECK(wrong_key->problems == 1);
  CHECK_THAT(jobs::to_json(*wrong_key->error), test::contains_text(R"("kind":"wrong_key")"));
  CHECK(failed->exit_status == 1);
}

TEST_CASE("a job's record holds its summary and counts its problems", "[jobs][runner]") {
  JobRunnerFixture fixture;
  fixture.scripts["backup"] = [](const jobs::Job&, jobs::JobControl& control) {
    control.tell(record({{"type", "mailbox"}}));
    control.tell(record({{"type", "problem"}}));
    control.tell({jobs::Told::Kind::error, jobs::Record{{"type", "error"}}, "error"});
    control.tell(record({{"type", "summary"}, {"problems", jobs::Value::List{1, 2, 3}}}));
    return ExitStatus::partial;
  };
  fixture.runner().start();
  std::vector<std::string> told;
  const auto ended = fixture.follow(fixture.submit("backup"), told);
  CHECK(told.size() == 4);
  CHECK(ended->problems == 5);
  REQUIRE(ended->summary);
  CHECK(ended->error);
}

TEST_CASE("jobs of a lane run in the order in which they were ordered", "[jobs][runner]") {
  JobRunnerFixture fixture;
  fixture.runner().start();
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(fixture.submit("backup"));
  const std::string restore = fixture.submit("restore");
  fixture.wait_for_begin(restore);  // beside the backup
  for (const std::string& id : ids) {
    fixture.wait_for_begin(id);
    CHECK(fixture.runner().open_jobs().front().id == id);
    fixture.end(id);
  }
  fixture.wait_for(ids.back(), JobState::ended);
  std::vector<std::string> begun = fixture.begun();
  std::erase(begun, restore);
  CHECK(begun == ids);
}

TEST_CASE("a waiting job that is cancelled never begins", "[jobs][runner]") {
  JobRunnerFixture fixture;
  fixture.runner().start();
  const std::string first = fixture.submit("backup");
  const std::string second = fixture.submit("backup");
  const std::string third = fixture.submit("backup");
  const jobs::Job cancelled = fixture.runner().cancel(second);
  CHECK(cancelled.state == JobState::ended);
  CHECK(cancelled.end == JobEnd::cancelled);
  CHECK(cancelled.exit_status == 130);
  CHECK(fixture.job(second).end == JobEnd::cancelled);
  fixture.end(first);
  fixture.wait_for_begin(third);
  CHECK(fixture.begun() == std::vector{first, third});
}

TEST_CASE("a running job that is cancelled ends at its safe point", "[jobs][runner]") {
  JobRunnerFixture fixture;
  fixture.runner().start();
  const std::string id = fixture.submit("backup");
  fixture.wait_for_begin(id);
  CHECK(fixture.runner().cancel(id).state == JobState::running);
  std::vector<std::string> told;
  const auto ended = fixture.follow(id, told);
  CHECK(ended->end == JobEnd::cancelled);
  CHECK(ended->exit_status == 130);
  CHECK(test::failure_of([&] { fixture.runner().cancel(id); }).kind == ErrorKind::usage);
  CHECK(test::failure_of([&] { fixture.runner().cancel("nobody"); }).kind == ErrorKind::not_found);
}

TEST_CASE("a paused job goes on when it is resumed, and lets others run", "[jobs][runner]") {
  JobRunnerFixture fixture;
  fixture.runner().start();
  const std::string id = fixture.submit("backup");
  fixture.wait_for_begin(id);
  fixture.runner().pause(id);
  fixture.wait_for(id, JobState::paused);
  const std::string other = fixture.submit("backup");
  fixture.wait_for_begin(other);
  fixture.runner().pause("nobody");
  fixture.runner().resume(other);  // nothing happens to one that runs

  SECTION("resumed") {
    fixture.runner().resume(id);
    fixture.end(other);
    fixture.wait_for_begin(id, 2);
    fixture.end(id);
    std::vector<std::string> told;
    CHECK(fixture.follow(id, told)->end == JobEnd::complete);
    CHECK(fixture.job(id).attempts == 2);
    CHECK(fixture.seen(id) == std::vector{JobState::queued, JobState::running, JobState::paused,
                                          JobState::queued, JobState::running, JobState::ended});
  }
  SECTION("cancelled") {
    CHECK(fixture.runner().cancel(id).end == JobEnd::cancelled);
    CHECK(fixture.runner().open_jobs().size() == 1);
  }
  SECTION("over a restart") {
    fixture.open();
    fixture.runner().start();
    CHECK(fixture.job(id).state == JobState::paused);
    fixture.wait_for_begin(other, 2);
    fixture.end(other);
    fixture.runner().resume(id);
    fixture.wait_for_begin(id, 2);
  }
}

TEST_CASE("who changes his mind before the safe point gets what he wanted last", "[jobs][runner]") {
  JobRunnerFixture fixture;
  std::promise<void> go;
  std::shared_future<void> may_go = go.get_future().share();
  fixture.scripts["backup"] = [may_go](const jobs::Job& job, jobs::JobControl& control) {
    if (job.attempts > 1) return ExitStatus::done;
    may_go.wait();
    return control.stop().stop_requested() ? ExitStatus::interrupted : ExitStatus::failed;
  };
  fixture.runner().start();
  const std::string id = fixture.submit("backup");
  fixture.wait_for_begin(id);
  fixture.runner().pause(id);
  std::vector<std::string> told;
  SECTION("resumed") {
    fixture.runner().resume(id);
    go.set_value();
    CHECK(fixture.follow(id, told)->end == JobEnd::complete);
  }
  SECTION("cancelled") {
    fixture.runner().cancel(id);
    fixture.runner().pause(id);
    go.set_value();
    CHECK(fixture.follow(id, told)->end == JobEnd::cancelled);
  }
}

TEST_CASE("jobs go on after a restart", "[jobs][runner]") {
  JobRunnerFixture fixture;
  fixture.runner().start();
  const std::string running = fixture.submit("backup");
  const std::string waiting = fixture.submit("backup");
  fixture.wait_for_begin(running);
  std::uint64_t broken_off = 0;
  SECTION("of a daemon that was stopped") { fixture.open(); }
  SECTION("of one that was killed") {
    fixture.open_copy();
    broken_off = 1;
  }
  CHECK(fixture.job(running).state == JobState::queued);
  CHECK(fixture.job(running).broken_off == broken_off);
  fixture.runner().start();
  fixture.wait_for_begin(running, 2);
  fixture.end(running);
  fixture.wait_for_begin(waiting);
  fixture.end(waiting);
  std::vector<std::string> told;
  CHECK(fixture.follow(waiting, told)->end == JobEnd::complete);
  CHECK(fixture.job(running).attempts == 2);
}

TEST_CASE("a job that the daemon died of too often is not begun again", "[jobs][runner]") {
  JobRunnerFixture fixture;
  fixture.most_attempts = 2;
  std::string id;
  for (int times = 1; times <= 2; ++times) {
    fixture.runner().start();
    if (id.empty()) id = fixture.submit("backup");
    fixture.wait_for_begin(id, times);
    fixture.open_copy();
  }
  CHECK(fixture.job(id).end == JobEnd::failed);
  CHECK(fixture.job(id).exit_status == 1);
  CHECK(fixture.job(id).problems == 1);
  fixture.runner().start();
  CHECK(fixture.seen(id).back() == JobState::ended);
  std::vector<std::string> told;
  CHECK(fixture.follow(id, told));
  REQUIRE(told.size() == 1);
  CHECK_THAT(told.front(), test::contains_text("died 2 times"));
}

TEST_CASE("nothing begins while everything is held, and nothing runs", "[jobs][runner]") {
  JobRunnerFixture fixture;
  fixture.runner().start();
  const std::string running = fixture.submit("backup");
  fixture.wait_for_begin(running);

  std::stop_source stop;
  stop.request_stop();
  CHECK(fixture.runner().hold_everything(stop.get_token()) == nullptr);

  std::unique_ptr<jobs::JobRunner::Pause> held;
  std::thread holder{[&] { held = fixture.runner().hold_everything({}); }};
  fixture.end(running);
  holder.join();
  REQUIRE(held);
  CHECK(fixture.job(running).state == JobState::ended);
  const std::string other = fixture.submit("quick");
  CHECK(fixture.job(other).state == JobState::queued);
  CHECK(fixture.begun() == std::vector{running});
  held.reset();
  fixture.wait_for_begin(other);
}
