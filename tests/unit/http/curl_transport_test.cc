#include "src/http/curl_transport.h"

#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/synchronized.h"
#include "src/base/text.h"
#include "tests/support/catch.h"
#include "tests/support/loopback_server.h"
#include "tests/support/tls_proxy.h"

#include <atomic>
#include <latch>
#include <random>
#include <thread>
#include <vector>

using http::TransferFailure;
using test::Connection;
using test::LoopbackServer;
using namespace std::chrono_literals;

namespace {

// A body that is made while it is read.
class CountingSource final : public http::BodySource {
 public:
  explicit CountingSource(std::uint64_t size) : size_(size) {}
  [[nodiscard]] std::uint64_t size_bytes() const override { return size_; }
  std::size_t read(base::MutableByteView target) override {
    const auto size = static_cast<std::size_t>(
        std::min<std::uint64_t>({target.size(), size_ - position_, 10'007}));
    for (std::size_t i = 0; i < size; ++i) target[i] = at(position_ + i);
    position_ += size;
    return size;
  }
  void rewind() override { position_ = 0; }
  static std::byte at(std::uint64_t position) {
    return static_cast<std::byte>((position * 31) >> 3 & 0xff);
  }

 private:
  std::uint64_t size_;
  std::uint64_t position_ = 0;
};

std::string counted(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(CountingSource::at(i));
  return text;
}

struct Got {
  http::Transfer transfer;
  std::string body;
};

Got perform(http::Transport& transport, const http::Request& request, std::stop_token stop = {}) {
  http::CollectingSink sink{100'000'000};
  Got got{transport.perform(request, sink, std::move(stop)), ""};
  got.body = sink.text();
  return got;
}

void serve_hello(Connection& connection) {
  while (connection.receive()) connection.answer("hello");
}

}  // namespace

TEST_CASE("a request goes out as told, and its answer comes back whole", "[http][socket]") {
  base::Synchronized<std::string> received;
  LoopbackServer server{[&](Connection& connection) {
    const auto request = connection.receive();
    if (!request) return;
    *received.lock() = request->head;
    connection.send("HTTP/1.1 100 Continue\r\n\r\n");
    connection.answer("body", "404 Not Found", "X-One: 1\r\nx-two:  two \r\n");
  }};
  const auto transport = http::make_curl_transport({.user_agent = "coffer-test"});
  const auto got = perform(*transport, {.url = server.url("/a/../b?c='d'"),
                                        .headers = {{"X-Mine", "yes"}, {"X-Empty", ""}}});
  REQUIRE(got.transfer.arrived());
  CHECK(got.transfer.head.status == 404);
  CHECK(got.transfer.head.header("X-TWO") == "two");
  CHECK(got.body == "body");
  const std::string head = *received.lock();
  CHECK_THAT(head, test::contains_text("GET /a/../b?c='d' HTTP/1.1\r\n"));
  CHECK_THAT(head, test::contains_text("X-Mine: yes\r\n"));
  CHECK_THAT(head, test::contains_text("X-Empty:\r\n"));
  CHECK_THAT(head, test::contains_text("User-Agent: coffer-test\r\n"));
}

TEST_CASE("a body is pulled from its source, with its length and nothing added", "[http][socket]") {
  constexpr std::size_t kSize = 3'000'001;
  base::Synchronized<test::ReceivedRequest> received;
  LoopbackServer server{[&](Connection& connection) {
    while (const auto request = connection.receive()) {
      *received.lock() = *request;
      connection.answer("ok");
    }
  }};
  const auto transport = http::make_curl_transport({});
  CountingSource source{kSize};
  REQUIRE(
      perform(*transport, {.method = "POST", .url = server.url(), .body_source = &source}).body ==
      "ok");
  CHECK(received.lock()->body == counted(kSize));
  CHECK_THAT(received.lock()->head, test::contains_text("Content-Length: 3000001\r\n"));
  CHECK_THAT(received.lock()->head, !test::contains_text("Expect"));
  CHECK_THAT(received.lock()->head, !test::contains_text("Content-Type"));

  REQUIRE(perform(*transport, {.method = "PATCH", .url = server.url(), .body = "small"}).body ==
          "ok");
  CHECK(received.lock()->body == "small");
  CHECK_THAT(received.lock()->head, test::contains_text("PATCH / HTTP/1.1"));
  REQUIRE(perform(*transport, {.method = "POST", .url = server.url()}).body == "ok");
  CHECK_THAT(received.lock()->head, test::contains_text("Content-Length: 0\r\n"));
  CHECK_THAT(received.lock()->head, test::contains_text("POST / HTTP/1.1"));
  REQUIRE(perform(*transport, {.method = "DELETE", .url = server.url()}).body == "ok");
  CHECK_THAT(received.lock()->head, test::contains_text("DELETE / HTTP/1.1"));
  CHECK(server.connections() == 1);
}

TEST_CASE("a connection serves many requests, and many callers go side by side", "[http][socket]") {
  LoopbackServer server{serve_hello};
  const auto transport = http::make_curl_transport({});
  for (int i = 0; i < 5; ++i) CHECK(perform(*transport, {.url = server.url()}).body == "hello");
  CHECK(server.connections() == 1);
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 16; ++i) {
      callers.emplace_back([&] {
        for (int j = 0; j < 20; ++j) {
          if (perform(*transport, {.url = server.url()}).body == "hello") ++good;
        }
      });
    }
  }
  CHECK(good == 320);
}

TEST_CASE("a slow sink slows the sender down instead of filling memory", "[http][socket]") {
  const std::string answer = counted(64'000'000);
  std::atomic<std::size_t> sent_while_stuck{0};
  std::latch stuck{1};
  LoopbackServer server{[&](Connection& connection) {
    if (!connection.receive()) return;
    connection.send(base::text("HTTP/1.1 200 OK\r\nContent-Length: ", answer.size(), "\r\n\r\n"));
    const std::size_t sent = connection.send_until_stuck(answer);
    sent_while_stuck = sent;
    stuck.count_down();
    connection.send(std::string_view{answer}.substr(sent));
  }};

  class SlowSink final : public http::BodySink {
   public:
    explicit SlowSink(std::latch& go) : go_(go) {}
    void on_head(const http::ResponseHead&) override {}
    void on_body(base::ByteView piece) override {
      go_.wait();
      largest = std::max(largest, piece.size());
      digest.update(piece);
    }
    base::Sha256Stream digest;
    std::size_t largest = 0;

   private:
    std::latch& go_;
  };
  SlowSink sink{stuck};
  const auto transport = http::make_curl_transport({});
  const auto transfer = transport->perform({.url = server.url(), .streams_answer = true}, sink, {});
  CHECK(transfer.arrived());
  CHECK(sink.digest.finish() == base::sha256(base::as_bytes(answer)));
  // What the two sockets hold, and two pieces.
  CHECK(sent_while_stuck < 16'000'000);
  CHECK(sink.largest <= 512 * 1024);
}

TEST_CASE("how a transfer failed is told truthfully", "[http][socket]") {
  const auto transport = http::make_curl_transport({});

  SECTION("nobody listens") {
    const auto got =
        perform(*transport, {.url = base::text("http://127.0.0.1:", test::unused_port(), "/")});
    CHECK(got.transfer.failure == TransferFailure::not_sent);
    CHECK(got.transfer.head.status == 0);
  }
  SECTION("another machine without encryption") {
    CHECK(perform(*transport, {.url = "http://192.0.2.1/"}).transfer.failure ==
          TransferFailure::not_sent);
    CHECK(perform(*transport, {.url = "file:///etc/passwd"}).transfer.failure ==
          TransferFailure::not_sent);
  }
  SECTION("closed without an answer") {
    LoopbackServer server{[](Connection& connection) { connection.receive(); }};
    const auto got =
        perform(*transport, {.method = "POST", .url = server.url("/?secret"), .body = "x"});
    CHECK(got.transfer.failure == TransferFailure::interrupted);
    CHECK_THAT(got.transfer.detail, !test::contains_text("secret"));
  }
  SECTION("closed in the middle of the answer") {
    LoopbackServer server{[](Connection& connection) {
      connection.receive();
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    }};
    const auto got = perform(*transport, {.url = server.url()});
    CHECK(got.transfer.failure == TransferFailure::interrupted);
    CHECK(got.transfer.head.status == 200);
    CHECK(got.body == "half");
  }
  SECTION("chunks without an end") {
    LoopbackServer server{[](Connection& connection) {
      connection.receive();
      connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
    }};
    CHECK(perform(*transport, {.url = server.url()}).transfer.failure ==
          TransferFailure::interrupted);
  }
  SECTION("endless header") {
    LoopbackServer server{[](Connection& connection) {
      connection.receive();
      connection.send("HTTP/1.1 200 OK\r\n");
      const std::string line = "X-Filler: " + std::string(1000, 'x') + "\r\n";
      while (connection.send(line)) {
      }
    }};
    CHECK(perform(*transport, {.url = server.url()}).transfer.failure ==
          TransferFailure::too_large);
  }
  SECTION("nothing moves") {
    LoopbackServer server{[](Connection& connection) {
      connection.receive();
      connection.receive();
    }};
    const auto got = perform(*transport, {.url = server.url(), .idle_timeout = 1s});
    CHECK(got.transfer.failure == TransferFailure::timed_out);
  }
  SECTION("the whole takes longer than it may") {
    LoopbackServer server{[](Connection& connection) {
      connection.receive();
      connection.receive();
    }};
    const auto got = perform(*transport, {.url = server.url(), .total_timeout = 300ms});
    CHECK(got.transfer.failure == TransferFailure::timed_out);
  }
}

TEST_CASE("a request whose reused connection died is never sent twice", "[http][socket]") {
  std::atomic<int> posts{0};
  LoopbackServer server{[&](Connection& connection) {
    while (const auto request = connection.receive()) {
      if (request->head.starts_with("POST")) {
        ++posts;
        return;  // the request was taken, and its answer is lost
      }
      connection.answer("hello");
    }
  }};
  const auto transport = http::make_curl_transport({});
  REQUIRE(perform(*transport, {.url = server.url()}).body == "hello");
  CountingSource source{100'000};
  const auto got =
      perform(*transport, {.method = "POST", .url = server.url(), .body_source = &source});
  CHECK(got.transfer.failure == TransferFailure::interrupted);
  CHECK(posts == 1);

  REQUIRE(perform(*transport, {.url = server.url()}).body == "hello");
  CHECK(perform(*transport, {.method = "POST", .url = server.url(), .body = "small"})
            .transfer.failure == TransferFailure::interrupted);
  CHECK(posts == 2);
}

TEST_CASE("an answer that comes before the body was sent ends the request", "[http][socket]") {
  LoopbackServer server{[](Connection& connection) {
    if (!connection.receive_head()) return;
    connection.answer("too large", "413 Content Too Large", "Connection: close\r\n");
    connection.receive();  // until the client gives up
  }};
  const auto transport = http::make_curl_transport({});
  CountingSource source{50'000'000};
  const auto got =
      perform(*transport, {.method = "POST", .url = server.url(), .body_source = &source});
  CHECK(got.transfer.head.status == 413);
}

TEST_CASE("redirects are answers like others", "[http][socket][security]") {
  LoopbackServer foreign{serve_hello};
  LoopbackServer server{[&](Connection& connection) {
    connection.receive();
    connection.answer("", "302 Found", "Location: " + foreign.url() + "\r\nSet-Cookie: a=b\r\n");
  }};
  const auto transport = http::make_curl_transport({});
  const auto got = perform(*transport, {.url = server.url()});
  CHECK(got.transfer.head.status == 302);
  CHECK(foreign.connections() == 0);
}

TEST_CASE("a request to stop ends a transfer that waits", "[http][socket]") {
  std::latch received{1};
  LoopbackServer server{[&](Connection& connection) {
    connection.receive();
    received.count_down();
    connection.receive();
  }};
  const auto transport = http::make_curl_transport({});
  std::stop_source stop;
  std::jthread stopper{[&] {
    received.wait();
    stop.request_stop();
  }};
  CHECK(perform(*transport, {.url = server.url()}, stop.get_token()).transfer.failure ==
        TransferFailure::cancelled);
}

TEST_CASE("what a sink or a source throws leaves perform()", "[http][socket]") {
  class ThrowingSink final : public http::BodySink {
   public:
    void on_head(const http::ResponseHead&) override {}
    void on_body(base::ByteView) override { throw base::Error{base::ErrorKind::full, "no room"}; }
  };
  class ShortSource final : public http::BodySource {
   public:
    [[nodiscard]] std::uint64_t size_bytes() const override { return 1'000'000; }
    std::size_t read(base::MutableByteView) override { return std::exchange(left_, 0); }
    void rewind() override {}

   private:
    std::size_t left_ = 10;
  };
  LoopbackServer server{serve_hello};
  const auto transport = http::make_curl_transport({});
  ThrowingSink throwing;
  CHECK_THROWS_AS(transport->perform({.url = server.url()}, throwing, {}), base::Error);
  ShortSource source;
  http::CollectingSink sink{1000};
  CHECK_THROWS_AS(
      transport->perform({.method = "POST", .url = server.url(), .body_source = &source}, sink, {}),
      base::Error);
  http::CollectingSink small{4};
  CHECK_THROWS_AS(transport->perform({.url = server.url()}, small, {}), base::Error);
  CHECK(perform(*transport, {.url = server.url()}).body == "hello");
}

TEST_CASE("a header with a line break is not sent", "[http][socket][security]") {
  LoopbackServer server{serve_hello};
  const auto transport = http::make_curl_transport({});
  CHECK_THROWS_AS(perform(*transport, {.url = server.url(), .headers = {{"A", "b\r\nC: d"}}}),
                  base::Error);
  CHECK(server.connections() == 0);
}

TEST_CASE("documents share a connection by HTTP/2, streams have their own by HTTP/1.1",
          "[http][socket][tls]") {
  base::Synchronized<std::vector<std::string>> protocols;
  LoopbackServer server{[&](Connection& connection) {
    while (const auto request = connection.receive()) {
      protocols.lock()->push_back(request->header("Via"));
      connection.answer(request->body + "hello");
    }
  }};
  const test::TlsProxy proxy{server.port()};
  const auto transport = http::make_curl_transport({.ca_file = proxy.authority().string()});

  SECTION("one after the other") {
    CountingSource source{1'000'000};
    CHECK(perform(*transport, {.url = proxy.url()}).body == "hello");
    CHECK(perform(*transport, {.url = proxy.url(), .streams_answer = true}).body == "hello");
    CHECK(
        perform(*transport, {.method = "POST", .url = proxy.url(), .body_source = &source}).body ==
        counted(1'000'000) + "hello");
    CHECK(perform(*transport, {.method = "POST", .url = proxy.url(), .body = "x"}).body ==
          "xhello");
    CHECK(perform(*transport, {.url = proxy.url()}).body == "hello");
    CHECK(*protocols.lock() == std::vector<std::string>{"2 nghttpx", "1.1 nghttpx", "1.1 nghttpx",
                                                        "2 nghttpx", "2 nghttpx"});
  }
  SECTION("many at once") {
    std::atomic<int> good{0};
    {
      std::vector<std::jthread> callers;
      for (int i = 0; i < 12; ++i) {
        callers.emplace_back([&, i] {
          for (int j = 0; j < 10; ++j) {
            if (perform(*transport, {.url = proxy.url(), .streams_answer = i % 3 == 0}).body ==
                "hello")
              ++good;
          }
        });
      }
    }
    CHECK(good == 120);
  }
}

TEST_CASE("a server that the authorities do not vouch for gets nothing",
          "[http][socket][tls][security]") {
  LoopbackServer server{serve_hello};
  const test::TlsProxy proxy{server.port()};
  const auto unaware = http::make_curl_transport({});
  const auto got = perform(*unaware, {.url = proxy.url()});
  CHECK(got.transfer.failure == TransferFailure::untrusted);
  CHECK(server.connections() == 0);

  const auto aware = http::make_curl_transport({.ca_file = proxy.authority().string()});
  CHECK(perform(*aware, {.url = proxy.url()}).body == "hello");
  // The certificate names localhost and 127.0.0.1, and nothing else.
  const auto other = perform(*aware, {.url = base::text("https://[::1]:", proxy.port(), "/")});
  CHECK(other.transfer.failure != TransferFailure::none);
  // TLS to a server that speaks none.
  LoopbackServer speechless{[](Connection& connection) { connection.send("220 no TLS here\r\n"); }};
  const auto plain =
      perform(*aware, {.url = base::text("https://127.0.0.1:", speechless.port(), "/")});
  CHECK(plain.transfer.failure != TransferFailure::none);
  CHECK(plain.transfer.failure != TransferFailure::interrupted);
}

TEST_CASE("an authority file that is not there is the operator's mistake", "[http]") {
  CHECK_THROWS_AS(http::make_curl_transport({.ca_file = "/nowhere/ca.pem"}), base::Error);
}
