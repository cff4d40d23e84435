#include "src/base/error.h"
#include "src/base/text.h"
#include "src/daemon/control.h"
#include "src/daemon/control_frames.h"
#include "src/jobs/audit_log.h"
#include "src/jobs/record_reader.h"

#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <system_error>
#include <utility>

namespace appliance {
namespace {

using base::Error;
using base::ErrorKind;
using jobs::ExitStatus;

constexpr base::Duration kPatience = std::chrono::seconds{30};
constexpr std::string_view kHello = "the daemon's greeting";

constexpr std::array kStatuses{ExitStatus::done,     ExitStatus::failed, ExitStatus::usage,
                               ExitStatus::partial,  ExitStatus::denied, ExitStatus::not_found,
                               ExitStatus::no_store, ExitStatus::in_use, ExitStatus::wrong_key,
                               ExitStatus::corrupt,  ExitStatus::full,   ExitStatus::interrupted};

// Empty if nobody listens.
std::optional<base::FileHandle> connected_socket(const std::filesystem::path& state) {
  base::FileHandle socket = new_control_socket();
  const auto address = ControlAddress::of(state);
  if (address && address->connect(socket)) return socket;
  if (errno == ENOENT || errno == ENOTDIR || errno == ECONNREFUSED) return std::nullopt;
  if (errno == EACCES || errno == EPERM) {
    throw Error{ErrorKind::denied,
                base::text("the daemon's socket in '", state.string(),
                           "' is for its own user and root: run this as one of them")};
  }
  throw base::system_error(base::text("asking the daemon in '", state.string(), "'"), errno);
}

// The next thing that the server says, if it is no error.
Frame next_frame(const base::FileHandle& socket, const std::optional<std::string>& followed = {}) {
  std::optional<Frame> frame;
  try {
    frame = receive_frame(socket, kMostAnswerBytes);
    if (!frame) throw Error{ErrorKind::unavailable, "the daemon has gone away"};
  } catch (Error& error) {
    if (followed) {
      error.add_context(
          base::text("following the job ", *followed, ", which goes on when the daemon is back"));
    }
    throw;
  }
  if (frame->kind == FrameKind::failed) throw told_error(frame->content);
  return *std::move(frame);
}

Error unexpected() { return {ErrorKind::protocol, "the daemon says what does not belong here"}; }

void ask(const base::FileHandle& socket, bool& has_asked, FrameKind kind,
         const jobs::Record& request) {
  base::check(!std::exchange(has_asked, true), "a client of the daemon asks once");
  const base::Bytes content = jobs::encode_record(request);
  if (content.size() > kMostRequestBytes) {
    throw Error{ErrorKind::usage, base::text("the command line is longer than ",
                                             base::human_bytes(kMostRequestBytes))};
  }
  send_frame(socket, kind, content);
}

ExitStatus status_of(const jobs::Job& job) {
  for (const ExitStatus status : kStatuses) {
    if (job.exit_status == jobs::number(status)) return status;
  }
  throw unexpected();
}

}  // namespace

std::optional<ControlClient> ControlClient::connect(const std::filesystem::path& state) {
  auto socket = connected_socket(state);
  if (!socket) return std::nullopt;
  set_patience(*socket, kPatience);
  const Frame hello = next_frame(*socket);
  if (hello.kind != FrameKind::hello) throw unexpected();
  const jobs::Record greeting = jobs::decode_record(hello.content, kHello);
  if (jobs::RecordReader{greeting, kHello}.number("version") != kControlVersion) {
    throw Error{ErrorKind::failed,
                "the daemon that runs is of another version than this program: restart it"};
  }
  set_patience(*socket, base::Duration{0});
  return ControlClient{*std::move(socket)};
}

ExitStatus ControlClient::run(const std::vector<std::string>& words, const Follower& follower,
                              std::stop_token stop) {
  std::error_code unknown;
  const std::string directory = std::filesystem::current_path(unknown).string();
  ask(socket_, has_asked_, FrameKind::run,
      {{"words", jobs::Value::List(words.begin(), words.end())},
       {"directory", directory},
       {"login", jobs::this_process().login}});
  const std::stop_callback cancel{std::move(stop), [&] {
                                    try {
                                      send_frame(socket_, FrameKind::stop, jobs::encode_record({}));
                                    } catch (const Error&) {
                                      // Who reads finds out.
                                    }
                                  }};
  std::optional<std::string> id;
  for (;;) {
    const Frame frame = next_frame(socket_, id);
    switch (frame.kind) {
      case FrameKind::begun: {
        const jobs::Job job = jobs::decode_job(frame.content);
        id = job.id;
        if (follower.on_begun) follower.on_begun(job);
        break;
      }
      case FrameKind::told:
        if (follower.on_told) follower.on_told(jobs::decode_told(frame.content));
        break;
      case FrameKind::progress:
        if (follower.on_progress) follower.on_progress(told_progress(frame.content));
        break;
      case FrameKind::ended:
        return status_of(jobs::decode_job(frame.content));
      default:
        throw unexpected();
    }
  }
}

jobs::Job ControlClient::cancel(const std::string& id) {
  ask(socket_, has_asked_, FrameKind::cancel, {{"id", id}});
  const Frame frame = next_frame(socket_);
  if (frame.kind != FrameKind::ended) throw unexpected();
  return jobs::decode_job(frame.content);
}

void ControlClient::borrow_store(std::stop_token stop) {
  const auto cancelled = [&] {
    return Error{ErrorKind::cancelled, "stopped while the daemon was asked for the store"};
  };
  ask(socket_, has_asked_, FrameKind::borrow, {});
  const std::stop_callback hang_up{stop, [&] { ::shutdown(socket_.get(), SHUT_RDWR); }};
  try {
    if (next_frame(socket_).kind != FrameKind::lent) throw unexpected();
  } catch (const Error&) {
    if (stop.stop_requested()) throw cancelled();
    throw;
  }
  if (stop.stop_requested()) throw cancelled();
}

}  // namespace appliance
