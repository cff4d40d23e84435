#include "src/http/curl_transport.h"

#include "src/base/error.h"
#include "src/base/release.h"
#include "src/base/synchronized.h"
#include "src/base/text.h"
#include "src/http/head_reader.h"
#include "src/http/url.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <set>
#include <thread>
#include <unistd.h>
#include <utility>

namespace http {
namespace {

using EasyHandle = std::unique_ptr<CURL, base::Release<&curl_easy_cleanup>>;
using MultiHandle = std::unique_ptr<CURLM, base::Release<&curl_multi_cleanup>>;
using HeaderList = std::unique_ptr<curl_slist, base::Release<&curl_slist_free_all>>;

void check_curl(CURLcode code) {
  if (code == CURLE_OK) return;
  throw base::Error{base::ErrorKind::failed, base::text("libcurl: ", curl_easy_strerror(code))};
}

void check_curl(CURLMcode code) {
  if (code == CURLM_OK) return;
  throw base::Error{base::ErrorKind::failed, base::text("libcurl: ", curl_multi_strerror(code))};
}

template <typename Value>
void set(const EasyHandle& easy, CURLoption option, Value value) {
  check_curl(curl_easy_setopt(easy.get(), option, value));
}

// One transfer, shared by the thread that called perform() and the one that runs libcurl. It lives
// in perform(), which returns only after the latter has let go of it.
struct Exchange {
  Exchange(const CurlSettings& bounds, std::uint64_t body_bytes)
      : settings(bounds), head(bounds.header_limit_bytes), unread_bytes(body_bytes) {}

  const CurlSettings& settings;
  EasyHandle easy;
  HeaderList headers;
  std::array<char, CURL_ERROR_SIZE> error_text{};

  std::mutex mutex;
  std::condition_variable_any changed;
  // All below is guarded by the mutex, but for `head` once it is complete.
  HeadReader head;
  base::Bytes received;
  bool receive_paused = false;
  base::Bytes to_send;
  std::size_t sent_from = 0;
  std::uint64_t unread_bytes;  // of the body, not yet taken from its source
  bool send_paused = false;
  bool abandoned = false;
  bool finished = false;
  CURLcode result = CURLE_OK;

  [[nodiscard]] bool wants_body() const { return unread_bytes > 0 && sent_from == to_send.size(); }
};

// libcurl is C: nothing may be thrown through it.
std::size_t receive_body(char* data, std::size_t, std::size_t size, void* user) noexcept {
  auto& exchange = *static_cast<Exchange*>(user);
  try {
    std::lock_guard lock{exchange.mutex};
    if (exchange.abandoned) return CURL_WRITEFUNC_ERROR;
    if (!exchange.received.empty() &&
        exchange.received.size() + size > exchange.settings.buffer_bytes) {
      exchange.receive_paused = true;
      return CURL_WRITEFUNC_PAUSE;
    }
    base::append(exchange.received, base::as_bytes(std::string_view{data, size}));
    exchange.changed.notify_all();
    return size;
  } catch (...) {
    return CURL_WRITEFUNC_ERROR;
  }
}

std::size_t receive_header(char* data, std::size_t, std::size_t size, void* user) noexcept {
  auto& exchange = *static_cast<Exchange*>(user);
  try {
    std::lock_guard lock{exchange.mutex};
    if (!exchange.head.add({data, size})) return 0;
    if (exchange.head.complete()) exchange.changed.notify_all();
    return size;
  } catch (...) {
    return 0;
  }
}

std::size_t send_body(char* target, std::size_t, std::size_t size, void* user) noexcept {
  auto& exchange = *static_cast<Exchange*>(user);
  try {
    std::lock_guard lock{exchange.mutex};
    if (exchange.abandoned) return CURL_READFUNC_ABORT;
    const std::size_t ready = std::min(exchange.to_send.size() - exchange.sent_from, size);
    if (ready > 0) {
      std::memcpy(target, exchange.to_send.data() + exchange.sent_from, ready);
      exchange.sent_from += ready;
      if (exchange.wants_body()) exchange.changed.notify_all();
      return ready;
    }
    if (exchange.unread_bytes == 0) return 0;
    exchange.send_paused = true;
    exchange.changed.notify_all();
    return CURL_READFUNC_PAUSE;
  } catch (...) {
    return CURL_READFUNC_ABORT;
  }
}

// Runs libcurl's multi handle: the only thread that touches it, or an easy handle between start and
// finish.
class CurlLoop {
 public:
  CurlLoop() : multi_(curl_multi_init()) {
    if (!multi_) throw base::Error{base::ErrorKind::failed, "libcurl: no multi handle"};
    check_curl(curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX));
    check_curl(curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, 256L));
    thread_ = std::jthread{[this](std::stop_token stop) { run(std::move(stop)); }};
  }

