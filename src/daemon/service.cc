#include "src/daemon/service.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/synchronized.h"
#include "src/base/text.h"
#include "src/catalog/restore_points.h"
#include "src/daemon/alert_desk.h"
#include "src/daemon/alert_facts.h"
#include "src/daemon/census.h"
#include "src/daemon/control.h"
#include "src/daemon/counters.h"
#include "src/daemon/scheduler.h"
#include "src/daemon/trend.h"
#include "src/daemon/views.h"
#include "src/daemon/web_settings.h"
#include "src/jobs/job_log.h"
#include "web-status/web_server.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>
#include <utility>

namespace appliance {
namespace {

// A store that could not be opened is tried again so often.
constexpr base::Duration kTryStoreEvery = std::chrono::seconds{30};
constexpr base::Duration kLookEvery = std::chrono::hours{6};
constexpr const char* kAskAgain = R"({"type":"status"})";
constexpr base::Duration kJudgeEvery = std::chrono::minutes{1};
// While a job runs, what it has stored so far is shown with this delay at most.
constexpr base::Duration kShowEvery = std::chrono::minutes{1};
// What is to be looked at is noticed so soon, and what could not be is tried again so often.
constexpr base::Duration kWatchEvery = std::chrono::milliseconds{250};
constexpr base::Duration kLookAgain = std::chrono::seconds{5};

std::filesystem::path made_folder(const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (!failure) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failure);
  if (failure) {
    throw base::Error{base::ErrorKind::disk, base::text("cannot make the state folder '",
                                                        folder.string(), "': ", failure.message())};
  }
  return folder;
}

// What fails now is tried again by the next round: a thread of the daemon goes on whatever happens.
template <typename Act>
void going_on(std::string_view doing, Act act) {
  try {
    act();
  } catch (...) {
    const base::Error error = base::current_error();
    if (error.kind() == base::ErrorKind::cancelled) return;  // the daemon stops
    base::log(base::LogLevel::warning, doing, " failed: ", error.what());
  }
}

}  // namespace

// In the order in which they stand on each other.
struct Service::Parts {
  Parts(Commands with, Configuration configuration, base::Clock& service_clock);

  jobs::JobRunner::Settings runner_settings();
  Scheduler::Settings scheduler_settings();
  ViewParts view_parts();

  void job_changed(const jobs::Job& job);
  void publish(std::string_view event, const std::string& json);
  void try_store();
  [[nodiscard]] std::string why_not_ready();
  void look_at_tenants(const std::stop_token& stop);
  void judge(const std::stop_token& stop);
  void watch_store(const std::stop_token& stop);
  [[nodiscard]] bool look_at_store();

  Commands commands;
  base::Clock& clock;
  std::filesystem::path state;
  std::atomic<bool> is_started{false};
  std::stop_source stopping;                              // for what people wait for
  std::atomic<bool> has_new_configuration{false};         // for the looker
  std::atomic<bool> has_stored{true};                     // for watch_store()
  std::atomic<bool> has_news{true};                       // for the judge
  base::Synchronized<std::vector<jobs::Job>> just_ended;  // for tick()
  base::Synchronized<std::vector<jobs::Job>> to_judge;
  Counters counters;
  StoreTimer store_timer;
  SharedResources resources;
  jobs::JobLog log;
  jobs::JobRunner runner;
  Scheduler scheduler;
  Census census;
  Trend trend;
  AlertDesk desk;
  AlertFactsOf facts;
  base::Synchronized<base::Instant> loaded;
  base::Synchronized<std::string> store_problem;
  base::Duration store_tried{};
  Views views;
  base::Synchronized<std::unique_ptr<web::WebServer>> web;
  std::unique_ptr<ControlServer> control;

  std::jthread watcher;  // last: they use the others
  std::jthread looker;
  std::jthread judging;
};

