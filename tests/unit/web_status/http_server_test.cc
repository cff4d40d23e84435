#include "web-status/http_server.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "tests/support/catch.h"
#include "tests/unit/web_status/raw_client.h"
#include "tests/unit/web_status/running_server.h"

#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::ask;
using test::contains_text;
using test::RawClient;
using test::RunningServer;
using web::Request;
using web::Response;

constexpr std::string_view kGet = "GET /a?b=c HTTP/1.1\r\nHost: localhost\r\n\r\n";

Response echo(const Request& request) {
  std::string text = base::text(request.method, " ", base::enumerated(request.target.segments));
  for (const auto& [name, value] : request.target.parameters) {
    text += base::text(" ", name, "=", value);
  }
  return web::text_answer(base::text(text, " ", request.body, " from ", request.peer));
}

}  // namespace

TEST_CASE("requests of one connection are answered in their order", "[web][http]") {
  RunningServer running{{}, echo};
  RawClient client{running.server.port()};
  const std::string post = "POST /b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello";
  REQUIRE(client.send(base::text(kGet, post, kGet)));
  CHECK(client.receive().body == "GET a b=c  from 127.0.0.1");
  CHECK(client.receive().body == "POST b hello from 127.0.0.1");
  const test::Answer last = client.receive();
  CHECK(last.body == "GET a b=c  from 127.0.0.1");
  CHECK(last.header("Connection").empty());
  CHECK_THAT(last.header("Date"), test::contains_text(" GMT"));
}

TEST_CASE("a request may come byte by byte", "[web][http]") {
  RunningServer running{{}, echo};
  RawClient client{running.server.port()};
  for (const char byte :
       std::string{"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"}) {
    REQUIRE(client.send({&byte, 1}));
  }
  CHECK(client.receive().body == "POST  abc from 127.0.0.1");
}

