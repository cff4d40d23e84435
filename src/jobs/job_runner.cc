#include "src/jobs/job_runner.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/synchronized.h"
#include "src/base/text.h"
#include "src/jobs/job_outcome.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace jobs {
namespace {

using base::Error;
using base::ErrorKind;
using base::LogLevel;

constexpr base::Duration kSampleEvery = std::chrono::seconds{1};

enum class Place : std::uint8_t {
  settling,  // being written by whoever changes it; nobody else touches it
  waiting,
  running,
  paused,
};

// What is to become of a running job that was asked to stop.
enum class Wish : std::uint8_t { none, pause, queue_again, cancel };

struct Open {
  Job job;
  Lane lane = Lane::upkeep;
  Place place = Place::waiting;
  Wish wish = Wish::none;
  std::jthread thread;
  std::uint64_t news = 0;     // counts what followers may want to know
  std::uint64_t samples = 0;  // those of it that are progress
  std::optional<JobProgress> progress;
};

struct State {
  std::map<std::string, Open, std::less<>> open;
  bool is_started = false;
  std::size_t holds = 0;
  std::vector<std::jthread> finished;  // they only return
};

bool is_anything_running(const State& state) {
  return std::ranges::any_of(state.open,
                             [](const auto& open) { return open.second.place == Place::running; });
}

}  // namespace

struct JobRunner::Parts {
  Parts(Settings these, JobLog& jobs, base::Clock& time)
      : settings(std::move(these)), log(jobs), clock(time) {}

  class Control;
  class Sampler;
  class Hold;

  void take_up();
  void begin_what_may(State& now);
  void begin(const std::string& id, Open& open);
  void run(const std::string& id, const std::stop_token& stop);
  ExitStatus execute(const Job& job, JobControl& control);
  void finish(const std::string& id, ExitStatus status, bool was_stopped);
  void stop_running(const std::function<bool(Open&)>& wanted);
  void keep(const Job& job) {
    log.update(job);
    tell_change(job);
  }
  void tell_change(const Job& job) {
    if (settings.on_change) settings.on_change(job);
  }
  template <typename Change>
  void change(const std::string& id, Change change) {
    auto locked = state.lock();
    change(locked->open.find(id)->second);
    changed.notify_all();
  }

  const Settings settings;
  JobLog& log;
  base::Clock& clock;
  std::vector<Job> given_up;  // until start() tells
  // Held by who orders, cancels or resumes a job, from its look at the state to what it made of it.
  std::mutex orders;
  base::Synchronized<State> state;
  std::condition_variable_any changed;
};

// Asks for readings and publishes them. Leaves no progress behind.
class JobRunner::Parts::Sampler final : public JobControl::Watched {
 public:
  Sampler(Parts& parts, std::string id, std::function<ProgressReading()> read)
      : parts_(parts),
        id_(std::move(id)),
        read_(std::move(read)),
        thread_([this](const std::stop_token& stop) { sample(stop); }) {}
  ~Sampler() override {
    thread_.request_stop();
    thread_.join();
    parts_.change(id_, [](Open& open) { open.progress.reset(); });
  }
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

 private:
  void sample(const std::stop_token& stop) {
    try {
      ProgressModel model;
      while (!stop.stop_requested()) {
        JobProgress progress{read_(), 0, {}};
        model.update(progress.reading, parts_.clock.monotonic());
        progress.bytes_per_second = model.bytes_per_second();
        progress.time_left = model.time_left();
        Job job;
        parts_.change(id_, [&](Open& open) {
          open.progress = progress;
          ++open.news;
          ++open.samples;
          job = open.job;
        });
        if (parts_.settings.on_progress) parts_.settings.on_progress(job, progress);
        parts_.clock.sleep_for(kSampleEvery, stop);
      }
    } catch (...) {
      base::log(LogLevel::warning, "the progress of the job ", id_,
                " cannot be told: ", base::current_error().what());
    }
  }

