#include "src/daemon/control_frames.h"

#include "src/base/text.h"
#include "src/jobs/audit_log.h"
#include "src/jobs/record_reader.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <utility>
#include <vector>

namespace appliance {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::string_view kWhat = "a message on the control socket";
constexpr std::size_t kHeadBytes = 5;
// Memory is taken as bytes come, not as a peer says that they will.
constexpr std::size_t kStepBytes = std::size_t{256} << 10;

constexpr std::array kKinds{FrameKind::hello,  FrameKind::failed,   FrameKind::begun,
                            FrameKind::told,   FrameKind::progress, FrameKind::ended,
                            FrameKind::lent,   FrameKind::run,      FrameKind::cancel,
                            FrameKind::borrow, FrameKind::stop};

constexpr std::array kErrorKinds{ErrorKind::usage,    ErrorKind::failed, ErrorKind::unavailable,
                                 ErrorKind::protocol, ErrorKind::denied, ErrorKind::not_found,
                                 ErrorKind::no_store, ErrorKind::in_use, ErrorKind::wrong_key,
                                 ErrorKind::corrupt,  ErrorKind::full,   ErrorKind::disk,
                                 ErrorKind::cancelled};

Error lost(int error_number) {
  if (error_number == EAGAIN || error_number == EWOULDBLOCK) {
    return {ErrorKind::unavailable, "the other side of the control socket says nothing"};
  }
  return {ErrorKind::unavailable, base::system_error("the control socket", error_number).message()};
}

// How many came before the other side closed.
std::size_t receive(const base::FileHandle& socket, base::MutableByteView bytes) {
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t count = ::recv(socket.get(), bytes.data() + filled, bytes.size() - filled, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw lost(errno);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  return filled;
}

void send_all(const base::FileHandle& socket, base::ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw lost(errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

Error broken_off() {
  return {ErrorKind::unavailable, "the other side of the control socket broke off"};
}

template <typename Call>
bool with_address(const base::FileHandle& folder, Call call) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = base::text("/proc/self/fd/", folder.get(), "/", ControlAddress::kName);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return call(reinterpret_cast<const sockaddr*>(&address), socklen_t{sizeof address}) == 0;
}

}  // namespace

void send_frame(const base::FileHandle& socket, FrameKind kind, base::ByteView content) {
  base::Bytes frame(kHeadBytes);
  frame[0] = static_cast<std::byte>(kind);
  base::store_le(frame.data() + 1, static_cast<std::uint32_t>(content.size()));
  base::append(frame, content);
  send_all(socket, frame);
}

std::optional<Frame> receive_frame(const base::FileHandle& socket, std::size_t most_bytes) {
  std::array<std::byte, kHeadBytes> head{};
  const std::size_t head_bytes = receive(socket, head);
  if (head_bytes == 0) return std::nullopt;
  if (head_bytes < kHeadBytes) throw broken_off();
  Frame frame;
  frame.kind = static_cast<FrameKind>(head[0]);
  const auto size = std::size_t{base::load_le<std::uint32_t>(head.data() + 1)};
  if (std::ranges::find(kKinds, frame.kind) == kKinds.end() || size > most_bytes) {
    throw Error{ErrorKind::protocol, "what came over the control socket is no message"};
  }
  while (frame.content.size() < size) {
    const std::size_t filled = frame.content.size();
    const std::size_t step = std::min(size - filled, kStepBytes);
    frame.content.resize(filled + step);
    if (receive(socket, base::MutableByteView{frame.content}.subspan(filled)) < step) {
      throw broken_off();
    }
  }
  return frame;
}

void set_patience(const base::FileHandle& socket, base::Duration patience) {
  timeval time{};
  time.tv_sec = patience.count() / 1000;
  time.tv_usec = patience.count() % 1000 * 1000;
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) != 0) {
    throw lost(errno);
  }
}

jobs::Record error_message(const Error& error) {
  jobs::Value::List context;
  for (const std::string& part : error.context()) context.emplace_back(part);
  return {{"kind", base::name(error.kind())},
          {"message", error.message()},
          {"context", std::move(context)}};
}

Error told_error(base::ByteView content) {
  const jobs::Record record = jobs::decode_record(content, kWhat);
  const jobs::RecordReader fields{record, kWhat};
  const std::string kind = fields.text("kind");
  for (const ErrorKind known : kErrorKinds) {
    if (base::name(known) != kind) continue;
    Error error{known, fields.text("message")};
    for (std::string& part : fields.texts("context")) error.add_context(std::move(part));
    return error;
  }
  fields.fail("kind");
}

jobs::Record progress_message(const jobs::ProgressReading& reading) {
  return {{"stage", reading.stage},
          {"items_done", reading.items_done},
          {"items_total", reading.items_total},
          {"bytes_done", reading.bytes_done},
          {"bytes_total", reading.bytes_total},
          {"throttled", jobs::in_milliseconds(reading.throttled)}};
}

jobs::ProgressReading told_progress(base::ByteView content) {
  const jobs::Record record = jobs::decode_record(content, kWhat);
  const jobs::RecordReader fields{record, kWhat};
  jobs::ProgressReading reading;
  reading.stage = fields.text("stage");
  reading.items_done = fields.number("items_done");
  reading.items_total = fields.number("items_total");
  reading.bytes_done = fields.number("bytes_done");
  reading.bytes_total = fields.number("bytes_total");
  reading.throttled = fields.duration("throttled");
  return reading;
}

std::optional<ControlAddress> ControlAddress::of(const std::filesystem::path& state) {
  base::FileHandle folder{::open(state.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!folder.is_open()) return std::nullopt;
  return ControlAddress{std::move(folder)};
}

bool ControlAddress::bind(const base::FileHandle& socket) const {
  return with_address(folder_, [&](const sockaddr* address, socklen_t size) {
    return ::bind(socket.get(), address, size);
  });
}

bool ControlAddress::connect(const base::FileHandle& socket) const {
  return with_address(folder_, [&](const sockaddr* address, socklen_t size) {
    return ::connect(socket.get(), address, size);
  });
}

base::FileHandle new_control_socket() {
  base::FileHandle socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!socket.is_open()) throw base::system_error("making a socket", errno);
  return socket;
}

}  // namespace appliance