TEST_CASE("bodies come in chunks, from memory, or not at all", "[web][http]") {
  const std::string large(300'000, 'x');
  RunningServer running{{}, [&](const Request& request) -> Response {
                          const std::string& what = request.target.segments[0];
                          if (what == "large") return web::text_answer(large);
                          if (what == "static") return {200, {}, web::StaticText{large}};
                          if (what == "none") return {204, {}, std::string{}};
                          return {200, {}, web::TextSource{[left = 3]() mutable {
                                    if (left == 0) return std::optional<std::string>{};
                                    --left;
                                    // An empty piece must not end the body.
                                    return std::optional{std::string(left == 1 ? 0 : 100'000, 'y')};
                                  }}};
                        }};
  const std::uint16_t port = running.server.port();
  CHECK(ask(port, "GET /large").body == large);
  CHECK(ask(port, "GET /static").body == large);
  CHECK(ask(port, "GET /none").status == 204);
  const test::Answer report = ask(port, "GET /report");
  CHECK(report.header("Transfer-Encoding") == "chunked");
  CHECK(report.body == std::string(200'000, 'y'));

  RawClient client{port};
  for (const std::string what : {"large", "static", "report", "none"}) {
    CAPTURE(what);
    REQUIRE(client.send(base::text("HEAD /", what, " HTTP/1.1\r\nHost: a\r\n\r\n")));
    CHECK(client.receive("HEAD").head.starts_with("HTTP/1.1 20"));
  }
}

TEST_CASE("a report that breaks off is not taken for a whole one", "[web][http]") {
  RunningServer running{{}, [](const Request&) -> Response {
                          return {200, {}, web::TextSource{[first = true]() mutable {
                                    if (!std::exchange(first, false)) throw std::runtime_error{"x"};
                                    return std::optional<std::string>{"piece"};
                                  }}};
                        }};
  RawClient client{running.server.port()};
  REQUIRE(client.send(kGet));
  const std::string all = client.read_through("never comes");
  CHECK_THAT(all, contains_text("piece"));
  CHECK(all.find("\r\n0\r\n") == std::string::npos);
}

TEST_CASE("what a handler throws becomes an answer", "[web][http]") {
  RunningServer running{{}, [](const Request&) -> Response { throw std::runtime_error{"x"}; }};
  CHECK(ask(running.server.port(), "GET /").status == 500);
}

TEST_CASE("what is refused is told, and ends the connection", "[web][http]") {
  RunningServer running{{}, echo};
  struct Row {
    std::string name, sent;
    int status;
  };
  const std::string host = "Host: localhost\r\n";
  const Row row = GENERATE_COPY(values<Row>({
      {"bare line feeds", "GET / HTTP/1.1\nHost: localhost\n\n", 400},
      {"length and chunks",
       "POST / HTTP/1.1\r\n" + host +
           "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       400},
      {"two lengths",
       "POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
      {"long body",
       "POST / HTTP/1.1\r\n" + host + "Content-Length: 70000\r\n\r\n" + std::string(70'000, 'a'),
       413},
      {"old version", "GET / HTTP/1.0\r\n\r\n", 505},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"long header", "GET / HTTP/1.1\r\n" + host + "A: " + std::string(9'000, 'a') + "\r\n\r\n",
       431},
  }));
  CAPTURE(row.name);
  RawClient client{running.server.port()};
  client.send(row.sent);
  const test::Answer answer = client.receive();
  CHECK(answer.status == row.status);
  CHECK(answer.header("Connection") == "close");
  CHECK_THAT(answer.body, contains_text(R"("type":"error")"));
  CHECK(client.is_closed());
}

TEST_CASE("every step has its time", "[web][http]") {
  web::HttpLimits limits;
  limits.idle = limits.header = limits.body = limits.write = milliseconds{200};
  std::atomic<int> answered = 0;
  const std::string large(20'000'000, 'x');  // more than the kernel takes
  RunningServer running{limits, [&](const Request& request) -> Response {
                          ++answered;
                          if (request.target.segments[0] != "large") return echo(request);
                          return {200, {}, web::StaticText{large}};
                        }};
  const std::string what = GENERATE(as<std::string>{}, "", "GET / HT",
                                    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
  CAPTURE(what);
  RawClient client{running.server.port()};
  REQUIRE(client.send(what));
  CHECK(client.is_closed());
  CHECK(answered == 0);

  RawClient again{running.server.port()};
  REQUIRE(again.send(kGet));
  CHECK(again.receive().status == 200);
  CHECK(again.is_closed());  // idle

  RawClient slow{running.server.port()};
  REQUIRE(slow.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n"));
  for (int i = 0; i < 3; ++i) {
    RawClient watcher{running.server.port()};
    CHECK(watcher.is_closed());  // by then the slow one's time is over as well
  }
  CHECK(slow.receive().body.size() < large.size());
}

TEST_CASE("when all workers are busy and some wait, others are asked to come back", "[web][http]") {
  web::HttpLimits limits;
  limits.workers = 2;
  limits.waiting_requests = 3;
  std::promise<void> go_on;
  const std::shared_future<void> may_go{go_on.get_future()};
  std::atomic<int> begun = 0;
  RunningServer running{limits, [&](const Request& request) {
                          ++begun;
                          may_go.wait();
                          return echo(request);
                        }};
  std::vector<RawClient> clients;
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back(running.server.port());
    REQUIRE(clients.back().send(kGet));
  }
  // Nobody is answered yet: 20 less 2 at work, 2 that are next, and 3 that wait.
  while (running.refused < 13) std::this_thread::yield();
  go_on.set_value();
  std::map<int, int> answers;
  for (RawClient& client : clients) {
    const test::Answer answer = client.receive();
    ++answers[answer.status];
    if (answer.status == 503) CHECK(answer.header("Retry-After") == "2");
  }
  CHECK(answers == std::map<int, int>{{200, 7}, {503, 13}});
  CHECK(begun == 7);
}

TEST_CASE("who waits longest makes room when all places are taken", "[web][http]") {
  web::HttpLimits limits;
  limits.connections = 3;
  RunningServer running{limits, echo};
  RawClient first{running.server.port()};
  REQUIRE(first.send(kGet));
  REQUIRE(first.receive().status == 200);  // and waits from here on
  RawClient second{running.server.port()};
  REQUIRE(second.send("GET / HT"));
  RawClient third{running.server.port()};
  RawClient fourth{running.server.port()};
  REQUIRE(fourth.send(kGet));
  CHECK(fourth.receive().status == 200);
  CHECK(first.is_closed());
  REQUIRE(second.send("TP/1.1\r\nHost: a\r\n\r\n"));
  CHECK(second.receive().status == 200);
}

TEST_CASE("events go to everybody who listens, and streams end with the server", "[web][http]") {
  web::HttpLimits limits;
  limits.event_streams = 3;
  limits.heartbeat = milliseconds{100};
  std::atomic<bool> is_allowed = true;
  RunningServer running{limits, [&](const Request& request) -> Response {
                          if (request.target.segments[0] != "events") return echo(request);
                          return {200,
                                  {{"Content-Type", "text/event-stream"}},
                                  web::EventStream{[&] { return is_allowed.load(); }}};
                        }};
  std::vector<RawClient> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(running.server.port());
    REQUIRE(clients.back().send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK_THAT(clients.back().read_through("\r\n\r\n"), contains_text("text/event-stream"));
    CHECK_THAT(clients.back().read_through("\n\n"), contains_text(": still here"));
  }
  CHECK(ask(running.server.port(), "GET /events").status == 503);
  running.server.publish("job", R"({"id":1})");
  for (RawClient& client : clients) {
    CHECK_THAT(client.read_through("event: job\ndata: {\"id\":1}\n\n"),
               contains_text("event: job"));
  }
  is_allowed = false;
  clients[0].read_through("never comes");  // returns, as the stream ends
  is_allowed = true;
  RawClient late{running.server.port()};
  REQUIRE(late.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n"));
  CHECK_THAT(late.read_through("still here"), contains_text("200 OK"));
  running.server.stop();
  running.server.stop();
  late.read_through("never comes");
  CHECK_THROWS_AS(RawClient{running.server.port()}, base::Error);
}

TEST_CASE("an answer under way is given before the server ends", "[web][http]") {
  std::promise<void> begun;
  std::promise<void> go_on;
  RunningServer running{{}, [&](const Request& request) {
                          begun.set_value();
                          go_on.get_future().wait();
                          return echo(request);
                        }};
  RawClient client{running.server.port()};
  RawClient idle{running.server.port()};
  REQUIRE(client.send(kGet));
  begun.get_future().wait();
  auto stopped = std::async(std::launch::async, [&] { running.server.stop(); });
  CHECK(idle.is_closed());
  go_on.set_value();
  const test::Answer answer = client.receive();
  CHECK(answer.status == 200);
  CHECK(answer.header("Connection") == "close");
  stopped.wait();
}

TEST_CASE("TLS, and another certificate without a restart", "[web][http][tls]") {
  base::SystemClock clock;
  web::HttpSettings settings;
  settings.certificate = test::make_certificate(0x1111);
  web::HttpServer server{
      std::move(settings),
      [](const Request& request) { return web::text_answer(request.is_tls ? "secret" : "open"); },
      web::refusal_answer, clock};
  RawClient before{server.port(), RawClient::Security::tls};
  REQUIRE(before.send(kGet));
  CHECK(before.receive().body == "secret");
  CHECK(before.server_serial() == "1111");

  web::Certificate wrong = test::make_certificate(0x2222);
  wrong.private_key_pem = test::make_certificate(0x3333).private_key_pem;
  CHECK_THROWS_WITH(server.replace_certificate(wrong), contains_text("private key"));
  CHECK_THROWS_WITH(server.replace_certificate({"no certificate", base::Secret{"no key"}}),
                    contains_text("certificate"));
  server.replace_certificate(test::make_certificate(0x2222));
  RawClient after{server.port(), RawClient::Security::tls};
  CHECK(after.server_serial() == "2222");
  REQUIRE(after.send(kGet));
  CHECK(after.receive().body == "secret");
  REQUIRE(before.send(kGet));
  CHECK(before.receive().body == "secret");

  RawClient plain{server.port()};
  REQUIRE(plain.send(kGet));
  CHECK(plain.receive().status == 0);

  RunningServer open{{}, echo};
  CHECK_THROWS_WITH(open.server.replace_certificate(test::make_certificate(1)),
                    contains_text("without TLS"));
}