  Parts& parts_;
  std::string id_;
  std::function<ProgressReading()> read_;
  std::jthread thread_;
};

class JobRunner::Parts::Control final : public JobControl {
 public:
  Control(Parts& parts, std::string id, std::stop_token stop)
      : parts_(parts),
        id_(std::move(id)),
        stop_(std::move(stop)),
        output_(parts.log.open_output(id_)) {}

  void tell(const Told& told) override {
    output_->tell(told);
    parts_.change(id_, [&](Open& open) {
      note_told(told, open.job);
      ++open.news;
    });
  }

  [[nodiscard]] std::unique_ptr<Watched> watch(std::function<ProgressReading()> read) override {
    return std::make_unique<Sampler>(parts_, id_, std::move(read));
  }

  [[nodiscard]] std::stop_token stop() const override { return stop_; }

 private:
  Parts& parts_;
  std::string id_;
  std::stop_token stop_;
  std::unique_ptr<JobLog::Output> output_;
};

class JobRunner::Parts::Hold final : public JobRunner::Pause {
 public:
  explicit Hold(Parts& parts) : parts_(parts) { ++parts_.state.lock()->holds; }
  ~Hold() override {
    auto locked = parts_.state.lock();
    --locked->holds;
    parts_.begin_what_may(*locked);
  }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

 private:
  Parts& parts_;
};

// What the last process left.
void JobRunner::Parts::take_up() {
  auto locked = state.lock();
  for (Job& job : log.open_jobs()) {
    Open open;
    try {
      open.lane = settings.lane_of(job.order);
    } catch (const Error& error) {
      // Running it will tell.
      base::log(LogLevel::warning, "the job ", job.id, ": ", error.what());
    }
    if (job.state == JobState::running) {
      job.state = JobState::queued;
      if (++job.broken_off >= settings.most_attempts) {
        const Error error{ErrorKind::failed,
                          base::text("it is not begun again: the daemon has died ", job.broken_off,
                                     " times while it ran")};
        const Told told = told_error(error, ExitStatus::failed);
        log.open_output(job.id)->tell(told);
        note_told(told, job);
        end_job(job, JobEnd::failed, ExitStatus::failed, clock.now());
        given_up.push_back(job);
      }
      log.update(job);
    }
    if (job.state == JobState::ended) continue;
    open.place = job.state == JobState::paused ? Place::paused : Place::waiting;
    open.job = job;
    locked->open.emplace(job.id, std::move(open));
  }
}

void JobRunner::Parts::begin_what_may(State& now) {
  if (!now.is_started || now.holds > 0) return;
  // Whoever is among them has left its last lock.
  now.finished.clear();
  std::vector<LaneOf> waiting;
  std::vector<LaneOf> running;
  for (const auto& [id, open] : now.open) {
    if (open.place == Place::waiting) waiting.push_back({id, open.lane});
    if (open.place == Place::running) running.push_back({id, open.lane});
  }
  for (const std::string& id : may_begin(waiting, running)) {
    try {
      begin(id, now.open.find(id)->second);
    } catch (const std::system_error& error) {
      // It waits for the next occasion.
      base::log(LogLevel::error, "the job ", id, " cannot begin: ", error.what());
    }
  }
}

void JobRunner::Parts::begin(const std::string& id, Open& open) {
  // It waits for the lock that is held here.
  open.thread = std::jthread{[this, id](const std::stop_token& stop) { run(id, stop); }};
  open.place = Place::running;
  open.wish = Wish::none;
  Job& job = open.job;
  job.state = JobState::running;
  ++job.attempts;
  if (!job.started) job.started = clock.now();
  job.problems = 0;
  job.summary.reset();
  job.error.reset();
}

void JobRunner::Parts::run(const std::string& id, const std::stop_token& stop) {
  Job job;
  change(id, [&](Open& open) { job = open.job; });
  keep(job);
  ExitStatus status = ExitStatus::failed;
  {
    Control control{*this, id, stop};
    status = execute(job, control);
  }
  finish(id, status, stop.stop_requested());
}

