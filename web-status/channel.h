// One client's bytes, in and out, with a time for every step: what a Connection knows of sockets.
#pragma once

#include "src/base/clock.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace web {

// Used on the network's thread only. At most one read and one write are under way.
class Channel {
 public:
  // `went_well` is false after an error, at the end of what the client sends, and out of time.
  using Done = std::function<void(bool went_well, std::size_t bytes)>;

  virtual ~Channel() = default;

  // For operations that begin from now on, all together; empty: no limit.
  virtual void allow(std::optional<base::Duration> time) = 0;
  // Done at once without TLS.
  virtual void begin(Done done) = 0;
  // What is read to, and written from, lives until `done` is called.
  virtual void read_some(std::span<char> target, Done done) = 0;
  virtual void read_all(std::span<char> target, Done done) = 0;
  virtual void write(const std::vector<std::string_view>& pieces, Done done) = 0;
  // Tells the client that nothing more will come.
  virtual void end_writing() = 0;
  // What comes from now on is not even decrypted.
  virtual void ignore_some(std::span<char> target, Done done) = 0;
  // Operations under way end with an error.
  virtual void close() = 0;
};

}  // namespace web
