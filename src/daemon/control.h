// The socket by which the command line hands its writing commands to the running daemon, and
// follows them.
//
// A unix socket below the state folder, for the daemon's own user and root. Both sides speak
// frames: a kind, a length, a record (control_frames.h). A connection carries one command.
#pragma once

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/jobs/job.h"
#include "src/jobs/job_runner.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <sys/types.h>
#include <vector>

namespace appliance {

// Who may ask a daemon: its own user, and root.
inline bool may_ask(uid_t peer, uid_t own) { return peer == own || peer == 0; }

// `<state>/control.sock`; reached through the folder's descriptor, so that its path may be longer
// than a socket's address. No client stops a job by going away or holds one up by being slow, and
// each takes a few MiB of memory at most.
class ControlServer {
 public:
  struct Settings {
    std::filesystem::path state;
    // Checks the words and says what they mean; `directory` is where the client stands. Who asks is
    // filled in by the server. Error(usage) for what is no command that is handed over.
    std::function<jobs::JobOrder(const std::vector<std::string>& words,
                                 const std::string& directory)>
        order_of;
    // Closes the store, calls `lent`, and lets it be opened again when that returns. Does not call
    // it if `stop` came first.
    std::function<void(std::stop_token stop, const std::function<void()>& lent)> lend_store;
    std::size_t most_connections = 64;
    base::Duration patience = std::chrono::seconds{10};  // with a client that says nothing
  };
  // Listens from now on; makes the folder (mode 0700) if it is not there. The runner outlives it.
  // Error(in_use) if another daemon listens there; a socket that a dead one left is replaced.
  ControlServer(Settings settings, jobs::JobRunner& runner);
  // Lets all clients go; their jobs stay with the runner. The store that was lent is lent no more.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// What the caller sees of a job that was handed over; called in the order of what happens.
struct Follower {
  std::function<void(const jobs::Job&)> on_begun;  // with its id
  std::function<void(const jobs::Told&)> on_told;
  std::function<void(const jobs::ProgressReading&)> on_progress;
};

// For one command each.
class ControlClient {
 public:
  // Empty if no daemon listens there. Error(denied) if one does and this user may not ask it, or if
  // he may not even see whether; Error(in_use) if it serves too many others, Error(unavailable) if
  // it does not answer, Error(failed) if it is of another version.
  static std::optional<ControlClient> connect(const std::filesystem::path& state);

  // Runs the command in the daemon and follows it to its end. `stop` cancels the job, which is then
  // followed to its safe point. Error(unavailable) if the daemon goes away meanwhile: the job goes
  // on when it is back. What a follower throws leaves the job running, too. Else errors of order_of
  // and JobRunner::submit().
  jobs::ExitStatus run(const std::vector<std::string>& words, const Follower& follower,
                       std::stop_token stop);
  // Errors as JobRunner::cancel().
  jobs::Job cancel(const std::string& id);
  // The daemon has finished what it was at and has closed the store; it keeps off until this client
  // is dropped. For what tells secrets, which no job's record may hold. Error(cancelled) if `stop`
  // came first.
  void borrow_store(std::stop_token stop);

 private:
  explicit ControlClient(base::FileHandle socket) : socket_(std::move(socket)) {}

  base::FileHandle socket_;
  bool has_asked_ = false;
};

}  // namespace appliance
