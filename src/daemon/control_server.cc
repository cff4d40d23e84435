#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/synchronized.h"
#include "src/base/text.h"
#include "src/daemon/control.h"
#include "src/daemon/control_frames.h"
#include "src/jobs/audit_log.h"
#include "src/jobs/record_reader.h"

#include <cerrno>
#include <condition_variable>
#include <fcntl.h>
#include <map>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace appliance {
namespace {

using base::Error;
using base::ErrorKind;
using base::FileHandle;
using base::LogLevel;

constexpr std::string_view kWhat = "a client's command";
constexpr const char* kLockFile = "control.lock";
constexpr int kBacklog = 64;
constexpr base::Duration kPauseWithoutDescriptors = std::chrono::seconds{1};

ControlAddress opened_folder(const std::filesystem::path& state) {
  std::error_code error;
  if (state.has_parent_path()) std::filesystem::create_directories(state.parent_path(), error);
  if (::mkdir(state.c_str(), 0700) != 0 && errno != EEXIST) {
    throw base::system_error(base::text("making '", state.string(), "'"), errno);
  }
  auto address = ControlAddress::of(state);
  if (!address) throw base::system_error(base::text("opening '", state.string(), "'"), errno);
  return *std::move(address);
}

// It tells whether the one whose socket is there is alive; the socket alone does not.
FileHandle locked(const ControlAddress& address, const std::filesystem::path& state) {
  FileHandle lock{
      ::openat(address.folder().get(), kLockFile, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
  const std::string what = base::text("locking '", (state / kLockFile).string(), "'");
  if (!lock.is_open()) throw base::system_error(what, errno);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) throw base::system_error(what, errno);
  throw Error{ErrorKind::in_use, base::text("another daemon works with '", state.string(), "'")};
}

FileHandle listening(const ControlAddress& address, const std::filesystem::path& state) {
  const std::string name{ControlAddress::kName};
  const std::string what = base::text("listening on '", (state / name).string(), "'");
  const int folder = address.folder().get();
  struct stat status {};
  if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    if (!S_ISSOCK(status.st_mode)) {
      throw Error{ErrorKind::usage, base::text(what, ": something else is there")};
    }
    if (::unlinkat(folder, name.c_str(), 0) != 0) throw base::system_error(what, errno);
  }
  FileHandle socket = new_control_socket();
  // Nobody can connect before it listens, so nobody does while the mode is another.
  if (!address.bind(socket) || ::fchmodat(folder, name.c_str(), 0600, 0) != 0 ||
      ::listen(socket.get(), kBacklog) != 0) {
    throw base::system_error(what, errno);
  }
  return socket;
}

ucred peer_of(const FileHandle& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    throw base::system_error("asking who is at the control socket", errno);
  }
  return peer;
}

void send_record(const FileHandle& socket, FrameKind kind, const jobs::Record& record) {
  send_frame(socket, kind, jobs::encode_record(record));
}

// Who does not listen is not told.
void send_error(const FileHandle& socket, const Error& error) {
  try {
    send_record(socket, FrameKind::failed, error_message(error));
  } catch (const Error&) {
    base::log(LogLevel::debug,
              "a client of the control socket went away before it was told: ", error.what());
  }
}

// Listens to a client that is being served: whether it wants to stop, and whether it is still
// there.
class PeerWatch {
 public:
  PeerWatch(const FileHandle& socket, std::function<void()> on_stop)
      : socket_(socket), on_stop_(std::move(on_stop)), thread_([this] { listen(); }) {}
  ~PeerWatch() {
    ::shutdown(socket_.get(), SHUT_RD);
    if (thread_.joinable()) thread_.join();
  }
  PeerWatch(const PeerWatch&) = delete;
  PeerWatch& operator=(const PeerWatch&) = delete;

  // Requested when the client has gone.
  [[nodiscard]] std::stop_token gone() const { return gone_.get_token(); }
  void wait_until_gone() { thread_.join(); }

 private:
  void listen() {
    try {
      while (const auto frame = receive_frame(socket_, 1024)) {
        if (frame->kind != FrameKind::stop) break;
        on_stop_();
      }
    } catch (const Error& error) {
      base::log(LogLevel::debug, "a client of the control socket: ", error.what());
    }
    gone_.request_stop();
  }

  const FileHandle& socket_;
  std::function<void()> on_stop_;
  std::stop_source gone_;
  std::jthread thread_;
};

struct Connection {
  FileHandle socket;
  std::jthread thread;
};

struct State {
  std::map<std::uint64_t, Connection> connections;
  std::uint64_t last = 0;
  std::vector<std::jthread> finished;  // they only return
};

}  // namespace

struct ControlServer::Parts {
  Parts(Settings these, jobs::JobRunner& jobs)
      : settings(std::move(these)),
        runner(jobs),
        address(opened_folder(settings.state)),
        lock(locked(address, settings.state)),
        listener(listening(address, settings.state)) {}

  void accept_clients(const std::stop_token& stop);
  void admit(FileHandle socket);
  void serve(std::uint64_t number, const FileHandle& socket, const ucred& peer);
  void converse(const FileHandle& socket, const ucred& peer);
  void run(const FileHandle& socket, const ucred& peer, const jobs::RecordReader& request);
  void cancel_followed(const std::string& id);
  void lend(const FileHandle& socket);

  const Settings settings;
  jobs::JobRunner& runner;
  ControlAddress address;
  FileHandle lock;
  FileHandle listener;
  base::Synchronized<State> state;
  std::condition_variable_any changed;
  std::jthread acceptor;
};

