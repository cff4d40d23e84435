#include "src/daemon/control_frames.h"

#include "src/jobs/audit_log.h"
#include "tests/support/catch.h"

#include <array>
#include <sys/socket.h>
#include <utility>

namespace {

using appliance::FrameKind;
using base::Error;
using base::ErrorKind;

std::pair<base::FileHandle, base::FileHandle> pair_of_sockets() {
  std::array<int, 2> sockets{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) == 0);
  return {base::FileHandle{sockets[0]}, base::FileHandle{sockets[1]}};
}

}  // namespace

TEST_CASE("frames come over a socket one after the other", "[daemon][control]") {
  auto [left, right] = pair_of_sockets();
  appliance::send_frame(left, FrameKind::told, base::as_bytes("one"));
  appliance::send_frame(left, FrameKind::lent, {});
  left = {};
  const auto told = appliance::receive_frame(right, 3);
  REQUIRE(told);
  CHECK(told->kind == FrameKind::told);
  CHECK(base::as_text(told->content) == "one");
  CHECK(appliance::receive_frame(right, 3)->content.empty());
}

TEST_CASE("the end between two frames is an end, within one it is an error", "[daemon][control]") {
  for (const std::string_view sent : {"", "\x05", "\x05\x02", "\x05\x02\x01\x01\x01z"}) {
    auto [left, right] = pair_of_sockets();
    CHECK(::send(left.get(), sent.data(), sent.size(), 0) == static_cast<ssize_t>(sent.size()));
    { const base::FileHandle closed = std::move(left); }
    if (sent.empty()) {
      CHECK_FALSE(appliance::receive_frame(right, std::size_t{1} << 30));
    } else {
      CHECK_THROWS_AS(appliance::receive_frame(right, std::size_t{1} << 30), Error);
    }
  }
}

TEST_CASE("errors and progress come over as they were", "[daemon][control]") {
  Error error{ErrorKind::wrong_key, "no"};
  error.add_context("opening");
  error.add_context("backing up");
  const Error read = appliance::told_error(jobs::encode_record(appliance::error_message(error)));
  CHECK(read.kind() == ErrorKind::wrong_key);
  CHECK(std::string{read.what()} == error.what());
  CHECK_THROWS_AS(appliance::told_error(jobs::encode_record({{"kind", "other"}})), Error);

  const jobs::ProgressReading reading{"stage", 1, 2, 3, 4, std::chrono::milliseconds{5}};
  const jobs::ProgressReading same =
      appliance::told_progress(jobs::encode_record(appliance::progress_message(reading)));
  CHECK(same.stage == "stage");
  CHECK(same.items_done == 1);
  CHECK(same.items_total == 2);
  CHECK(same.bytes_done == 3);
  CHECK(same.bytes_total == 4);
  CHECK(same.throttled == std::chrono::milliseconds{5});
}