  ~CurlLoop() {
    thread_.request_stop();
    curl_multi_wakeup(multi_.get());
    thread_.join();
  }

  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  void start(Exchange& exchange) { post(Command::start, exchange); }
  // Room was made, or body bytes were laid ready. Without effect on one that is over.
  void resume(Exchange& exchange) { post(Command::resume, exchange); }
  // Ends the transfer; finished is set soon after. Without effect on one that is over.
  void abandon(Exchange& exchange) { post(Command::abandon, exchange); }

 private:
  enum class Command : std::uint8_t { start, resume, abandon };
  using Commands = std::vector<std::pair<Command, Exchange*>>;

  void post(Command command, Exchange& exchange) {
    commands_.lock()->emplace_back(command, &exchange);
    curl_multi_wakeup(multi_.get());
  }

  void run(std::stop_token stop) {
    while (!stop.stop_requested()) {
      for (const auto& [command, exchange] : std::exchange(*commands_.lock(), {})) {
        obey(command, *exchange);
      }
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      finish_done();
      constexpr int kLongestPollMs =
          60'000;  // commands wake it, libcurl shortens it for its timers
      curl_multi_poll(multi_.get(), nullptr, 0, kLongestPollMs, nullptr);
    }
    while (!active_.empty()) finish(**active_.begin(), CURLE_ABORTED_BY_CALLBACK);
  }

  void obey(Command command, Exchange& exchange) {
    if (command == Command::start) {
      active_.insert(&exchange);
      if (curl_multi_add_handle(multi_.get(), exchange.easy.get()) != CURLM_OK) {
        finish(exchange, CURLE_FAILED_INIT);
      }
    } else if (active_.contains(&exchange)) {
      if (command == Command::abandon) {
        finish(exchange, CURLE_ABORTED_BY_CALLBACK);
      } else {
        curl_easy_pause(exchange.easy.get(), CURLPAUSE_CONT);
      }
    }
  }

  void finish_done() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      void* user = nullptr;
      const CURLcode result = message->data.result;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &user);
      finish(*static_cast<Exchange*>(user), result);
    }
  }

  void finish(Exchange& exchange, CURLcode result) {
    active_.erase(&exchange);
    curl_multi_remove_handle(multi_.get(), exchange.easy.get());
    std::lock_guard lock{exchange.mutex};
    exchange.result = result;
    exchange.finished = true;
    exchange.changed.notify_all();  // with the lock held: once it is free, the exchange may be gone
  }

  MultiHandle multi_;
  base::Synchronized<Commands> commands_;
  std::set<Exchange*> active_;
  std::jthread thread_;
};

bool is_plain_header(const Header& header) {
  const auto is_plain = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; };
  return !header.name.empty() && header.name.find(':') == std::string::npos &&
         std::all_of(header.name.begin(), header.name.end(), is_plain) &&
         std::all_of(header.value.begin(), header.value.end(), is_plain);
}

void add_header(HeaderList& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc{};
  static_cast<void>(list.release());
  list.reset(longer);
}

