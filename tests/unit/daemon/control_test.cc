#include "src/daemon/control.h"

#include "src/base/error.h"
#include "src/base/synchronized.h"
#include "src/daemon/control_frames.h"
#include "src/jobs/audit_log.h"
#include "src/jobs/job_log.h"
#include "tests/support/catch.h"
#include "tests/support/failure.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/virtual_clock.h"

#include <condition_variable>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

namespace fs = std::filesystem;
using appliance::ControlAddress;
using appliance::ControlClient;
using appliance::ControlServer;
using appliance::Follower;
using appliance::FrameKind;
using base::Error;
using base::ErrorKind;
using jobs::ExitStatus;

jobs::Told line(std::string text) { return {jobs::Told::Kind::line, {}, std::move(text)}; }

// A daemon whose commands are "count N" (tells N lines), "wait" (until it is cancelled) and "fail".
class Daemon {
 public:
  explicit Daemon(fs::path folder) : state(std::move(folder)) { open(); }
  ~Daemon() { close(); }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  void open() {
    log_.emplace(state / "jobs", jobs::JobLogLimits{});
    jobs::JobRunner::Settings settings;
    settings.lane_of = [](const jobs::JobOrder&) { return jobs::Lane::restore; };
    settings.execute = [this](const jobs::Job& job, jobs::JobControl& control) {
      return execute(job, control);
    };
    settings.on_change = [this](const jobs::Job& job) {
      *last_.lock() = job;
      changed_.notify_all();
    };
    runner_.emplace(std::move(settings), *log_, clock_);
    runner_->start();
    server_.emplace(settings_of_server(), *runner_);
  }
  void close() {
    server_.reset();
    if (runner_) runner_->stop();
    runner_.reset();
    log_.reset();
  }
  void close_socket() { server_.reset(); }

  ControlServer::Settings settings_of_server() {
    ControlServer::Settings settings;
    settings.state = state;
    settings.order_of = [](const std::vector<std::string>& words, const std::string&) {
      if (words.empty()) throw Error{ErrorKind::usage, "no command"};
      jobs::JobOrder order;
      order.words = words;
      order.command = words.front();
      return order;
    };
    settings.lend_store = [this](std::stop_token, const std::function<void()>& lent) {
      *is_lent_.lock() = true;
      lent();
      *is_lent_.lock() = false;
      changed_.notify_all();
    };
    settings.most_connections = 4;
    settings.patience = patience;
    return settings;
  }

  ControlClient client() { return ControlClient::connect(state).value(); }
  jobs::JobRunner& runner() { return *runner_; }
  jobs::JobLog& log() { return *log_; }
  // Waits until the job that changed last is like that.
  jobs::Job wait_for(jobs::JobState wanted) {
    auto last = last_.lock();
    last.wait(changed_, {},
              [&](const jobs::Job& job) { return !job.id.empty() && job.state == wanted; });
    return *last;
  }
  bool is_lent() { return *is_lent_.lock(); }
  void wait_until_returned() {
    is_lent_.lock().wait(changed_, {}, [](bool is_lent) { return !is_lent; });
  }

  const fs::path state;
  base::Duration patience = std::chrono::minutes{1};

 private:
  static ExitStatus execute(const jobs::Job& job, jobs::JobControl& control) {
    const std::vector<std::string>& words = job.order.words;
    if (words.front() == "fail") throw Error{ErrorKind::full, "no room"};
    if (words.front() == "count") {
      for (int i = 0; i < std::stoi(words.at(1)); ++i) control.tell(line(std::to_string(i)));
      return ExitStatus::partial;
    }
    const auto watched = control.watch([] {
      jobs::ProgressReading reading;
      reading.stage = "waiting";
      reading.items_done = 7;
      return reading;
    });
    base::Synchronized<int> nothing{0};
    std::condition_variable_any never;
    nothing.lock().wait(never, control.stop(), [](int) { return false; });
    control.tell(line("stopped"));
    return ExitStatus::interrupted;
  }

  base::SystemClock clock_;
  base::Synchronized<jobs::Job> last_;
  base::Synchronized<bool> is_lent_{false};
  std::condition_variable_any changed_;
  std::optional<jobs::JobLog> log_;
  std::optional<jobs::JobRunner> runner_;
  std::optional<ControlServer> server_;
};

