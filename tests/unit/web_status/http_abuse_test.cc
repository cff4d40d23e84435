// What hostile clients can do: nothing that others notice. The figures of a long run are those of
// tests/e2e/campaigns/http_abuse.py.
#include "src/base/text.h"
#include "tests/support/catch.h"
#include "tests/unit/web_status/raw_client.h"
#include "tests/unit/web_status/running_server.h"

#include <string>
#include <vector>

namespace {

using test::ask;
using test::RawClient;
using test::RunningServer;
using web::Request;
using web::Response;

// The promise for the whole server; the clients of this process are counted along.
constexpr std::size_t kMostGrowthBytes = 100 * 1024 * 1024;

Response answer(const Request& request) {
  const std::string& what = request.target.segments[0];
  if (what == "events") return {200, {}, web::EventStream{}};
  if (what == "large") return web::text_answer(std::string(1'000'000, 'x'));
  return web::text_answer("good");
}

bool answers_well(RunningServer& running) {
  return ask(running.server.port(), "GET /").body == "good";
}

class Growth {
 public:
  Growth() { test::allow_many_descriptors(); }
  [[nodiscard]] bool is_bounded() const {
    const std::size_t now = test::resident_bytes();
    CAPTURE(before_, now);
    return now < before_ + kMostGrowthBytes;
  }

 private:
  std::size_t before_ = test::resident_bytes();
};

}  // namespace

TEST_CASE("an endless header ends soon", "[web][abuse]") {
  RunningServer running{{}, answer};
  const Growth growth;
  const std::string piece = GENERATE(as<std::string>{}, "aaaaaaaaaaaaaaaa", "A: b\r\n");
  RawClient client{running.server.port()};
  REQUIRE(client.send("GET / HTTP/1.1\r\nHost: a\r\nA: "));
  std::string much;
  while (much.size() < 65'536) much += piece;
  std::size_t sent_bytes = 0;
  constexpr std::size_t kEnoughBytes = 64 * 1024 * 1024;
  while (sent_bytes < kEnoughBytes && client.send(much)) sent_bytes += much.size();
  CHECK(sent_bytes < kEnoughBytes);
  CHECK(answers_well(running));
  CHECK(growth.is_bounded());
}

TEST_CASE("half-open requests keep nobody else waiting", "[web][abuse]") {
  RunningServer running{{}, answer};
  const Growth growth;
  const std::string begun =
      GENERATE(as<std::string>{}, "", "GET / HTTP/1.1\r\nHost: a\r\n",
               "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\nbody");
  std::vector<RawClient> clients;
  for (int i = 0; i < 500; ++i) {
    clients.emplace_back(running.server.port());
    clients.back().send(begun);
    if (i % 100 == 0) CHECK(answers_well(running));
  }
  CHECK(answers_well(running));
  CHECK(growth.is_bounded());
}

TEST_CASE("more connections than there are places keep nobody else out", "[web][abuse]") {
  web::HttpLimits limits;
  limits.connections = 200;
  RunningServer running{limits, answer};
  std::vector<RawClient> clients;
  for (int i = 0; i < 1'000; ++i) {
    clients.emplace_back(running.server.port());
    clients.back().send("GET / HT");
    if (i % 100 == 99) CHECK(answers_well(running));
  }
}

TEST_CASE("a thousand listeners get every event", "[web][abuse]") {
  RunningServer running{{}, answer};
  const Growth growth;
  std::vector<RawClient> clients;
  for (int i = 0; i < 1'000; ++i) {
    clients.emplace_back(running.server.port());
    REQUIRE(clients.back().send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n"));
  }
  for (RawClient& client : clients) REQUIRE(client.read_through("\r\n\r\n").ends_with("\r\n\r\n"));
  for (int event = 0; event < 10; ++event) running.server.publish("job", base::text(event));
  int whole = 0;
  for (RawClient& client : clients) {
    std::string got;
    for (int event = 0; event < 10; ++event) got += client.read_through("\n\n");
    std::string expected;
    for (int event = 0; event < 10; ++event) {
      expected += base::text("event: job\ndata: ", event, "\n\n");
    }
    if (got == expected) ++whole;
  }
  CHECK(whole == 1'000);
  CHECK(answers_well(running));
  CHECK(growth.is_bounded());
}

TEST_CASE("a listener who does not read is dropped, the others are not", "[web][abuse]") {
  web::HttpLimits limits;
  limits.event_backlog_bytes = 100'000;
  RunningServer running{limits, answer};
  const Growth growth;
  std::vector<RawClient> slow;
  for (int i = 0; i < 50; ++i) {
    slow.emplace_back(running.server.port());
    REQUIRE(slow.back().send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n"));
    REQUIRE(slow.back().read_through("\r\n\r\n").ends_with("\r\n\r\n"));
  }
  RawClient good{running.server.port()};
  REQUIRE(good.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n"));
  good.read_through("\r\n\r\n");
  const std::string event(10'000, 'x');
  for (int i = 0; i < 1'000; ++i) {
    running.server.publish("job", event);
    REQUIRE(good.read_through("\n\n").size() > event.size());
  }
  int dropped = 0;
  for (RawClient& client : slow) {
    // What the kernel holds comes first, then the end.
    if (client.read_through("never comes").size() < 1'000 * event.size()) ++dropped;
  }
  CHECK(dropped == 50);
  CHECK(answers_well(running));
  CHECK(growth.is_bounded());
}

TEST_CASE("large answers that nobody reads do not fill the memory", "[web][abuse]") {
  RunningServer running{{}, answer};
  const Growth growth;
  std::vector<RawClient> clients;
  for (int i = 0; i < 500; ++i) {
    clients.emplace_back(running.server.port());
    clients.back().shrink_receive_buffer();
    clients.back().send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  for (int i = 0; i < 10; ++i) CHECK(answers_well(running));
  CHECK(growth.is_bounded());
}

TEST_CASE("bodies that never end keep nobody else from sending one", "[web][abuse]") {
  web::HttpLimits limits;
  limits.bodies_bytes = 1024 * 1024;
  RunningServer running{limits, answer};
  std::vector<RawClient> clients;
  for (int i = 0; i < 100; ++i) {
    clients.emplace_back(running.server.port());
    clients.back().send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\nbegun");
  }
  CHECK(ask(running.server.port(), "POST /", "", std::string(60'000, 'x')).body == "good");
}
