#include "web-status/http_server.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "web-status/channel.h"
#include "web-status/connection.h"
#include "web-status/connection_book.h"
#include "web-status/event_hub.h"
#include "web-status/network_address.h"
#include "web-status/request_head.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

namespace web {

namespace asio = boost::asio;
namespace beast = boost::beast;
using Tcp = asio::ip::tcp;
using boost::system::error_code;

namespace {

// What the kernel may hold for a reader who does not read.
constexpr int kSendBufferBytes = 256 * 1024;
constexpr auto kGrace = std::chrono::seconds{5};
constexpr auto kAcceptPause = std::chrono::milliseconds{100};

std::string text_of(beast::string_view text) { return {text.data(), text.size()}; }

std::unique_ptr<asio::ssl::context> tls_of(const Certificate& certificate) {
  using Tls = asio::ssl::context;
  auto tls = std::make_unique<Tls>(Tls::tls_server);
  tls->set_options(Tls::default_workarounds | Tls::no_sslv2 | Tls::no_sslv3 | Tls::no_tlsv1 |
                   Tls::no_tlsv1_1 | Tls::no_compression);
  // An encrypted key would have OpenSSL ask at a terminal.
  tls->set_password_callback([](std::size_t, Tls::password_purpose) { return std::string{}; });
  const auto check = [](const error_code& code, const char* what) {
    if (!code) return;
    throw base::Error{base::ErrorKind::usage, base::text(what, ": ", code.message())};
  };
  error_code code;
  tls->use_certificate_chain(asio::buffer(certificate.chain_pem), code);
  check(code, "the web server's certificate cannot be used (PEM, its own certificate first)");
  const base::ByteView key = certificate.private_key_pem.bytes();
  tls->use_private_key(asio::buffer(key.data(), key.size()), Tls::pem, code);
  check(code,
        "the web server's private key cannot be used (PEM, not encrypted, of its certificate)");
  return tls;
}

// A TCP connection, with or without TLS.
class SocketChannel final : public Channel {
 public:
  SocketChannel(Tcp::socket socket, asio::ssl::context* tls) : tcp_(std::move(socket)) {
    if (tls != nullptr) tls_.emplace(tcp_, *tls);
  }

  void allow(std::optional<base::Duration> time) override {
    time ? tcp_.expires_after(*time) : tcp_.expires_never();
  }
  void begin(Done done) override {
    if (!tls_) return done(true, 0);
    tls_->async_handshake(asio::ssl::stream_base::server,
                          [done = std::move(done)](error_code code) { done(!code, 0); });
  }
  void read_some(std::span<char> target, Done done) override {
    const asio::mutable_buffer buffer{target.data(), target.size()};
    tls_ ? tls_->async_read_some(buffer, without_code(std::move(done)))
         : tcp_.async_read_some(buffer, without_code(std::move(done)));
  }
  void read_all(std::span<char> target, Done done) override {
    const asio::mutable_buffer buffer{target.data(), target.size()};
    tls_ ? asio::async_read(*tls_, buffer, without_code(std::move(done)))
         : asio::async_read(tcp_, buffer, without_code(std::move(done)));
  }
  void write(const std::vector<std::string_view>& pieces, Done done) override {
    std::vector<asio::const_buffer> buffers;
    for (const std::string_view piece : pieces) buffers.emplace_back(piece.data(), piece.size());
    tls_ ? asio::async_write(*tls_, buffers, without_code(std::move(done)))
         : asio::async_write(tcp_, buffers, without_code(std::move(done)));
  }
  void end_writing() override {
    error_code ignored;  // a connection that is broken already is closed by the next read
    tcp_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
  }
  void ignore_some(std::span<char> target, Done done) override {
    tcp_.async_read_some(asio::mutable_buffer{target.data(), target.size()},
                         without_code(std::move(done)));
  }
  void close() override { tcp_.close(); }

 private:
  static std::function<void(error_code, std::size_t)> without_code(Done done) {
    return [done = std::move(done)](error_code code, std::size_t bytes) { done(!code, bytes); };
  }