// A connection of somebody who keeps to no protocol.
base::FileHandle stranger(const fs::path& state) {
  base::FileHandle socket = appliance::new_control_socket();
  REQUIRE(ControlAddress::of(state)->connect(socket));
  REQUIRE(appliance::receive_frame(socket, 1000)->kind == FrameKind::hello);
  return socket;
}

void send_raw(const base::FileHandle& socket, std::string_view bytes) {
  CHECK(::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
        static_cast<ssize_t>(bytes.size()));
}

// What the server says before it hangs up.
std::vector<FrameKind> answers(const base::FileHandle& socket) {
  std::vector<FrameKind> kinds;
  try {
    while (const auto frame = appliance::receive_frame(socket, 1 << 20)) {
      kinds.push_back(frame->kind);
    }
  } catch (const Error&) {
    // It hung up with something of ours unread.
  }
  return kinds;
}

}  // namespace

TEST_CASE("a daemon serves its own user and root", "[daemon][control]") {
  CHECK(appliance::may_ask(1000, 1000));
  CHECK(appliance::may_ask(0, 1000));
  CHECK(appliance::may_ask(0, 0));
  CHECK_FALSE(appliance::may_ask(1001, 1000));
  CHECK_FALSE(appliance::may_ask(1000, 0));
}

TEST_CASE("where no daemon is, nobody is asked", "[daemon][control]") {
  test::TemporaryDirectory directory;
  CHECK_FALSE(ControlClient::connect(directory / "none"));
  CHECK_FALSE(ControlClient::connect(directory.path()));
}

TEST_CASE("a command is run by the daemon and followed to its end", "[daemon][control]") {
  test::TemporaryDirectory directory;
  // The socket's path is longer than an address, too.
  const bool is_long = GENERATE(false, true);
  Daemon daemon{directory / (is_long ? std::string(200, 'd') : "state")};
  ControlClient client = daemon.client();
  std::vector<std::string> told;
  Follower follower;
  follower.on_begun = [&](const jobs::Job& job) { told.push_back(job.order.command); };
  follower.on_told = [&](const jobs::Told& one) { told.push_back(one.text); };
  CHECK(client.run({"count", "3"}, follower, {}) == ExitStatus::partial);
  CHECK(told == std::vector<std::string>{"count", "0", "1", "2"});
  const jobs::Job job = daemon.log().list("", 1).at(0);
  CHECK(job.order.by_name == jobs::user_name(::geteuid()));
  CHECK(job.order.by.user == jobs::user_name(::geteuid()));
  CHECK(job.order.by.process == std::to_string(::getpid()));
  CHECK(job.order.directory == fs::current_path().string());
  const auto mode = [](const fs::path& path) {
    return static_cast<unsigned>(fs::status(path).permissions());
  };
  CHECK(mode(daemon.state) == 0700);
  CHECK(mode(daemon.state / "control.sock") == 0600);
}

TEST_CASE("an error of a command comes to who asked", "[daemon][control]") {
  test::TemporaryDirectory directory;
  Daemon daemon{directory / "state"};
  CHECK(test::failure_of([&] { daemon.client().run({}, {}, {}); }).kind == ErrorKind::usage);
  CHECK(test::failure_of([&] { daemon.client().cancel("nobody"); }).kind == ErrorKind::not_found);
  CHECK(test::failure_of([&] {
          daemon.client().run({"count", std::string(5 << 20, 'x')}, {}, {});
        }).kind == ErrorKind::usage);
  std::string error;
  Follower follower;
  follower.on_told = [&](const jobs::Told& told) { error = told.text; };
  CHECK(daemon.client().run({"fail"}, follower, {}) == ExitStatus::full);
  CHECK(error == "coffer: error: no room");
}

TEST_CASE("who stops a command cancels its job and sees it stop", "[daemon][control]") {
  test::TemporaryDirectory directory;
  Daemon daemon{directory / "state"};
  std::stop_source stop;
  Follower follower;
  std::string told;
  SECTION("at once") { stop.request_stop(); }
  SECTION("when it has told how far it is") {
    follower.on_progress = [&](const jobs::ProgressReading& reading) {
      CHECK(reading.stage == "waiting");
      CHECK(reading.items_done == 7);
      stop.request_stop();
    };
  }
  follower.on_told = [&](const jobs::Told& one) { told += one.text; };
  CHECK(daemon.client().run({"wait"}, follower, stop.get_token()) == ExitStatus::interrupted);
  CHECK(daemon.log().list("", 1).at(0).end == jobs::JobEnd::cancelled);
}