ExitStatus JobRunner::Parts::execute(const Job& job, JobControl& control) {
  try {
    return settings.execute(job, control);
  } catch (...) {
    const Error error = base::current_error();
    const ExitStatus status = exit_status(error.kind());
    // That it was stopped is no news to who stopped it.
    if (status != ExitStatus::interrupted || !control.stop().stop_requested()) {
      control.tell(told_error(error, status));
    }
    return status;
  }
}

void JobRunner::Parts::finish(const std::string& id, ExitStatus status, bool was_stopped) {
  for (;;) {
    Job job;
    Wish wish = Wish::none;
    change(id, [&](Open& open) {
      job = open.job;
      wish = open.wish;
    });
    if (status == ExitStatus::interrupted && was_stopped && wish != Wish::cancel) {
      job.state = wish == Wish::pause ? JobState::paused : JobState::queued;
    } else {
      end_job(job, end_of(status, wish == Wish::cancel), status, clock.now());
    }
    keep(job);
    if (job.state == JobState::ended) log.tidy(clock.now());

    auto locked = state.lock();
    const auto found = locked->open.find(id);
    Open& open = found->second;
    // Somebody changed his mind meanwhile.
    if (open.wish != wish && job.state != JobState::ended) continue;
    std::jthread self = std::move(open.thread);
    if (job.state == JobState::ended) {
      locked->open.erase(found);
    } else {
      open.place = job.state == JobState::paused ? Place::paused : Place::waiting;
      open.job = std::move(job);
      open.wish = Wish::none;
    }
    begin_what_may(*locked);
    locked->finished.push_back(std::move(self));
    changed.notify_all();
    return;
  }
}

// Those running ones for which `wanted` says so.
void JobRunner::Parts::stop_running(const std::function<bool(Open&)>& wanted) {
  std::vector<std::stop_source> sources;
  {
    auto locked = state.lock();
    for (auto& [id, open] : locked->open) {
      if (open.place == Place::running && wanted(open)) {
        sources.push_back(open.thread.get_stop_source());
      }
    }
  }
  // What is called by it may take its time.
  for (std::stop_source& source : sources) source.request_stop();
}

JobRunner::JobRunner(Settings settings, JobLog& log, base::Clock& clock)
    : parts_(std::make_unique<Parts>(std::move(settings), log, clock)) {
  parts_->take_up();
}

JobRunner::~JobRunner() { stop(); }

void JobRunner::start() {
  for (const Job& job : std::exchange(parts_->given_up, {})) parts_->tell_change(job);
  auto state = parts_->state.lock();
  state->is_started = true;
  parts_->begin_what_may(*state);
}

void JobRunner::stop() {
  parts_->state.lock()->is_started = false;
  parts_->stop_running([](Open&) { return true; });
  std::vector<std::jthread> finished;
  {
    auto state = parts_->state.lock();
    state.wait(parts_->changed, {}, [](const State& now) { return !is_anything_running(now); });
    finished = std::exchange(state->finished, {});
  }
}

Job JobRunner::submit(const JobOrder& order) {
  const std::lock_guard orders{parts_->orders};
  Open open;
  open.lane = parts_->settings.lane_of(order);
  const Job job = parts_->log.add(order, parts_->clock.now());
  open.job = job;
  parts_->tell_change(job);
  auto state = parts_->state.lock();
  state->open.emplace(job.id, std::move(open));
  parts_->begin_what_may(*state);
  return job;
}