  beast::tcp_stream tcp_;
  std::optional<asio::ssl::stream<beast::tcp_stream&>> tls_;
};

}  // namespace

std::variant<RequestHead, Refusal> parse_head(std::string_view head, const HttpLimits& limits) {
  if (auto refusal = refusal_of_lines(head)) return std::move(*refusal);
  beast::http::request_parser<beast::http::empty_body> parser;
  parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes));
  parser.body_limit(limits.body_bytes);
  error_code code;
  parser.put(asio::buffer(head), code);
  if (code == beast::http::error::body_limit) return Refusal{413, "the body is too long"};
  if (code == beast::http::error::header_limit) return Refusal{431, "the headers are too long"};
  if (code) return Refusal{400, base::text("this is no HTTP request: ", code.message())};
  if (!parser.is_header_done()) return Refusal{400, "this is no HTTP request"};

  RequestHead parsed;
  const auto& message = parser.get();
  parsed.method = text_of(message.method_string());
  for (const auto& field : message) {
    parsed.headers.emplace_back(base::to_lower(text_of(field.name_string())),
                                text_of(field.value()));
  }
  parsed.body_bytes = parser.content_length().value_or(0);
  parsed.keep_alive = parser.keep_alive();
  if (auto refusal = refusal_of_headers(parsed, limits)) return std::move(*refusal);
  const auto host = std::ranges::find(parsed.headers, "host", &Headers::value_type::first);
  auto target = parse_target(text_of(message.target()), host->second);
  if (!target) return Refusal{400, "the target is no properly escaped path of this host"};
  parsed.target = std::move(*target);
  return parsed;
}