TEST_CASE("another client can cancel a job", "[daemon][control]") {
  test::TemporaryDirectory directory;
  Daemon daemon{directory / "state"};
  Follower follower;
  follower.on_begun = [&](const jobs::Job& job) {
    CHECK(daemon.client().cancel(job.id).id == job.id);
  };
  CHECK(daemon.client().run({"wait"}, follower, {}) == ExitStatus::interrupted);
  CHECK(test::failure_of([&] { daemon.client().cancel(daemon.log().list("", 1).at(0).id); }).kind ==
        ErrorKind::usage);
}

TEST_CASE("a client that goes away does not stop its job", "[daemon][control]") {
  test::TemporaryDirectory directory;
  Daemon daemon{directory / "state"};
  Follower follower;
  follower.on_begun = [](const jobs::Job&) { throw std::runtime_error{"terminal closed"}; };
  CHECK_THROWS_AS(daemon.client().run({"wait"}, follower, {}), std::runtime_error);
  const jobs::Job job = daemon.wait_for(jobs::JobState::running);
  // Its place is free again: all of them can be had.
  for (int i = 0; i < 8; ++i)
    CHECK(daemon.client().run({"count", "1"}, {}, {}) == ExitStatus::partial);
  CHECK(daemon.log().find(job.id)->state == jobs::JobState::running);
}

