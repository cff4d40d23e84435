#include "src/daemon/control_frames.h"
#include "src/jobs/job.h"
#include "tests/fuzz/targets.h"

#include <array>
#include <sys/socket.h>

namespace fuzz {
namespace {

using base::ErrorKind;

constexpr std::size_t kMostBytes = 1024;

void check_content(base::ByteView content) {
  const auto progress = unless_refused({ErrorKind::corrupt, ErrorKind::protocol},
                                       [&] { return appliance::told_progress(content); });
  if (progress) {
    const auto again =
        appliance::told_progress(jobs::encode_record(appliance::progress_message(*progress)));
    hold(again.items_done == progress->items_done && again.stage == progress->stage,
         "progress comes over as it was");
  }
  const auto error = unless_refused({ErrorKind::corrupt, ErrorKind::protocol},
                                    [&] { return appliance::told_error(content); });
  if (!error) return;
  const base::Error again =
      appliance::told_error(jobs::encode_record(appliance::error_message(*error)));
  hold(again.kind() == error->kind() && std::string_view{again.what()} == error->what(),
       "an error comes over as it was");
}

}  // namespace

// What the other side of the control socket sends before it closes; short enough for the socket.
void fuzz_control_frame(base::ByteView input) {
  std::array<int, 2> sockets{};
  base::check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) == 0,
              "there are sockets");
  const base::FileHandle receiver{sockets[0]};
  {
    const base::FileHandle sender{sockets[1]};
    const auto sent = ::send(sender.get(), input.data(), input.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    base::check(sent == static_cast<ssize_t>(input.size()), "the socket takes it");
  }
  for (;;) {
    const auto frame = unless_refused({ErrorKind::protocol, ErrorKind::unavailable}, [&] {
      return appliance::receive_frame(receiver, kMostBytes);
    });
    if (!frame || !*frame) return;
    hold((*frame)->content.size() <= kMostBytes, "a frame is no longer than it may be");
    check_content((*frame)->content);
  }
}

}  // namespace fuzz