jobs::JobRunner::Settings Service::Parts::runner_settings() {
  jobs::JobRunner::Settings settings;
  settings.lane_of = commands.lane_of;
  settings.execute = [this](const jobs::Job& job, jobs::JobControl& job_control) {
    return commands.run_job(job, job_control, resources, clock);
  };
  settings.on_change = [this](const jobs::Job& job) { job_changed(job); };
  settings.on_progress = [this](const jobs::Job& job, const jobs::JobProgress&) {
    if (is_started) publish("job", views.job_event(job));
  };
  return settings;
}

Scheduler::Settings Service::Parts::scheduler_settings() {
  return {
      state / "schedule",
      [this](const std::vector<std::string>& words) {
        return commands.order_of(words, state.string());
      },
      [this]() -> std::optional<std::uint64_t> {
        try {
          return resources.open_store(store::Access::read)->repository().statistics().stored_bytes;
        } catch (const base::Error&) {
          return std::nullopt;  // told where it is opened for itself
        }
      }};
}

ViewParts Service::Parts::view_parts() {
  return {resources,
          census,
          trend,
          counters,
          log,
          runner,
          clock,
          commands.version,
          [this] { return scheduler.policies(); },
          [this] { return scheduler.upkeep(); },
          [this] { return scheduler.next_upkeep(); },
          [this] { return desk.records(); },
          [this] {
            std::vector<jobs::Record> sent;
            for (const SentTest& test : desk.send_test(stopping.get_token())) {
              sent.push_back({{"to", test.to}, {"problem", jobs::text_or_null(test.problem)}});
            }
            return sent;
          },
          [this](const std::vector<std::string>& words) {
            return commands.order_of(words, state.string());
          },
          [this] { return store_timer.so_far(); },
          [this] { return why_not_ready(); },
          [this] { return *loaded.lock(); }};
}

Service::Parts::Parts(Commands with, Configuration configuration, base::Clock& service_clock)
    : commands(std::move(with)),
      clock(service_clock),
      state(made_folder(configuration.service.state)),
      store_timer(service_clock),
      resources(
          configuration, service_clock,
          [this](graph::Operation operation, int status) { counters.request(operation, status); },
          &store_timer),
      log(state / "jobs", {}),
      runner(runner_settings(), log, service_clock),
      scheduler(scheduler_settings(), configuration, runner, log, service_clock),
      census(
          state / "census",
          [this](const std::string& policy) { return scheduler.promised(policy); }, resources,
          service_clock),
      trend(state / "trend"),
      desk(configuration.alerts, state / "alerts", service_clock),
      facts(log, scheduler, census, trend, resources, service_clock),
      loaded(service_clock.now()),
      views(view_parts()) {}

void Service::Parts::publish(std::string_view event, const std::string& json) {
  auto server = web.lock();
  if (*server) (*server)->publish(event, json);
}

void Service::Parts::job_changed(const jobs::Job& job) {
  if (job.state == jobs::JobState::ended) {
    counters.job_ended(job);
    just_ended.lock()->push_back(job);
  }
  if (is_started) publish("job", views.job_event(job));
}

void Service::Parts::try_store() {
  if (store_tried != base::Duration{} && clock.monotonic() < store_tried + kTryStoreEvery) return;
  store_tried = clock.monotonic();
  std::string problem;
  try {
    static_cast<void>(resources.open_store(store::Access::read));
  } catch (const base::Error& error) {
    if (resources.is_lent()) return;  // to somebody who needs it for himself: it will be back
    problem = error.what();
  }
  auto told = store_problem.lock();
  if (*told == problem) return;
  if (!problem.empty()) base::log(base::LogLevel::error, "the store is not open: ", problem);
  *told = problem;
  has_stored = true;
}

std::string Service::Parts::why_not_ready() {
  if (!is_started) return "the daemon is starting";
  auto problem = store_problem.lock();
  return problem->empty() ? std::string{} : base::text("the store is not open: ", *problem);
}

