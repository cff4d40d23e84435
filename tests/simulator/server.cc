#include "tests/simulator/server.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <list>
#include <semaphore>
#include <set>
#include <sys/socket.h>
#include <thread>

namespace simulator {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr std::ptrdiff_t kMostConnections = 2048;
constexpr std::uint32_t kHeaderLimit = 32 * 1024;
// Above what the import host takes; streams of whole folders have no limit that is documented.
constexpr std::uint64_t kBodyLimit = 2048ULL * 1024 * 1024;
constexpr std::size_t kPieceBytes = 64 * 1024;

enum class Door : std::uint8_t { login, graph, import, admin };
constexpr std::size_t kDoors = 4;

// The file descriptors of live connections, so that stopping can cut them.
class OpenSockets {
 public:
  class Entry {
   public:
    Entry(OpenSockets& sockets, int descriptor) : sockets_(sockets), descriptor_(descriptor) {
      sockets_.descriptors_.lock()->insert(descriptor_);
    }
    ~Entry() { sockets_.descriptors_.lock()->erase(descriptor_); }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    OpenSockets& sockets_;
    int descriptor_;
  };

  void cut_all() {
    auto descriptors = descriptors_.lock();
    for (const int descriptor : *descriptors) ::shutdown(descriptor, SHUT_RDWR);
  }

 private:
  base::Synchronized<std::set<int>> descriptors_;
};

std::string head_text(const Response& response, bool keep_alive) {
  std::string text = base::text("HTTP/1.1 ", response.status, " ",
                                std::string{http::obsolete_reason(
                                    http::int_to_status(static_cast<unsigned>(response.status)))},
                                "\r\n");
  for (const auto& [name, value] : response.headers) text += base::text(name, ": ", value, "\r\n");
  if (response.stream) {
    text += "Transfer-Encoding: chunked\r\n";
  } else if (response.status != 204) {
    text += base::text("Content-Length: ", response.body.size(), "\r\n");
  }
  text += keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
  return text;
}

// One connection, from its first request to its last. Used by one thread.
template <typename Stream>
class Session {
 public:
  Session(Stream& stream, Tcp::socket& socket, Door door, Tenant& tenant, Admin& admin,
          std::stop_token stop)
      : stream_(stream),
        socket_(socket),
        door_(door),
        tenant_(tenant),
        admin_(admin),
        stop_(stop) {}

  void serve() {
    while (!stop_.stop_requested() && serve_one()) {
    }
  }

 private:
  // False when the connection is over.
  bool serve_one() {
    http::request_parser<http::buffer_body> parser;
    parser.header_limit(kHeaderLimit);
    parser.body_limit(kBodyLimit);
    ErrorCode error;
    http::read_header(stream_, buffer_, parser, error);
    if (error) return false;
    const auto& message = parser.get();
    RequestHead head;
    head.method = std::string{message.method_string()};
    head.target = std::string{message.target()};
    for (const auto& field : message) {
      head.headers.emplace_back(std::string{field.name_string()}, std::string{field.value()});
    }
    if (const auto expect = find_header(head.headers, "Expect");
        expect && base::equals_ignoring_case(*expect, "100-continue")) {
      asio::write(stream_, asio::buffer(std::string_view{"HTTP/1.1 100 Continue\r\n\r\n"}), error);
      if (error) return false;
    }
    const bool keep_alive = message.keep_alive();
    if (door_ == Door::admin) {
      std::string body;
      const bool read = read_body(parser, [&](std::string_view piece) { body += piece; });
      return read && send(admin_.handle(head, body, clock_.now()), keep_alive);
    }
    head.host = door_ == Door::login   ? Host::login
                : door_ == Door::graph ? Host::graph
                                       : Host::import;
    const auto exchange = tenant_.begin(std::move(head), clock_.now());
    const bool read = read_body(parser, [&](std::string_view piece) { exchange->receive(piece); });
    return read && send(exchange->finish(clock_.now()), keep_alive);
  }

  template <typename Receive>
  bool read_body(http::request_parser<http::buffer_body>& parser, Receive receive) {
    while (!parser.is_done()) {
      parser.get().body().data = piece_.data();
      parser.get().body().size = piece_.size();
      ErrorCode error;
      http::read(stream_, buffer_, parser, error);
      if (error == http::error::need_buffer) error = {};
      if (error) return false;
      receive(std::string_view{piece_.data(), piece_.size() - parser.get().body().size});
    }
    return true;
  }

  bool send(Response response, bool keep_alive) {
    if (response.fault.first_byte_delay > Duration{0}) {
      clock_.sleep_for(response.fault.first_byte_delay, stop_);
    }
    if (response.fault.reset) return reset();
    left_ = response.fault.cut_after_bytes;
    std::string text = head_text(response, keep_alive);
    if (!response.stream) {
      const bool cut = left_ && *left_ < response.body.size();
      text += std::string_view{response.body}.substr(0, cut ? *left_ : std::string::npos);
      if (cut) return write(text) && reset();
      return finish(response, text) && keep_alive;
    }
    if (!write(text)) return false;
    while (const auto piece = response.stream->next()) {
      if (piece->empty()) continue;
      if (left_ && *left_ < piece->size()) {
        write(fmt::format("{:x}\r\n", piece->size()) + piece->substr(0, *left_));
        return reset();
      }
      if (left_) *left_ -= piece->size();
      if (!write(fmt::format("{:x}\r\n", piece->size()) + *piece + "\r\n")) return false;
    }
    return finish(response, "0\r\n\r\n") && keep_alive;
  }

