#include "tests/support/loopback_server.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

base::FileHandle listen_on_any_port() {
  base::FileHandle listener{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const sockaddr_in address = loopback(0);
  if (!listener.is_open() ||
      bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener.get(), 128) != 0) {
    throw base::system_error("listening on loopback", errno);
  }
  return listener;
}

std::uint16_t port_of(const base::FileHandle& listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw base::system_error("getsockname", errno);
  }
  return ntohs(address.sin_port);
}

}  // namespace

std::string ReceivedRequest::header(std::string_view name) const {
  for (const std::string& line : base::split(head, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos && base::equals_ignoring_case(line.substr(0, colon), name)) {
      return std::string{base::trim(std::string_view{line}.substr(colon + 1))};
    }
  }
  return {};
}

bool Connection::fill() {
  std::array<char, 65536> piece{};
  const ssize_t size = recv(descriptor_, piece.data(), piece.size(), 0);
  if (size <= 0) return false;
  buffer_.append(piece.data(), static_cast<std::size_t>(size));
  return true;
}

std::optional<ReceivedRequest> Connection::receive_head() {
  std::size_t end = buffer_.find("\r\n\r\n");
  while (end == std::string::npos) {
    if (!fill()) return std::nullopt;
    end = buffer_.find("\r\n\r\n");
  }
  ReceivedRequest request;
  request.head = buffer_.substr(0, end + 4);
  buffer_.erase(0, end + 4);
  return request;
}

std::optional<ReceivedRequest> Connection::receive() {
  auto request = receive_head();
  if (!request) return std::nullopt;
  const std::string length = request->header("Content-Length");
  std::size_t size = 0;
  std::from_chars(length.data(), length.data() + length.size(), size);
  while (buffer_.size() < size) {
    if (!fill()) return std::nullopt;
  }
  request->body = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return request;
}

bool Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

std::size_t Connection::send_until_stuck(std::string_view bytes) {
  constexpr int kStuckMs = 500;
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    pollfd ready{descriptor_, POLLOUT, 0};
    if (poll(&ready, 1, kStuckMs) <= 0) break;
    const ssize_t size =
        ::send(descriptor_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size <= 0) break;
    sent += static_cast<std::size_t>(size);
  }
  return sent;
}

bool Connection::answer(std::string_view body, std::string_view status, std::string_view headers) {
  return send(base::text("HTTP/1.1 ", status, "\r\nContent-Length: ", body.size(), "\r\n", headers,
                         "\r\n", body));
}

LoopbackServer::LoopbackServer(Serve serve)
    : serve_(std::move(serve)), listener_(listen_on_any_port()), port_(port_of(listener_)) {
  acceptor_ = std::jthread{[this] { accept_all(); }};
}

LoopbackServer::~LoopbackServer() {
  shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  {
    std::lock_guard lock{mutex_};
    for (const int descriptor : open_) shutdown(descriptor, SHUT_RDWR);
  }
  threads_.clear();
}

void LoopbackServer::accept_all() {
  while (true) {
    const int descriptor = accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) return;
    ++connections_;
    std::lock_guard lock{mutex_};
    open_.push_back(descriptor);
    threads_.emplace_back([this, descriptor] {
      Connection connection{descriptor};
      serve_(connection);
      std::lock_guard closing{mutex_};
      std::erase(open_, descriptor);
      close(descriptor);
    });
  }
}

std::string LoopbackServer::url(std::string_view path) const {
  return base::text("http://127.0.0.1:", port_, path);
}

std::uint16_t unused_port() { return port_of(listen_on_any_port()); }

bool wait_for_port(std::uint16_t port) {
  for (int attempt = 0; attempt < 500; ++attempt) {
    const base::FileHandle probe{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const sockaddr_in address = loopback(port);
    if (connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
      return true;
    }
    poll(nullptr, 0, 20);
  }
  return false;
}

}  // namespace test