// Whether all was seen; else what was known is shown on, and it is to be tried again.
bool Service::Parts::look_at_store() {
  bool is_seen = false;
  going_on("looking at what is stored", [&] {
    census.refresh();
    trend.add(views.measure());
    is_seen = true;
  });
  has_news = true;
  publish("status", kAskAgain);
  return is_seen;
}

// In a thread of its own: making a lost index anew takes longer than a watchdog waits for tick(),
// and a receiver of alerts that does not answer is no reason to show what was.
void Service::Parts::watch_store(const std::stop_token& stop) {
  base::Duration shown = clock.monotonic();
  const auto is_running = [](const jobs::Job& job) { return job.state == jobs::JobState::running; };
  while (!stop.stop_requested()) {
    bool is_seen = true;
    going_on("opening the store", [&] { try_store(); });
    going_on("watching the store", [&] {
      // What is closed or lent is looked at when it is open again.
      if (!store_problem.lock()->empty() || resources.is_lent()) return;
      const bool is_due = clock.monotonic() >= shown + kShowEvery &&
                          std::ranges::any_of(runner.open_jobs(), is_running);
      if (!has_stored.exchange(false) && !is_due) return;
      shown = clock.monotonic();
      is_seen = look_at_store();
    });
    if (!is_seen) has_stored = true;
    clock.sleep_for(is_seen ? kWatchEvery : kLookAgain, stop);
  }
}

void Service::Parts::look_at_tenants(const std::stop_token& stop) {
  base::Duration next{};
  while (!stop.stop_requested()) {
    const auto looked = census.looked();
    const bool is_due = !looked || *looked + kLookEvery <= clock.now() || *looked > clock.now();
    // A new configuration may name other tenants, policies and credentials.
    if (has_new_configuration.exchange(false) || (is_due && clock.monotonic() >= next)) {
      next = clock.monotonic() + std::chrono::minutes{15};  // a tenant that is away is not pressed
      going_on("looking through the tenants", [&] {
        census.look(stop);
        facts.ask_tenants(stop);
        has_news = true;
        publish("status", kAskAgain);
      });
    }
    clock.sleep_for(std::chrono::seconds{1}, stop);
  }
}

void Service::Parts::judge(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<jobs::Job> ended;
    std::swap(ended, *to_judge.lock());
    for (const jobs::Job& job : ended) going_on("judging a job", [&] { facts.ended(job); });
    going_on("judging what to alert to", [&] {
      for (const jobs::Record& alert : desk.update(facts.facts(*store_problem.lock()))) {
        publish("alert", jobs::to_json(alert));
      }
    });
    going_on("sending alerts", [&] {
      for (const jobs::Record& alert : desk.deliver_due(stop)) {
        publish("alert", jobs::to_json(alert));
      }
    });
    // Once a minute for what comes with time alone, and at once for what has happened.
    const base::Duration begin = clock.monotonic();
    while (!has_news.exchange(false) && clock.monotonic() < begin + kJudgeEvery &&
           !stop.stop_requested()) {
      clock.sleep_for(std::chrono::seconds{1}, stop);
    }
  }
}

Service::Service(Commands commands, Configuration configuration, base::Clock& clock)
    : parts_(std::make_unique<Parts>(std::move(commands), std::move(configuration), clock)) {}

Service::~Service() { stop(); }

