#include "src/jobs/job_runner.h"
#include "tests/support/catch.h"
#include "tests/unit/jobs/job_runner_fixture.h"

#include <future>
#include <string>
#include <thread>
#include <vector>

namespace {

using jobs::ExitStatus;
using jobs::JobEnd;
using test::JobRunnerFixture;

jobs::Told line(int number) { return {jobs::Told::Kind::line, {}, std::to_string(number)}; }

// Who sleeps does so until the test lets him go, once for each step.
class SteppedClock final : public base::Clock {
 public:
  [[nodiscard]] base::Instant now() const override { return base::from_milliseconds(0); }
  [[nodiscard]] base::Duration monotonic() const override { return state_.lock()->time; }
  void sleep_for(base::Duration duration, std::stop_token stop) override {
    auto state = state_.lock();
    if (!state.wait(changed_, stop, [](const State& now) { return now.steps > 0; })) return;
    --state->steps;
    state->time += duration;
  }
  void step() {
    ++state_.lock()->steps;
    changed_.notify_all();
  }

 private:
  struct State {
    base::Duration time{};
    int steps = 0;
  };
  base::Synchronized<State> state_;
  std::condition_variable_any changed_;
};

}  // namespace

TEST_CASE("all that a job tells is followed in its order, from whenever on", "[jobs][follow]") {
  JobRunnerFixture fixture;
  constexpr int kLines = 3000;
  std::promise<void> half;
  fixture.scripts["backup"] = [&](const jobs::Job&, jobs::JobControl& control) {
    for (int i = 0; i < kLines; ++i) {
      if (i == kLines / 2) half.set_value();
      control.tell(line(i));
    }
    return ExitStatus::done;
  };
  std::vector<std::string> expected;
  for (int i = 0; i < kLines; ++i) expected.push_back(std::to_string(i));
  const std::string id = fixture.submit("backup");

  std::vector<std::string> from_start;
  std::vector<std::string> from_middle;
  std::thread first{[&] { CHECK(fixture.follow(id, from_start)->end == JobEnd::complete); }};
  fixture.runner().start();
  half.get_future().wait();
  fixture.follow(id, from_middle);
  first.join();
  std::vector<std::string> from_end;
  fixture.follow(id, from_end);
  CHECK(from_start == expected);
  CHECK(from_middle == expected);
  CHECK(from_end == expected);
}

TEST_CASE("a slow follower holds no job up", "[jobs][follow]") {
  JobRunnerFixture fixture;
  fixture.scripts["backup"] = [&](const jobs::Job&, jobs::JobControl& control) {
    for (int i = 0; i < 100; ++i) control.tell(line(i));
    return ExitStatus::done;
  };
  const std::string id = fixture.submit("backup");
  std::promise<void> arrived;
  std::promise<void> go_on;
  int told = 0;
  std::optional<jobs::Job> ended;
  std::thread slow{[&] {
    ended = fixture.runner().follow(id,
                                    [&](const jobs::Told&) {
                                      if (++told == 1) {
                                        arrived.set_value();
                                        go_on.get_future().wait();
                                      }
                                      return true;
                                    },
                                    {}, {});
  }};
  fixture.runner().start();
  arrived.get_future().wait();
  fixture.wait_for(id, jobs::JobState::ended);
  go_on.set_value();
  slow.join();
  CHECK(told == 100);
  CHECK(ended);
}

TEST_CASE("following ends when it is stopped, and the job goes on", "[jobs][follow]") {
  JobRunnerFixture fixture;
  fixture.runner().start();
  const std::string id = fixture.submit("backup");
  fixture.wait_for_begin(id);
  std::stop_source stop;
  std::optional<jobs::Job> ended;
  std::thread follower{[&] {
    ended = fixture.runner().follow(
        id, [](const jobs::Told&) { return true; }, {}, stop.get_token());
  }};
  stop.request_stop();
  follower.join();
  CHECK_FALSE(ended);
  CHECK(fixture.job(id).state == jobs::JobState::running);
}

TEST_CASE("a follower who has heard enough is told no more", "[jobs][follow]") {
  JobRunnerFixture fixture;
  fixture.scripts["backup"] = [&](const jobs::Job&, jobs::JobControl& control) {
    for (int i = 0; i < 5; ++i) control.tell(line(i));
    return ExitStatus::done;
  };
  fixture.runner().start();
  const std::string id = fixture.submit("backup");
  int told = 0;
  const auto ended =
      fixture.runner().follow(id, [&](const jobs::Told&) { return ++told < 3; }, {}, {});
  CHECK_FALSE(ended);
  CHECK(told == 3);
  CHECK_THROWS_AS(fixture.runner().follow("nobody", [](const jobs::Told&) { return true; }, {}, {}),
                  base::Error);
}

TEST_CASE("progress is asked for once a second while it is watched", "[jobs][follow]") {
  SteppedClock clock;
  JobRunnerFixture fixture;
  fixture.runner_clock = &clock;
  fixture.open();
  std::promise<void> read_often;
  base::Synchronized<std::uint64_t> reads{std::uint64_t{0}};
  fixture.scripts["backup"] = [&](const jobs::Job& job, jobs::JobControl& control) {
    {
      const auto watched = control.watch([&] {
        jobs::ProgressReading reading;
        auto count = reads.lock();
        reading.bytes_done = 1000 * (*count)++;
        if (*count == 4) read_often.set_value();
        reading.bytes_total = 10'000;
        return reading;
      });
      // The first comes at once, the others with the steps of who follows.
      read_often.get_future().wait();
    }
    CHECK_FALSE(fixture.runner().progress_of(job.id));
    return ExitStatus::done;
  };
  fixture.runner().start();
  const std::string id = fixture.submit("backup");
  std::vector<jobs::JobProgress> seen;
  fixture.runner().follow(
      id, [](const jobs::Told&) { return true; },
      [&](const jobs::JobProgress& progress) {
        seen.push_back(progress);
        if (seen.size() < 4) clock.step();
      },
      {});
  CHECK(*reads.lock() == 4);
  REQUIRE(seen.size() >= 3);
  CHECK(seen[0].reading.bytes_done == 0);
  CHECK(seen[2].reading.bytes_done == 2000);
  CHECK(seen[2].bytes_per_second == 1000);
  CHECK(seen[2].time_left == std::chrono::seconds{8});
}