TEST_CASE("a client that does not read holds its job up no more than others", "[daemon][control]") {
  test::TemporaryDirectory directory;
  Daemon daemon{directory / "state"};
  const base::FileHandle socket = stranger(daemon.state);
  appliance::send_frame(
      socket, FrameKind::run,
      jobs::encode_record(
          {{"words", jobs::Value::List{"count", "20000"}}, {"directory", "/"}, {"login", ""}}));
  CHECK(daemon.wait_for(jobs::JobState::ended).end == jobs::JobEnd::partial);
  CHECK(daemon.client().run({"count", "1"}, {}, {}) == ExitStatus::partial);
  // And when it reads at last, nothing is missing.
  const std::vector<FrameKind> all = answers(socket);
  CHECK(all.size() == 20'002);
  CHECK(all.back() == FrameKind::ended);
}

TEST_CASE("peers that keep to no protocol do no harm", "[daemon][control]") {
  test::TemporaryDirectory directory;
  Daemon daemon{directory / "state"};
  {
    const base::FileHandle socket = stranger(daemon.state);
    SECTION("one that says nothing and goes") {}
    SECTION("garbage") {
      send_raw(socket, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      CHECK(answers(socket) == std::vector{FrameKind::failed});
    }
    SECTION("half a frame") { send_raw(socket, std::string_view{"\x20\x10\0", 3}); }
    SECTION("a frame that is cut") {
      send_raw(socket, std::string_view{"\x20\x10\0\0\0abc", 8});
      ::shutdown(socket.get(), SHUT_WR);
      CHECK(answers(socket) == std::vector{FrameKind::failed});
    }
    SECTION("one that is too long") {
      send_raw(socket, std::string_view{"\x20\xff\xff\xff\xff", 5});
      CHECK(answers(socket) == std::vector{FrameKind::failed});
    }
    SECTION("a command that is no record") {
      appliance::send_frame(socket, FrameKind::run, base::as_bytes("garbage"));
      CHECK(answers(socket) == std::vector{FrameKind::failed});
    }
    SECTION("a command without its fields") {
      appliance::send_frame(socket, FrameKind::cancel, jobs::encode_record({}));
      CHECK(answers(socket) == std::vector{FrameKind::failed});
    }
    SECTION("an answer instead of a command") {
      appliance::send_frame(socket, FrameKind::ended, jobs::encode_record({}));
      CHECK(answers(socket) == std::vector{FrameKind::failed});
    }
    SECTION("garbage while it is served") {
      appliance::send_frame(socket, FrameKind::borrow, jobs::encode_record({}));
      CHECK(appliance::receive_frame(socket, 1000)->kind == FrameKind::lent);
      send_raw(socket, "garbage");
      CHECK(answers(socket).empty());
      daemon.wait_until_returned();
    }
  }
  CHECK(daemon.client().run({"count", "1"}, {}, {}) == ExitStatus::partial);
}

TEST_CASE("who says nothing is not waited for for ever", "[daemon][control]") {
  test::TemporaryDirectory directory;
  Daemon daemon{directory / "state"};
  daemon.close();
  daemon.patience = std::chrono::milliseconds{20};
  daemon.open();
  const base::FileHandle socket = stranger(daemon.state);
  send_raw(socket, "\x20");
  CHECK(answers(socket) == std::vector{FrameKind::failed});
}

TEST_CASE("more clients than the daemon serves are told so", "[daemon][control]") {
  test::TemporaryDirectory directory;
  Daemon daemon{directory / "state"};
  std::vector<base::FileHandle> strangers;
  for (int i = 0; i < 4; ++i) strangers.push_back(stranger(daemon.state));
  CHECK(test::failure_of([&] { daemon.client(); }).kind == ErrorKind::in_use);
}

TEST_CASE("a client is told when the daemon goes, and its job goes on later", "[daemon][control]") {
  test::TemporaryDirectory directory;
  Daemon daemon{directory / "state"};
  Follower follower;
  std::string id;
  follower.on_begun = [&](const jobs::Job& job) {
    id = job.id;
    daemon.wait_for(jobs::JobState::running);
    daemon.close_socket();
  };
  ControlClient client = daemon.client();
  try {
    client.run({"wait"}, follower, {});
    FAIL("it did not notice");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::unavailable);
    CHECK_THAT(error.what(), test::contains_text("goes on when the daemon is back"));
  }
  CHECK_FALSE(ControlClient::connect(daemon.state));
  daemon.close();
  daemon.open();
  CHECK(daemon.wait_for(jobs::JobState::running).id == id);
}

TEST_CASE("a dead daemon's socket is replaced, a live one's is not", "[daemon][control]") {
  test::TemporaryDirectory directory;
  const fs::path state = directory / "state";
  {
    // As a kill leaves it: bound, and nobody listens.
    fs::create_directory(state);
    const base::FileHandle dead = appliance::new_control_socket();
    REQUIRE(ControlAddress::of(state)->bind(dead));
  }
  REQUIRE(fs::is_socket(state / "control.sock"));
  CHECK_FALSE(ControlClient::connect(state));
  Daemon daemon{state};
  CHECK(daemon.client().run({"count", "1"}, {}, {}) == ExitStatus::partial);
  CHECK(test::failure_of([&] {
          ControlServer{daemon.settings_of_server(), daemon.runner()};
        }).kind == ErrorKind::in_use);
  CHECK(daemon.client().run({"count", "1"}, {}, {}) == ExitStatus::partial);
}

TEST_CASE("what is no socket is left alone", "[daemon][control]") {
  test::TemporaryDirectory directory;
  Daemon daemon{directory / "state"};
  daemon.close_socket();
  base::replace_file(daemon.state / "control.sock", base::as_bytes("precious"));
  CHECK(test::failure_of([&] {
          ControlServer{daemon.settings_of_server(), daemon.runner()};
        }).kind == ErrorKind::usage);
  CHECK(fs::exists(daemon.state / "control.sock"));
}

TEST_CASE("the store is lent when nothing runs, until the client goes", "[daemon][control]") {
  test::TemporaryDirectory directory;
  Daemon daemon{directory / "state"};
  {
    ControlClient client = daemon.client();
    client.borrow_store({});
    CHECK(daemon.is_lent());
    jobs::JobOrder order;
    order.words = {"count", "1"};
    order.command = "count";
    const jobs::Job job = daemon.runner().submit(order);
    CHECK(daemon.log().find(job.id)->state == jobs::JobState::queued);
  }
  daemon.wait_until_returned();
  CHECK(daemon.wait_for(jobs::JobState::ended).end == jobs::JobEnd::partial);
}

TEST_CASE("who asks for the store can stop waiting for it", "[daemon][control]") {
  test::TemporaryDirectory directory;
  Daemon daemon{directory / "state"};
  jobs::JobOrder order;
  order.words = {"wait"};
  order.command = "wait";
  const jobs::Job job = daemon.runner().submit(order);
  daemon.wait_for(jobs::JobState::running);
  ControlClient client = daemon.client();
  std::stop_source stop;
  std::promise<ErrorKind> kind;
  std::thread borrower{[&] {
    kind.set_value(test::failure_of([&] { client.borrow_store(stop.get_token()); }).kind);
  }};
  stop.request_stop();
  borrower.join();
  CHECK(kind.get_future().get() == ErrorKind::cancelled);
  CHECK_FALSE(daemon.is_lent());
  // Nothing is held any more.
  CHECK(daemon.client().run({"count", "1"}, {}, {}) == ExitStatus::partial);
}