// All of it but the workers, and what is said to be for any thread, runs on one thread.
class HttpServer::Listener {
 public:
  Listener(HttpSettings settings, Handler handler, Refuse refuse, const base::Clock& clock);
  ~Listener() { stop(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  void publish(std::string_view event, std::string_view json) { hub_.publish(event, json); }
  void replace_certificate(const Certificate& certificate);
  void stop();

 private:
  void listen(const std::string& address, std::uint16_t port);
  void accept();
  void wait_and_accept(const error_code& code);
  void admit(Tcp::socket socket);
  // Kept alive while the caller closes some of them.
  [[nodiscard]] std::vector<std::shared_ptr<Connection>> connections() const;
  void deliver(const EventText& event);
  void distribute();
  void beat_later();
  void begin_stop();
  void run();

  std::unique_ptr<asio::ssl::context> tls_;  // none: no TLS
  std::uint16_t port_ = 0;
  ConnectionBook::Id last_id_ = 0;
  bool accept_fails_ = false;
  std::mutex stop_mutex_;

  ConnectionsState state_;

  // What is destroyed first may still hold connections.
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> running_{io_.get_executor()};
  Tcp::acceptor acceptor_{io_};
  asio::steady_timer accept_pause_{io_}, heartbeat_{io_}, grace_{io_};
  EventHub hub_;
  std::jthread thread_;
};

HttpServer::Listener::Listener(HttpSettings settings, Handler handler, Refuse refuse,
                               const base::Clock& clock)
    : tls_(settings.certificate ? tls_of(*settings.certificate) : nullptr),
      state_{.limits = settings.limits,
             .is_tls = tls_ != nullptr,
             .handler = std::move(handler),
             .refuse = std::move(refuse),
             .clock = clock,
             .on_network = [this](auto task) { asio::post(io_, std::move(task)); },
             .on_last_left =
                 [this] {
                   if (!state_.stopping) return;
                   running_.reset();
                   grace_.cancel();
                 }},
      hub_(settings.limits.answers_bytes, [this] { asio::post(io_, [this] { distribute(); }); }) {
  listen(settings.address, settings.port);
  accept();
  beat_later();
  thread_ = std::jthread{[this] { run(); }};
}

void HttpServer::Listener::run() {
  for (;;) {
    try {
      io_.run();
      return;
    } catch (...) {
      // The connection that it struck is gone; the others go on.
      base::log(base::LogLevel::error, "serving the web: ", base::current_error().what());
    }
  }
}

void HttpServer::Listener::listen(const std::string& address, std::uint16_t port) {
  const auto check = [&](const error_code& code) {
    if (!code) return;
    const bool is_taken = code == asio::error::address_in_use;
    throw base::Error{is_taken ? base::ErrorKind::failed : base::ErrorKind::usage,
                      base::text("listening at ", address, ", port ", port, ": ", code.message(),
                                 "; another address or port can be set in [web]")};
  };
  error_code code;
  const auto ip = asio::ip::make_address(address, code);
  check(code);
  const Tcp::endpoint endpoint{ip, port};
  acceptor_.open(endpoint.protocol(), code);
  check(code);
  acceptor_.set_option(Tcp::acceptor::reuse_address{true}, code);
  check(code);
  acceptor_.bind(endpoint, code);
  check(code);
  acceptor_.listen(asio::socket_base::max_listen_connections, code);
  check(code);
  port_ = acceptor_.local_endpoint().port();
}

void HttpServer::Listener::accept() {
  acceptor_.async_accept([this](error_code code, Tcp::socket socket) {
    if (!acceptor_.is_open()) return;
    if (code) return wait_and_accept(code);
    accept_fails_ = false;
    admit(std::move(socket));
    accept();
  });
}

// Out of descriptors or memory: trying again at once would only burn the processor.
void HttpServer::Listener::wait_and_accept(const error_code& code) {
  if (!std::exchange(accept_fails_, true)) {
    base::log(base::LogLevel::warning, "accepting connections of the web: ", code.message());
  }
  accept_pause_.expires_after(kAcceptPause);
  accept_pause_.async_wait([this](error_code cancelled) {
    if (!cancelled && acceptor_.is_open()) accept();
  });
}

void HttpServer::Listener::admit(Tcp::socket socket) {
  error_code code;
  const auto remote = socket.remote_endpoint(code);
  if (code) return;  // gone already
  const auto peer = normalized_address(remote.address().to_string());
  if (!peer) return;
  socket.set_option(Tcp::no_delay{true}, code);
  socket.set_option(asio::socket_base::send_buffer_size{kSendBufferBytes}, code);
  const ConnectionBook::Id id = ++last_id_;
  ConnectionBook::Admission admission = state_.book.admit(id, *peer);
  if (admission == ConnectionBook::Admission::full) {
    const auto displaced = state_.book.first_to_go();
    if (!displaced) return;
    state_.open.at(*displaced)->close();
    admission = state_.book.admit(id, *peer);
  }
  if (admission != ConnectionBook::Admission::admitted) return;
  auto channel = std::make_unique<SocketChannel>(std::move(socket), tls_.get());
  std::make_shared<Connection>(state_, id, std::move(channel), *peer)->start();
}

std::vector<std::shared_ptr<Connection>> HttpServer::Listener::connections() const {
  std::vector<std::shared_ptr<Connection>> all;
  for (const auto& [id, connection] : state_.open) all.push_back(connection->shared_from_this());
  return all;
}

void HttpServer::Listener::deliver(const EventText& event) {
  for (const auto& connection : connections()) {
    if (connection->is_stream()) connection->deliver(event);
  }
}

void HttpServer::Listener::distribute() {
  const EventHub::Taken taken = hub_.take();
  for (const EventText& event : taken.events) deliver(event);
  if (!taken.lost_some) return;
  base::log(base::LogLevel::warning, "more events than the web can send: listeners must ask anew");
  for (const auto& connection : connections()) {
    if (connection->is_stream()) connection->close();
  }
}

void HttpServer::Listener::beat_later() {
  heartbeat_.expires_after(state_.limits.heartbeat);
  heartbeat_.async_wait([this](error_code cancelled) {
    if (cancelled || state_.stopping) return;
    for (const auto& connection : connections()) {
      if (connection->is_stream() && !connection->is_still_allowed()) connection->close();
    }
    deliver(std::make_shared<const std::string>(": still here\n\n"));
    beat_later();
  });
}

void HttpServer::Listener::replace_certificate(const Certificate& certificate) {
  if (!state_.is_tls) {
    throw base::Error{base::ErrorKind::usage,
                      "the web server was started without TLS: restart it with a certificate"};
  }
  // Shared with the task only because those must be copyable.
  const std::shared_ptr<asio::ssl::context> fresh = tls_of(certificate);
  asio::post(io_, [this, fresh] { *tls_ = std::move(*fresh); });
}

void HttpServer::Listener::begin_stop() {
  state_.stopping = true;
  acceptor_.close();
  accept_pause_.cancel();
  heartbeat_.cancel();
  for (const auto& connection : connections()) {
    if (connection->is_idle() || connection->is_stream()) connection->close();
  }
  if (state_.open.empty()) return running_.reset();
  grace_.expires_after(kGrace);
  grace_.async_wait([this](error_code cancelled) {
    if (!cancelled) io_.stop();
  });
}

void HttpServer::Listener::stop() {
  const std::lock_guard lock{stop_mutex_};
  if (!thread_.joinable()) return;
  asio::post(io_, [this] { begin_stop(); });
  thread_.join();
  // Handlers may outlast the grace; what they give goes nowhere.
  state_.pool.stop();
  state_.waiting.clear();
  for (const auto& connection : connections()) connection->close();
}

HttpServer::HttpServer(HttpSettings settings, Handler handler, Refuse refuse,
                       const base::Clock& clock)
    : listener_(std::make_unique<Listener>(std::move(settings), std::move(handler),
                                           std::move(refuse), clock)) {}

HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const { return listener_->port(); }

void HttpServer::publish(std::string_view event, std::string_view json) {
  listener_->publish(event, json);
}

void HttpServer::replace_certificate(const Certificate& certificate) {
  listener_->replace_certificate(certificate);
}

void HttpServer::stop() { listener_->stop(); }

}  // namespace web