void Service::start() {
  Parts& parts = *parts_;
  parts.try_store();
  // Who comes as soon as it is ready need not wait for the first look.
  if (parts.store_problem.lock()->empty()) parts.has_stored = !parts.look_at_store();
  *parts.web.lock() = std::make_unique<web::WebServer>(
      web_settings(parts.resources.configuration()), parts.views, parts.clock);
  ControlServer::Settings settings;
  settings.state = parts.state;
  settings.order_of = [&parts](const std::vector<std::string>& words,
                               const std::string& directory) {
    return parts.commands.at_fixed_point(
        parts.commands.order_of(words, directory),
        [&parts](const std::string& mailbox, const std::string& at) {
          const auto store = parts.resources.open_store(store::Access::read);
          return catalog::choose(
                     catalog::restore_points_of(store->repository(), std::nullopt, mailbox), at)
              .id;
        });
  };
  settings.lend_store = [&parts](std::stop_token stop, const std::function<void()>& lent) {
    const auto held = parts.resources.lend_store(std::move(stop));
    if (held) lent();
  };
  parts.control = std::make_unique<ControlServer>(std::move(settings), parts.runner);
  parts.is_started = true;
  parts.runner.start();
  parts.watcher = std::jthread{[&parts](const std::stop_token& stop) { parts.watch_store(stop); }};
  parts.looker =
      std::jthread{[&parts](const std::stop_token& stop) { parts.look_at_tenants(stop); }};
  parts.judging = std::jthread{[&parts](const std::stop_token& stop) { parts.judge(stop); }};
}

void Service::tick() {
  Parts& parts = *parts_;
  std::vector<jobs::Job> ended;
  std::swap(ended, *parts.just_ended.lock());
  for (const jobs::Job& job : ended) {
    going_on("what follows a job", [&] { parts.scheduler.ended(job); });
    parts.to_judge.lock()->push_back(job);
  }
  if (!ended.empty()) parts.has_stored = true;
  going_on("looking at the schedule", [&] { parts.scheduler.tick(); });
}

void Service::reload(Configuration configuration) {
  Parts& parts = *parts_;
  const Configuration old = parts.resources.configuration();
  if (configuration.service.state != old.service.state ||
      configuration.web.listen != old.web.listen) {
    throw base::Error{
        base::ErrorKind::usage,
        base::text(configuration.path.string(), ": 'state' in [service] and 'listen' in [web] ",
                   "change with a restart only")};
  }
  if (const auto certificate = web_settings(configuration).http.certificate) {
    (*parts.web.lock())->replace_certificate(*certificate);
  }
  parts.resources.reload(configuration);
  parts.scheduler.reload(configuration);
  parts.desk.reload(configuration.alerts);
  parts.has_stored = true;
  parts.has_new_configuration = true;
  *parts.loaded.lock() = parts.clock.now();
}

void Service::stop() {
  Parts& parts = *parts_;
  parts.stopping.request_stop();
  parts.watcher.request_stop();
  parts.looker.request_stop();
  parts.judging.request_stop();
  parts.control.reset();
  parts.runner.stop();
  // Pages show the jobs as they stop; then nobody asks any more.
  std::unique_ptr<web::WebServer> server;
  std::swap(server, *parts.web.lock());
  if (server) server->stop();
  if (parts.watcher.joinable()) parts.watcher.join();
  if (parts.looker.joinable()) parts.looker.join();
  if (parts.judging.joinable()) parts.judging.join();
}

std::string Service::status() const {
  std::size_t running = 0;
  std::size_t waiting = 0;
  for (const jobs::Job& job : parts_->runner.open_jobs()) {
    (job.state == jobs::JobState::running ? running : waiting) += 1;
  }
  std::string status = running == 0   ? std::string{"no job runs"}
                       : running == 1 ? std::string{"1 job runs"}
                                      : base::text(running, " jobs run");
  if (waiting > 0) status += base::text(", ", waiting, waiting == 1 ? " waits" : " wait");
  const PolicySchedule* next = nullptr;
  const auto policies = parts_->scheduler.policies();
  for (const PolicySchedule& policy : policies) {
    if (policy.next && (next == nullptr || *policy.next < *next->next)) next = &policy;
  }
  if (next != nullptr) {
    status += base::text("; next: backup of policy ", next->policy, " at ",
                         base::format_rfc3339(*next->next));
  }
  auto problem = parts_->store_problem.lock();
  return problem->empty() ? status : base::text("the store is not open: ", *problem, "; ", status);
}

}  // namespace appliance