HeaderList header_list(const Request& request, bool has_body) {
  HeaderList list;
  bool has_type = false;
  for (const Header& header : request.headers) {
    if (!is_plain_header(header)) {
      throw base::Error{base::ErrorKind::protocol,
                        base::text("the request header ", base::printable(header.name),
                                   " holds a control character")};
    }
    has_type = has_type || base::equals_ignoring_case(header.name, "Content-Type");
    // libcurl takes "Name:" as an order to leave the header out, "Name;" as an empty one.
    add_header(list, header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
  }
  if (has_body) {
    if (!has_type) add_header(list, "Content-Type:");
    add_header(list, "Expect:");  // servers that do not know it would cost a second per upload
  }
  return list;
}

void set_method(const EasyHandle& easy, const Request& request, std::uint64_t body_bytes) {
  const bool has_body = body_bytes > 0 || request.method == "POST" || request.method == "PUT" ||
                        request.method == "PATCH";
  if (has_body) {
    // Bodies go through the callback and cannot be rewound by libcurl, so that it can never send a
    // request twice on its own when a reused connection turns out to be dead.
    set(easy, CURLOPT_POST, 1L);
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_bytes));
    if (body_bytes == 0) set(easy, CURLOPT_POSTFIELDS, "");
  } else if (request.method == "HEAD") {
    set(easy, CURLOPT_NOBODY, 1L);
  }
  if (request.method != "GET" && request.method != "POST" && request.method != "HEAD") {
    set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

void set_security(const EasyHandle& easy, const CurlSettings& settings) {
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_PROXY, "");
  set(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  // The system's authorities stay trusted through libcurl's CAPATH.
  if (!settings.ca_file.empty()) set(easy, CURLOPT_CAINFO, settings.ca_file.c_str());
}

void configure(Exchange& exchange, const Request& request, std::uint64_t body_bytes) {
  const CurlSettings& settings = exchange.settings;
  exchange.easy.reset(curl_easy_init());
  if (!exchange.easy) throw std::bad_alloc{};
  const EasyHandle& easy = exchange.easy;
  set(easy, CURLOPT_URL, request.url.c_str());
  set(easy, CURLOPT_PATH_AS_IS, 1L);
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_PRIVATE, static_cast<void*>(&exchange));
  set(easy, CURLOPT_ERRORBUFFER, exchange.error_text.data());
  set(easy, CURLOPT_USERAGENT, settings.user_agent.c_str());
  set_security(easy, settings);
  set_method(easy, request, body_bytes);
  exchange.headers = header_list(request, body_bytes > 0 || request.method != "GET");
  set(easy, CURLOPT_HTTPHEADER, exchange.headers.get());

  const bool streams = request.streams_answer || request.body_source != nullptr;
  set(easy, CURLOPT_HTTP_VERSION,
      static_cast<long>(streams ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS));
  set(easy, CURLOPT_PIPEWAIT, streams ? 0L : 1L);
  set(easy, CURLOPT_BUFFERSIZE, 64L * 1024);
  set(easy, CURLOPT_TCP_KEEPALIVE, 1L);

  set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings.connect_timeout.count()));
  set(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  const auto idle = std::chrono::ceil<std::chrono::seconds>(request.idle_timeout).count();
  set(easy, CURLOPT_LOW_SPEED_TIME, std::max(static_cast<long>(idle), 1L));
  const auto total = request.total_timeout.value_or(base::Duration{0});  // 0: no limit
  set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(total.count()));

  void* user = &exchange;
  set(easy, CURLOPT_WRITEFUNCTION, &receive_body);
  set(easy, CURLOPT_WRITEDATA, user);
  set(easy, CURLOPT_HEADERFUNCTION, &receive_header);
  set(easy, CURLOPT_HEADERDATA, user);
  set(easy, CURLOPT_READFUNCTION, &send_body);
  set(easy, CURLOPT_READDATA, user);
}

bool was_sent(CURL* easy) {
  long request_bytes = 0;
  curl_off_t uploaded = 0;
  curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request_bytes);
  curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
  return request_bytes > 0 || uploaded > 0;
}

// A handshake that broke off is the network's doing; one that was refused is a matter of trust.
TransferFailure classify_handshake(std::string_view detail) {
  const auto mentions = [&](std::string_view words) {
    return detail.find(words) != std::string_view::npos;
  };
  return mentions("SSL_ERROR_SYSCALL") || mentions("reset by peer") || mentions("ZERO_RETURN") ||
                 mentions("Broken pipe")
             ? TransferFailure::not_sent
             : TransferFailure::untrusted;
}

TransferFailure classify(const Exchange& exchange, std::string_view detail) {
  if (exchange.head.too_large()) return TransferFailure::too_large;
  switch (exchange.result) {
    case CURLE_OK:
      return exchange.head.complete() ? TransferFailure::none : TransferFailure::interrupted;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CERTPROBLEM:
      return TransferFailure::untrusted;
    case CURLE_SSL_CONNECT_ERROR:
      return classify_handshake(detail);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return TransferFailure::not_sent;
    case CURLE_OPERATION_TIMEDOUT:
      return was_sent(exchange.easy.get()) ? TransferFailure::timed_out : TransferFailure::not_sent;
    default:
      return was_sent(exchange.easy.get()) ? TransferFailure::interrupted
                                           : TransferFailure::not_sent;
  }
}

class CurlTransport final : public Transport {
 public:
  explicit CurlTransport(CurlSettings settings) : settings_(std::move(settings)) {}

