// What the two sides of the control socket say to each other, and how it goes over the socket.
//
// A frame: its kind (1 octet), the length of what follows (4, little-endian), and that: a record as
// jobs::encode_record() writes it.
#pragma once

#include "src/base/bytes.h"
#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/jobs/progress.h"
#include "src/jobs/record.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

namespace appliance {

// Of the protocol. The two sides understand each other only if it is the same.
constexpr std::uint64_t kControlVersion = 1;

// The values are part of the protocol.
enum class FrameKind : std::uint8_t {
  // From the server.
  hello = 1,     // {"version"}: the client may ask
  failed = 2,    // {"kind","message","context"}: an error
  begun = 3,     // a job as encode_job() writes it, when it was ordered
  told = 4,      // as encode_told() writes it
  progress = 5,  // a reading
  ended = 6,     // a job, when it has ended or is asked to
  lent = 7,      // {}: the store is the client's
  // From the client.
  run = 32,     // {"words","directory","login"}
  cancel = 33,  // {"id"}
  borrow = 34,  // {}
  stop = 35,    // {}: cancel the job that is followed here
};

struct Frame {
  FrameKind kind = FrameKind::hello;
  base::Bytes content;
};

// A client's command, all its words: more than a command line can hold.
constexpr std::size_t kMostRequestBytes = std::size_t{4} << 20;
// What a job tells, at its longest.
constexpr std::size_t kMostAnswerBytes = std::size_t{65} << 20;

// Error(unavailable) if the other side is gone or does not take it in time.
void send_frame(const base::FileHandle& socket, FrameKind kind, base::ByteView content);
// Empty if the other side has closed before a frame began. Error(protocol) for what is no frame or
// longer than `most_bytes`, Error(unavailable) if the other side breaks off or says nothing for as
// long as set_patience() allows.
std::optional<Frame> receive_frame(const base::FileHandle& socket, std::size_t most_bytes);
// For reading; zero: for ever.
void set_patience(const base::FileHandle& socket, base::Duration patience);

jobs::Record error_message(const base::Error& error);
// Error(protocol) if it tells none.
base::Error told_error(base::ByteView content);
jobs::Record progress_message(const jobs::ProgressReading& reading);
jobs::ProgressReading told_progress(base::ByteView content);

// The socket's address, by way of the folder's descriptor, which stays open for as long as it is
// used.
class ControlAddress {
 public:
  static constexpr std::string_view kName = "control.sock";

  // Errors as open(2) has them: empty, with errno set, if the folder cannot be opened.
  static std::optional<ControlAddress> of(const std::filesystem::path& state);
  // False with errno set.
  [[nodiscard]] bool bind(const base::FileHandle& socket) const;
  [[nodiscard]] bool connect(const base::FileHandle& socket) const;
  [[nodiscard]] const base::FileHandle& folder() const { return folder_; }

 private:
  explicit ControlAddress(base::FileHandle folder) : folder_(std::move(folder)) {}
  base::FileHandle folder_;
};

// A stream socket of the unix domain.
base::FileHandle new_control_socket();

}  // namespace appliance
