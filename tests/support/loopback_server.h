// A small HTTP/1.1 server of a test's own: each connection is served by the test's function, byte
// by byte if it likes.
#pragma once

#include "src/base/file.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace test {

struct ReceivedRequest {
  std::string head;  // as it came, with the empty line
  std::string body;  // by Content-Length

  // Empty without such a header.
  [[nodiscard]] std::string header(std::string_view name) const;
};

// One client; used by one thread.
class Connection {
 public:
  explicit Connection(int descriptor) : descriptor_(descriptor) {}

  // Empty when the client has gone.
  std::optional<ReceivedRequest> receive();
  // Only the head; the body stays to be read, or not.
  std::optional<ReceivedRequest> receive_head();
  // False when the client has gone.
  bool send(std::string_view bytes);
  // The same, but gives up once nothing could be sent for a moment. Returns how many bytes went.
  std::size_t send_until_stuck(std::string_view bytes);
  // "200 OK" with a length and this body.
  bool answer(std::string_view body, std::string_view status = "200 OK",
              std::string_view headers = "");

 private:
  bool fill();
  int descriptor_;
  std::string buffer_;
};

class LoopbackServer {
 public:
  using Serve = std::function<void(Connection&)>;

  // `serve` runs on a thread for each connection; when it returns, the connection is closed.
  explicit LoopbackServer(Serve serve);
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url(std::string_view path = "/") const;
  [[nodiscard]] unsigned connections() const { return connections_; }

 private:
  void accept_all();

  Serve serve_;
  base::FileHandle listener_;
  std::uint16_t port_ = 0;
  std::atomic<unsigned> connections_{0};
  std::mutex mutex_;
  std::vector<int> open_;
  std::list<std::jthread> threads_;
  std::jthread acceptor_;
};

// A port that nothing listens on at the moment.
std::uint16_t unused_port();
// Whether something accepts connections on the port within a few seconds.
bool wait_for_port(std::uint16_t port);

}  // namespace test