  Transfer perform(const Request& request, BodySink& sink, std::stop_token stop) override {
    const auto url = parse_url(request.url);
    if (!url) return {{}, TransferFailure::not_sent, "not a plain http or https URL"};
    if (url->origin.scheme == "http" && !url->origin.is_loopback()) {
      return {{}, TransferFailure::not_sent, url->origin.text() + " is neither https nor loopback"};
    }
    if (stop.stop_requested()) return {{}, TransferFailure::cancelled, "stopped"};
    TextSource text{request.body};
    BodySource& body = request.body_source != nullptr ? *request.body_source : text;
    const std::uint64_t body_bytes = body.size_bytes();
    Exchange exchange{settings_, body_bytes};
    configure(exchange, request, body_bytes);
    if (body_bytes > 0) lay_ready(exchange, body);
    loop_.start(exchange);
    try {
      if (!pump(exchange, body, sink, stop)) {
        abandon(exchange);
        return {{}, TransferFailure::cancelled, "stopped"};
      }
    } catch (...) {
      abandon(exchange);
      throw;
    }
    return outcome(exchange, *url);
  }

 private:
  // Fills the emptied buffer from the source.
  void lay_ready(Exchange& exchange, BodySource& body) {
    std::uint64_t unread = 0;
    {
      std::lock_guard lock{exchange.mutex};
      unread = exchange.unread_bytes;
    }
    base::Bytes piece(
        static_cast<std::size_t>(std::min<std::uint64_t>(unread, settings_.buffer_bytes)));
    const std::size_t size = body.read(piece);
    if (size == 0) {
      throw base::Error{base::ErrorKind::failed, "a request body ended before its announced size"};
    }
    piece.resize(size);
    bool paused = false;
    {
      std::lock_guard lock{exchange.mutex};
      exchange.to_send = std::move(piece);
      exchange.sent_from = 0;
      exchange.unread_bytes -= size;
      paused = std::exchange(exchange.send_paused, false);
    }
    if (paused) loop_.resume(exchange);
  }

  // Serves the transfer from this thread until it is over. False if `stop` came first.
  bool pump(Exchange& exchange, BodySource& body, BodySink& sink, const std::stop_token& stop) {
    bool head_told = false;
    base::Bytes piece;
    std::unique_lock lock{exchange.mutex};
    while (true) {
      const auto has_work = [&] {
        return exchange.finished || (exchange.head.complete() && !head_told) ||
               !exchange.received.empty() || exchange.wants_body();
      };
      if (!exchange.changed.wait(lock, stop, has_work) || stop.stop_requested()) return false;
      if (exchange.head.complete() && !head_told) {
        head_told = true;
        lock.unlock();
        sink.on_head(exchange.head.head());
      } else if (!exchange.received.empty()) {
        piece.clear();
        std::swap(piece, exchange.received);
        const bool paused = std::exchange(exchange.receive_paused, false);
        lock.unlock();
        if (paused) loop_.resume(exchange);  // the next piece arrives while the sink takes this one
        sink.on_body(piece);
      } else if (exchange.finished) {
        return true;
      } else {
        lock.unlock();
        lay_ready(exchange, body);
      }
      lock.lock();
    }
  }

  void abandon(Exchange& exchange) noexcept {
    std::unique_lock lock{exchange.mutex};
    exchange.abandoned = true;
    if (!exchange.finished) {
      lock.unlock();
      loop_.abandon(exchange);
      lock.lock();
      exchange.changed.wait(lock, [&] { return exchange.finished; });
    }
  }

  static Transfer outcome(Exchange& exchange, const Url& url) {
    Transfer transfer;
    std::string detail = base::printable(exchange.error_text.data());
    // libcurl would have sent again what may have arrived: whether to do so is not its decision.
    if (exchange.result == CURLE_SEND_FAIL_REWIND) detail = "closed before an answer came";
    if (detail.empty()) detail = curl_easy_strerror(exchange.result);
    transfer.failure = classify(exchange, detail);
    if (exchange.head.complete()) transfer.head = exchange.head.head();
    if (!transfer.arrived()) {
      transfer.detail =
          base::text(url.origin.text(), ": ", name(transfer.failure), " (", detail, ")");
    }
    return transfer;
  }

  CurlSettings settings_;
  CurlLoop loop_;
};

}  // namespace

std::unique_ptr<Transport> make_curl_transport(CurlSettings settings) {
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  check_curl(initialized);
  if (!settings.ca_file.empty() && access(settings.ca_file.c_str(), R_OK) != 0) {
    throw base::Error{base::ErrorKind::usage,
                      base::text("cannot read the CA file ", settings.ca_file)};
  }
  return std::make_unique<CurlTransport>(std::move(settings));
}

}  // namespace http