Job JobRunner::cancel(std::string_view id) {
  const std::lock_guard orders{parts_->orders};
  Job job;
  bool is_running = false;
  {
    auto state = parts_->state.lock();
    const auto found = state->open.find(id);
    if (found == state->open.end()) {
      if (!parts_->log.find(id)) {
        throw Error{ErrorKind::not_found,
                    base::text("there is no job '", base::printable(id), "'")};
      }
      throw Error{ErrorKind::usage, base::text("the job ", id, " has ended")};
    }
    Open& open = found->second;
    job = open.job;
    is_running = open.place == Place::running;
    if (is_running) open.wish = Wish::cancel;
    if (!is_running) open.place = Place::settling;
  }
  if (is_running) {
    parts_->stop_running([&](Open& open) { return open.job.id == id; });
    return job;
  }
  end_job(job, JobEnd::cancelled, ExitStatus::interrupted, parts_->clock.now());
  parts_->keep(job);
  auto state = parts_->state.lock();
  state->open.erase(job.id);
  parts_->begin_what_may(*state);
  parts_->changed.notify_all();
  return job;
}

void JobRunner::pause(std::string_view id) {
  parts_->stop_running([&](Open& open) {
    if (open.job.id != id || open.wish == Wish::cancel) return false;
    open.wish = Wish::pause;
    return true;
  });
}

void JobRunner::resume(std::string_view id) {
  const std::lock_guard orders{parts_->orders};
  Job job;
  {
    auto state = parts_->state.lock();
    const auto found = state->open.find(id);
    if (found == state->open.end()) return;
    Open& open = found->second;
    if (open.place == Place::running && open.wish == Wish::pause) open.wish = Wish::queue_again;
    if (open.place != Place::paused) return;
    open.place = Place::settling;
    open.job.state = JobState::queued;
    job = open.job;
  }
  parts_->keep(job);
  auto state = parts_->state.lock();
  state->open.find(id)->second.place = Place::waiting;
  parts_->begin_what_may(*state);
}

std::vector<Job> JobRunner::open_jobs() const {
  auto state = parts_->state.lock();
  std::vector<Job> jobs;
  for (const auto& [id, open] : state->open) jobs.push_back(open.job);
  return jobs;
}

std::optional<JobProgress> JobRunner::progress_of(std::string_view id) const {
  auto state = parts_->state.lock();
  const auto found = state->open.find(id);
  return found == state->open.end() ? std::nullopt : found->second.progress;
}

std::optional<Job> JobRunner::follow(std::string_view id,
                                     const std::function<bool(const Told&)>& on_told,
                                     const std::function<void(const JobProgress&)>& on_progress,
                                     std::stop_token stop) {
  // A job that is in the log already is among the open ones once its order is through.
  { const std::lock_guard orders{parts_->orders}; }
  std::uint64_t offset = 0;
  std::uint64_t samples = 0;
  for (;;) {
    bool is_open = false;
    Open seen;  // what matters of it
    {
      auto state = parts_->state.lock();
      const auto found = state->open.find(id);
      is_open = found != state->open.end();
      if (is_open) {
        seen.news = found->second.news;
        seen.samples = found->second.samples;
        seen.progress = found->second.progress;
      }
    }
    bool wants_more = true;
    offset = parts_->log.read_output(id, offset, [&](const Told& told) {
      return wants_more = !stop.stop_requested() && on_told(told);
    });
    if (!wants_more) return std::nullopt;
    const bool is_new = std::exchange(samples, seen.samples) != seen.samples;
    if (is_new && seen.progress && on_progress) on_progress(*seen.progress);
    if (!is_open) return parts_->log.find(id);
    const auto has_news = [&](const State& state) {
      const auto found = state.open.find(id);
      return found == state.open.end() || found->second.news != seen.news;
    };
    if (!parts_->state.lock().wait(parts_->changed, stop, has_news)) return std::nullopt;
  }
}

std::unique_ptr<JobRunner::Pause> JobRunner::hold_everything(std::stop_token stop) {
  auto hold = std::make_unique<Parts::Hold>(*parts_);
  const bool is_quiet = parts_->state.lock().wait(
      parts_->changed, std::move(stop), [](const State& now) { return !is_anything_running(now); });
  return is_quiet ? std::move(hold) : nullptr;
}

}  // namespace jobs