  // Writes the end of an answer. The place is given back before its last byte: whoever has seen the
  // whole answer may count on the place.
  bool finish(Response& response, std::string_view text) {
    const std::size_t last = text.size() - 1;
    if (!write(text.substr(0, last))) return false;
    response.place.reset();
    return write(text.substr(last));
  }

  bool write(std::string_view text) {
    ErrorCode error;
    asio::write(stream_, asio::buffer(text), error);
    return !error;
  }

  // The peer sees a reset, not an orderly end.
  bool reset() {
    ErrorCode ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    return false;
  }

  Stream& stream_;
  Tcp::socket& socket_;
  Door door_;
  Tenant& tenant_;
  Admin& admin_;
  std::stop_token stop_;
  base::SystemClock clock_;
  boost::beast::flat_buffer buffer_;
  std::vector<char> piece_ = std::vector<char>(kPieceBytes);
  std::optional<std::uint64_t> left_;
};

}  // namespace

class Server::State {
 public:
  State(Tenant& tenant, Admin& admin, ServerPorts wanted,
        const std::optional<KeyAndCertificate>& certificate)
      : tenant_(tenant), admin_(admin) {
    if (certificate) {
      tls_.emplace(asio::ssl::context::tls_server);
      tls_->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                        asio::ssl::context::no_tlsv1_1);
      tls_->use_certificate_chain(asio::buffer(certificate->certificate_pem));
      tls_->use_private_key(asio::buffer(certificate->key_pem), asio::ssl::context::pem);
    }
    const std::array<std::uint16_t, kDoors> ports = {wanted.login, wanted.graph, wanted.import,
                                                     wanted.admin};
    for (const std::uint16_t port : ports) open(port);
  }

  ~State() {
    stop_.request_stop();
    for (Tcp::acceptor& acceptor : acceptors_) ::shutdown(acceptor.native_handle(), SHUT_RDWR);
    // Connections that are just being accepted see the stop before their first request.
    open_sockets_.cut_all();
    doorkeepers_.clear();
    open_sockets_.cut_all();
    connections_.lock()->clear();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void start() {
    for (std::size_t i = 0; i < kDoors; ++i) {
      doorkeepers_.emplace_back([this, i] { accept(acceptors_[i], static_cast<Door>(i)); });
    }
  }

  [[nodiscard]] std::uint16_t port(Door door) const {
    return acceptors_[static_cast<std::size_t>(door)].local_endpoint().port();
  }

 private:
  struct Connection {
    std::jthread thread;
    std::atomic<bool> over = false;
  };

  void open(std::uint16_t port) {
    try {
      acceptors_.emplace_back(context_, Tcp::endpoint{asio::ip::address_v4::loopback(), port});
    } catch (const boost::system::system_error& error) {
      throw base::Error{base::ErrorKind::failed,
                        base::text("listening on port ", port, ": ", error.what())};
    }
  }

  void accept(Tcp::acceptor& acceptor, Door door) {
    while (!stop_.stop_requested()) {
      free_places_.acquire();
      Tcp::socket socket{context_};
      ErrorCode error;
      acceptor.accept(socket, error);
      if (error) {
        free_places_.release();
        if (stop_.stop_requested()) return;
        base::log(base::LogLevel::warning, "accepting a connection: ", error.message());
        continue;
      }
      auto connections = connections_.lock();
      connections->remove_if([](const Connection& connection) { return connection.over.load(); });
      Connection& connection = connections->emplace_back();
      connection.thread =
          std::jthread{[this, door, &connection, own = std::move(socket)]() mutable {
            serve(std::move(own), door);
            free_places_.release();
            connection.over = true;
          }};
    }
  }

  // The last stand for this thread: what fails in a connection ends only the connection.
  void serve(Tcp::socket socket, Door door) noexcept {
    try {
      socket.set_option(Tcp::no_delay{true});
      if (tls_ && door != Door::admin) {
        asio::ssl::stream<Tcp::socket&> stream{socket, *tls_};
        const OpenSockets::Entry entry{open_sockets_, socket.native_handle()};
        if (stop_.stop_requested()) return;  // stopping cuts only what it has seen
        ErrorCode error;
        stream.handshake(asio::ssl::stream_base::server, error);
        if (error) return;
        Session{stream, socket, door, tenant_, admin_, stop_.get_token()}.serve();
      } else {
        const OpenSockets::Entry entry{open_sockets_, socket.native_handle()};
        Session{socket, socket, door, tenant_, admin_, stop_.get_token()}.serve();
      }
    } catch (...) {
      base::log(base::LogLevel::error, "serving a connection: ", base::current_error().what());
    }
  }

  Tenant& tenant_;
  Admin& admin_;
  std::optional<asio::ssl::context> tls_;
  asio::io_context context_;
  std::vector<Tcp::acceptor> acceptors_;
  std::stop_source stop_;
  std::counting_semaphore<kMostConnections> free_places_{kMostConnections};
  OpenSockets open_sockets_;
  base::Synchronized<std::list<Connection>> connections_;
  std::list<std::jthread> doorkeepers_;
};

Server::Server(Tenant& tenant, Admin& admin, ServerPorts wanted,
               const std::optional<KeyAndCertificate>& certificate)
    : state_(std::make_unique<State>(tenant, admin, wanted, certificate)) {}

Server::~Server() = default;

void Server::start() { state_->start(); }

ServerPorts Server::ports() const {
  return {state_->port(Door::login), state_->port(Door::graph), state_->port(Door::import),
          state_->port(Door::admin)};
}

}  // namespace simulator
