// A runner whose jobs do what the test tells them, step by step.
#pragma once

#include "src/base/synchronized.h"
#include "src/jobs/job_log.h"
#include "src/jobs/job_runner.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/virtual_clock.h"

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace test {

// The title of a job says its lane by its first letter (as in "backup", "restore", "upkeep",
// "quick", "x"). A job runs until the test ends it.
class JobRunnerFixture {
 public:
  using Script = std::function<jobs::ExitStatus(const jobs::Job&, jobs::JobControl&)>;

  JobRunnerFixture() { open(); }
  ~JobRunnerFixture() { close(); }
  JobRunnerFixture(const JobRunnerFixture&) = delete;
  JobRunnerFixture& operator=(const JobRunnerFixture&) = delete;

  // As a restart of the daemon; begins nothing before runner().start().
  void open() {
    close();
    log_.emplace(folder(), jobs::JobLogLimits{});
    make_runner();
  }
  // As after a kill: the folder as it is now, whatever is running.
  void open_copy() {
    const std::filesystem::path copy = directory_ / "copy";
    std::filesystem::copy(folder(), copy, std::filesystem::copy_options::recursive);
    close();
    std::filesystem::remove_all(folder());
    std::filesystem::rename(copy, folder());
    log_.emplace(folder(), jobs::JobLogLimits{});
    make_runner();
  }
  void close() {
    if (runner_) runner_->stop();
    runner_.reset();
    log_.reset();
  }

  jobs::JobRunner& runner() { return *runner_; }
  jobs::JobLog& log() { return *log_; }
  test::VirtualClock& clock() { return clock_; }
  std::uint64_t most_attempts = 20;
  base::Clock* runner_clock = &clock_;
  // For jobs of that title, instead of waiting to be ended.
  std::map<std::string, Script> scripts;

  std::string submit(const std::string& title) {
    jobs::JobOrder order;
    order.words = {title};
    order.command = title;
    order.title = title;
    return runner_->submit(order).id;
  }
  jobs::Job job(const std::string& id) { return log_->find(id).value(); }
  void end(const std::string& id, jobs::ExitStatus status = jobs::ExitStatus::done) {
    state_.lock()->ends[id] = status;
    changed_.notify_all();
  }
  // Waits until its command runs for that time.
  void wait_for_begin(const std::string& id, int times = 1) {
    state_.lock().wait(changed_, {}, [&](State& now) { return now.begun[id] >= times; });
  }
  // Waits until that was told of a change of the job.
  void wait_for(const std::string& id, jobs::JobState state) {
    state_.lock().wait(changed_, {}, [&](State& now) {
      const auto found = now.seen.find(id);
      return found != now.seen.end() && found->second.back() == state;
    });
  }
  std::vector<jobs::JobState> seen(const std::string& id) { return state_.lock()->seen[id]; }
  std::vector<std::string> begun() { return state_.lock()->order; }

  std::optional<jobs::Job> follow(const std::string& id, std::vector<std::string>& told) {
    return runner_->follow(id,
                           [&](const jobs::Told& one) {
                             told.push_back(one.text);
                             return true;
                           },
                           {}, {});
  }

 private:
  struct State {
    std::map<std::string, int> begun;
    std::map<std::string, jobs::ExitStatus> ends;
    std::map<std::string, std::vector<jobs::JobState>> seen;
    std::vector<std::string> order;
  };

  [[nodiscard]] std::filesystem::path folder() const { return directory_ / "jobs"; }

  static jobs::Lane lane_of(const jobs::JobOrder& order) {
    switch (order.title.front()) {
      case 'b':
        return jobs::Lane::backup;
      case 'r':
        return jobs::Lane::restore;
      case 'u':
        return jobs::Lane::upkeep;
      case 'q':
        return jobs::Lane::quick;
      default:
        return jobs::Lane::exclusive;
    }
  }

  void make_runner() {
    jobs::JobRunner::Settings settings;
    settings.lane_of = lane_of;
    settings.execute = [this](const jobs::Job& job, jobs::JobControl& control) {
      return execute(job, control);
    };
    settings.on_change = [this](const jobs::Job& job) {
      state_.lock()->seen[job.id].push_back(job.state);
      changed_.notify_all();
    };
    settings.most_attempts = most_attempts;
    runner_.emplace(std::move(settings), *log_, *runner_clock);
  }

  jobs::ExitStatus execute(const jobs::Job& job, jobs::JobControl& control) {
    {
      auto state = state_.lock();
      ++state->begun[job.id];
      state->order.push_back(job.id);
    }
    changed_.notify_all();
    const auto script = scripts.find(job.order.title);
    if (script != scripts.end()) return script->second(job, control);
    auto state = state_.lock();
    const bool was_ended =
        state.wait(changed_, control.stop(), [&](State& now) { return now.ends.contains(job.id); });
    return was_ended ? state->ends[job.id] : jobs::ExitStatus::interrupted;
  }

  test::TemporaryDirectory directory_;
  test::VirtualClock clock_;
  base::Synchronized<State> state_;
  std::condition_variable_any changed_;
  std::optional<jobs::JobLog> log_;
  std::optional<jobs::JobRunner> runner_;
};

}  // namespace test
