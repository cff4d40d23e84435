#include "tests/unit/web_status/raw_client.h"

#include "src/base/error.h"
#include "src/base/release.h"
#include "src/base/text.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

namespace test {

struct RawClient::Tls {
  std::unique_ptr<SSL_CTX, base::Release<&SSL_CTX_free>> context;
  std::unique_ptr<SSL, base::Release<&SSL_free>> connection;
};

std::string Answer::header(std::string_view name) const {
  for (const std::string& line : base::split(head, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    if (!base::equals_ignoring_case(line.substr(0, colon), name)) continue;
    return std::string{base::trim(line.substr(colon + 1))};
  }
  return {};
}

RawClient::RawClient(std::uint16_t port, Security security, int patience_ms)
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), patience_ms_(patience_ms) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!socket_.is_open() ||
      connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw base::system_error("connecting", errno);
  }
  if (security == Security::none) return;
  tls_ = std::make_unique<Tls>();
  tls_->context.reset(SSL_CTX_new(TLS_client_method()));
  tls_->connection.reset(SSL_new(tls_->context.get()));
  SSL_set_fd(tls_->connection.get(), socket_.get());
  if (SSL_connect(tls_->connection.get()) != 1) {
    throw base::Error{base::ErrorKind::failed, "no TLS"};
  }
}

RawClient::~RawClient() = default;
RawClient::RawClient(RawClient&&) noexcept = default;
RawClient& RawClient::operator=(RawClient&&) noexcept = default;

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent =
        tls_ ? SSL_write(tls_->connection.get(), bytes.data(), static_cast<int>(bytes.size()))
             : ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::size_t RawClient::send_some(std::string_view bytes) {
  const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

bool RawClient::fill() {
  std::array<char, 16384> piece{};
  const bool is_there = tls_ && SSL_pending(tls_->connection.get()) > 0;
  pollfd waiting{socket_.get(), POLLIN, 0};
  if (!is_there && poll(&waiting, 1, patience_ms_) <= 0) return false;
  const auto got = tls_ ? SSL_read(tls_->connection.get(), piece.data(), piece.size())
                        : recv(socket_.get(), piece.data(), piece.size(), 0);
  if (got <= 0) return false;
  buffer_.append(piece.data(), static_cast<std::size_t>(got));
  return true;
}

std::string RawClient::read_through(std::string_view mark) {
  std::size_t found = buffer_.find(mark);
  while (found == std::string::npos && fill()) found = buffer_.find(mark);
  if (found == std::string::npos) return std::exchange(buffer_, {});
  std::string read = buffer_.substr(0, found + mark.size());
  buffer_.erase(0, found + mark.size());
  return read;
}

Answer RawClient::receive(std::string_view method) {
  Answer answer;
  answer.head = read_through("\r\n\r\n");
  if (!answer.head.ends_with("\r\n\r\n")) return {};
  const std::string_view status = std::string_view{answer.head}.substr(9, 3);
  std::from_chars(status.data(), status.data() + status.size(), answer.status);
  if (method == "HEAD" || answer.status == 204 || answer.status == 304) return answer;
  if (answer.header("Transfer-Encoding") == "chunked") {
    for (;;) {
      std::size_t size = 0;
      const std::string line = read_through("\r\n");
      std::from_chars(line.data(), line.data() + line.size(), size, 16);
      while (buffer_.size() < size + 2 && fill()) continue;
      answer.body += buffer_.substr(0, size);
      buffer_.erase(0, size + 2);
      if (size == 0) return answer;
    }
  }
  std::size_t size = 0;
  const std::string length = answer.header("Content-Length");
  std::from_chars(length.data(), length.data() + length.size(), size);
  while (buffer_.size() < size && fill()) continue;
  answer.body = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return answer;
}

bool RawClient::is_closed() {
  if (!buffer_.empty()) return false;
  std::array<char, 1> piece{};
  pollfd waiting{socket_.get(), POLLIN, 0};
  if (poll(&waiting, 1, patience_ms_) <= 0) return false;
  return recv(socket_.get(), piece.data(), piece.size(), 0) <= 0;
}

void RawClient::shrink_receive_buffer() {
  const int bytes = 4096;
  setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

std::string RawClient::server_serial() const {
  const std::unique_ptr<X509, base::Release<&X509_free>> certificate{
      SSL_get1_peer_certificate(tls_->connection.get())};
  const ASN1_INTEGER* serial = X509_get0_serialNumber(certificate.get());
  const auto* bytes = reinterpret_cast<const std::byte*>(ASN1_STRING_get0_data(serial));
  return base::to_hex({bytes, static_cast<std::size_t>(ASN1_STRING_length(serial))});
}

Answer ask(std::uint16_t port, std::string_view request_line, std::string_view lines,
           std::string_view body) {
  RawClient client{port};
  std::string request = base::text(request_line, " HTTP/1.1\r\nHost: localhost\r\n", lines);
  if (!body.empty()) request += base::text("Content-Length: ", body.size(), "\r\n");
  client.send(request + "\r\n" + std::string{body});
  return client.receive(request_line.substr(0, request_line.find(' ')));
}

}  // namespace test
