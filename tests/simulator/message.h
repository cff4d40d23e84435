// Requests and responses as the state machine sees them: no sockets, no TLS, no clock.
#pragma once

#include "src/base/clock.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simulator {

using base::Duration;
using base::Instant;

// The three hosts of the service; each trusts different credentials.
enum class Host : std::uint8_t { login, graph, import };

using Headers = std::vector<std::pair<std::string, std::string>>;

// Names are compared without case; empty if there is no such header.
std::optional<std::string_view> find_header(const Headers& headers, std::string_view name);

struct RequestHead {
  Host host = Host::graph;
  std::string method;
  std::string target;  // path and query, as sent
  Headers headers;
};

// A body that is made while it is sent, so that large ones are never held whole.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // The next piece; empty after the last.
  virtual std::optional<std::string> next() = 0;
};

// What goes wrong between the two ends. Whoever carries the response has to act it out.
struct WireFault {
  bool reset = false;                            // the connection dies before the answer
  std::optional<std::uint64_t> cut_after_bytes;  // of the body; then the connection dies
  Duration first_byte_delay{};
};

// A request's place among those a mailbox serves at once; free again when this is gone.
class Place {
 public:
  virtual ~Place() = default;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;                    // the whole body, unless there is a stream
  std::unique_ptr<BodySource> stream;  // sent in chunks
  WireFault fault;
  std::unique_ptr<Place> place;  // kept until the last byte is sent
};

// Drains the stream into the body. For answers known to be small.
std::string whole_body(Response& response);

// A request on its way: its body arrives in pieces, then it is answered. Used by one thread.
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual void receive(std::string_view piece) = 0;
  virtual Response finish(Instant now) = 0;
};

}  // namespace simulator