void ControlServer::Parts::accept_clients(const std::stop_token& stop) {
  base::SystemClock clock;
  while (!stop.stop_requested()) {
    FileHandle socket{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    const int error = errno;
    if (stop.stop_requested()) return;
    try {
      if (socket.is_open()) {
        admit(std::move(socket));
      } else if (error != EINTR && error != ECONNABORTED) {
        throw base::system_error("accepting a client of the control socket", error);
      }
    } catch (const std::exception&) {
      base::log(LogLevel::error, base::current_error().what());
      // The client waits, and would be asked for again at once.
      clock.sleep_for(kPauseWithoutDescriptors, stop);
    }
  }
}

void ControlServer::Parts::admit(FileHandle socket) {
  const ucred peer = peer_of(socket);
  if (!may_ask(peer.uid, ::geteuid())) {
    base::log(LogLevel::warning, "the user ", jobs::user_name(peer.uid), " (process ", peer.pid,
              ") may not use the control socket");
    send_error(socket,
               {ErrorKind::denied, base::text("the daemon serves ", jobs::user_name(::geteuid()),
                                              " and root only: run this as one of them")});
    return;
  }
  auto now = state.lock();
  now->finished.clear();
  if (now->connections.size() >= settings.most_connections) {
    send_error(socket, {ErrorKind::in_use, base::text("the daemon serves ", now->connections.size(),
                                                      " clients already: come back later")});
    return;
  }
  const std::uint64_t number = ++now->last;
  Connection& connection = now->connections[number];
  connection.socket = std::move(socket);
  try {
    connection.thread =
        std::jthread{[this, number, &connection, peer] { serve(number, connection.socket, peer); }};
  } catch (const std::system_error&) {
    now->connections.erase(number);
    throw;
  }
}

void ControlServer::Parts::serve(std::uint64_t number, const FileHandle& socket,
                                 const ucred& peer) {
  try {
    converse(socket, peer);
  } catch (...) {
    send_error(socket, base::current_error());
  }
  auto now = state.lock();
  const auto found = now->connections.find(number);
  now->finished.push_back(std::move(found->second.thread));
  now->connections.erase(found);
  changed.notify_all();
}

void ControlServer::Parts::converse(const FileHandle& socket, const ucred& peer) {
  send_record(socket, FrameKind::hello, {{"version", kControlVersion}});
  set_patience(socket, settings.patience);
  const auto frame = receive_frame(socket, kMostRequestBytes);
  if (!frame) return;
  set_patience(socket, base::Duration{0});
  const jobs::Record request = jobs::decode_record(frame->content, kWhat);
  const jobs::RecordReader fields{request, kWhat};
  if (frame->kind == FrameKind::run) {
    run(socket, peer, fields);
  } else if (frame->kind == FrameKind::cancel) {
    send_frame(socket, FrameKind::ended, jobs::encode_job(runner.cancel(fields.text("id"))));
  } else if (frame->kind == FrameKind::borrow) {
    lend(socket);
  } else {
    throw Error{ErrorKind::protocol, "what came over the control socket is no command"};
  }
}

void ControlServer::Parts::run(const FileHandle& socket, const ucred& peer,
                               const jobs::RecordReader& request) {
  const std::string directory = request.text("directory");
  jobs::JobOrder order = settings.order_of(request.texts("words"), directory);
  order.directory = directory;
  order.by_name = jobs::user_name(peer.uid);
  order.by = {order.by_name, request.text("login"), jobs::this_process().host,
              base::text(peer.pid)};
  const jobs::Job job = runner.submit(order);
  send_frame(socket, FrameKind::begun, jobs::encode_job(job));
  PeerWatch watch{socket, [&] { cancel_followed(job.id); }};
  const auto ended = runner.follow(
      job.id,
      [&](const jobs::Told& told) {
        send_frame(socket, FrameKind::told, jobs::encode_told(told));
        return true;
      },
      [&](const jobs::JobProgress& progress) {
        send_record(socket, FrameKind::progress, progress_message(progress.reading));
      },
      watch.gone());
  if (ended) send_frame(socket, FrameKind::ended, jobs::encode_job(*ended));
}

void ControlServer::Parts::cancel_followed(const std::string& id) {
  try {
    runner.cancel(id);
  } catch (const Error& error) {
    // It has ended: its client is being told.
    if (error.kind() != ErrorKind::usage) throw;
  }
}

void ControlServer::Parts::lend(const FileHandle& socket) {
  PeerWatch watch{socket, [] {
                    throw Error{ErrorKind::protocol, "a client that borrows stops by hanging up"};
                  }};
  const auto pause = runner.hold_everything(watch.gone());
  if (!pause) return;
  settings.lend_store(watch.gone(), [&] {
    send_record(socket, FrameKind::lent, {});
    watch.wait_until_gone();
  });
}

ControlServer::ControlServer(Settings settings, jobs::JobRunner& runner)
    : parts_(std::make_unique<Parts>(std::move(settings), runner)) {
  parts_->acceptor = std::jthread{
      [parts = parts_.get()](const std::stop_token& stop) { parts->accept_clients(stop); }};
}

ControlServer::~ControlServer() {
  parts_->acceptor.request_stop();
  ::shutdown(parts_->listener.get(), SHUT_RDWR);
  parts_->acceptor.join();
  auto state = parts_->state.lock();
  for (auto& [number, connection] : state->connections) {
    ::shutdown(connection.socket.get(), SHUT_RDWR);
  }
  state.wait(parts_->changed, {}, [](const State& now) { return now.connections.empty(); });
  state->finished.clear();
  ::unlinkat(parts_->address.folder().get(), std::string{ControlAddress::kName}.c_str(), 0);
}

}  // namespace appliance
