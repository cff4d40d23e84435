#include "src/graph/api_client.h"

#include "tests/support/catch.h"
#include "tests/unit/graph/scripted_tenant.h"

#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

struct Client {
  test::ScriptedTransport transport{};
  test::VirtualClock clock{};
  http::Jitter jitter{1};
  http::BudgetGate gate{clock, {}};
  graph::Counters counters{};
  std::vector<std::pair<graph::Operation, int>> told{};
  graph::Wiring wiring{
      transport, clock, gate, jitter, counters, [this](graph::Operation operation, int status) {
        told.emplace_back(operation, status);
      }};
  graph::TokenSource tokens{{graph::App::backup, "https://login.example", "t", "s"},
                            credentials(),
                            transport,
                            clock,
                            jitter};
  graph::ApiClient client{"https://graph.example/v1.0", tokens, wiring};

  static graph::AppCredentials credentials() {
    graph::AppCredentials result;
    result.client_id = "id";
    result.client_secret = base::Secret{std::string_view{"secret"}};
    return result;
  }
  graph::Call call(std::string path = "/x") const {
    return {.operation = graph::Operation::list_folders, .budget = "m", .url = client.url(path)};
  }
};

class CountingSink final : public http::BodySink {
 public:
  void on_head(const http::ResponseHead&) override { ++heads; }
  void on_body(base::ByteView piece) override { text += base::as_text(piece); }
  int heads = 0;
  std::string text;
};

}  // namespace

TEST_CASE("a call carries the token and names itself", "[graph][api]") {
  Client it;
  it.transport.answer({.body = R"({"a":1})"});
  const auto answer = it.client.ask(it.call(), {});
  CHECK(answer.document["a"].integer() == 1);
  const auto sent = it.transport.requests().front();
  CHECK(sent.url == "https://graph.example/v1.0/x");
  CHECK(sent.header("Authorization") == "Bearer token-1");
  CHECK(sent.header("Accept") == "application/json");
  CHECK(sent.header("client-request-id").size() == 36);
  CHECK(sent.header("Content-Type").empty());
}

TEST_CASE("a token that is refused is renewed, but not for ever", "[graph][api]") {
  Client it;
  it.transport.answer(test::refusal(401, "InvalidAuthenticationToken"));
  SECTION("and the new one works") {
    it.transport.answer({.body = "{}"});
    CHECK(it.client.ask(it.call(), {}).succeeded());
    CHECK(it.transport.requests().back().header("Authorization") == "Bearer token-2");
  }
  SECTION("and the new ones do not") {
    it.transport.set_script(
        [](const test::SentRequest&) { return test::refusal(401, "InvalidAuthenticationToken"); });
    CHECK(test::error_of([&] { it.client.ask(it.call(), {}); }).first == base::ErrorKind::denied);
    CHECK(it.transport.requests().size() == 3);
  }
}

TEST_CASE("every request that is sent is told with its status", "[graph][api]") {
  Client it;
  it.transport.answer(test::refusal(429, "ApplicationThrottled"));
  it.transport.answer({.failure = http::TransferFailure::interrupted});
  it.transport.answer({.body = "{}"});
  CHECK(it.client.ask(it.call(), {}).succeeded());
  using Told = std::vector<std::pair<graph::Operation, int>>;
  const auto operation = graph::Operation::list_folders;
  CHECK(it.told == Told{{operation, 429}, {operation, 0}, {operation, 200}});
  CHECK(it.counters.requests == it.told.size());
}

TEST_CASE("a refusal names the missing right", "[graph][api]") {
  Client it;
  it.transport.answer(test::refusal(403, "ErrorAccessDenied", "Access is denied."));
  const auto [kind, words] = test::error_of([&] { it.client.ask(it.call(), {}); });
  CHECK(kind == base::ErrorKind::denied);
  CHECK_THAT(words, test::contains_text("MailboxFolder.Read.All"));
  CHECK_THAT(words, test::contains_text("listing folders"));
  CHECK_THAT(words, test::contains_text("Access is denied."));
}

TEST_CASE("throttling holds the whole mailbox as long as the service says", "[graph][api]") {
  Client it;
  it.transport.answer(test::refusal(429, "ApplicationThrottled", "words", {{"Retry-After", "17"}}));
  it.transport.answer({.status = 503});
  it.transport.answer({.body = "{}"});
  CHECK(it.client.ask(it.call(), {}).succeeded());
  CHECK(it.clock.slept() >= 17s + 2s);
  CHECK(it.clock.slept() <= 17s + 4s);
  CHECK(it.gate.time_lost("m") == it.clock.slept());
  CHECK(it.counters.throttled == 2);
  CHECK(it.counters.retried == 2);
  CHECK(it.counters.requests == 3);
}

TEST_CASE("complaints about concurrency narrow the mailbox", "[graph][api]") {
  Client it;
  it.transport.answer(test::refusal(429, "ApplicationThrottled",
                                    "Application is over its MailboxConcurrency limit."));
  it.transport.answer({.body = "{}"});
  it.client.ask(it.call(), {});
  CHECK(it.gate.width("m") == 2);
}

TEST_CASE("what may heal is asked for again, and then given up with its kind", "[graph][api]") {
  struct Row {
    const char* name;
    test::ScriptedAnswer bad;
    std::size_t attempts;
    base::ErrorKind kind;
  };
  using http::TransferFailure;
  const Row row = GENERATE(values<Row>({
      {"500", {.status = 500}, 6, base::ErrorKind::unavailable},
      {"502 with HTML", {.status = 502, .body = "<html>"}, 6, base::ErrorKind::unavailable},
      {"503", {.status = 503}, 12, base::ErrorKind::unavailable},
      {"lost", {.failure = TransferFailure::interrupted}, 6, base::ErrorKind::unavailable},
      {"lost midway",
       {.body = "{", .failure = TransferFailure::interrupted},
       6,
       base::ErrorKind::unavailable},
      {"nobody there", {.failure = TransferFailure::not_sent}, 6, base::ErrorKind::unavailable},
      {"cut JSON", {.body = R"({"value":[)"}, 6, base::ErrorKind::protocol},
      {"cut before its first byte", {.body = ""}, 6, base::ErrorKind::protocol},
      {"payload read error", test::refusal(400, "x", "IO error during request payload read"), 6,
       base::ErrorKind::unavailable},
      {"untrusted", {.failure = TransferFailure::untrusted}, 1, base::ErrorKind::failed},
      {"redirect",
       {.status = 308, .headers = {{"Location", "https://evil.example/"}}},
       1,
       base::ErrorKind::protocol},
  }));
  CAPTURE(row.name);
  SECTION("it heals") {
    if (row.attempts == 1) return;
    Client it;
    it.transport.answer(row.bad);
    it.transport.answer({.body = "{}"});
    CHECK(it.client.ask(it.call(), {}).succeeded());
  }
  SECTION("it does not") {
    Client it;
    it.transport.set_script([&](const test::SentRequest&) { return row.bad; });
    const auto [kind, words] = test::error_of([&] { it.client.ask(it.call(), {}); });
    CHECK(kind == row.kind);
    CHECK(it.transport.requests().size() == row.attempts);
  }
}

TEST_CASE("a redirect is not followed, and told with its host", "[graph][api][security]") {
  struct Row {
    const char* location;
    const char* told;
  };
  const Row row = GENERATE(values<Row>({
      {"https://evil.example:444/v1.0/users?token=x", "(307) to https://evil.example:444, which"},
      {"https://graph.microsoft.com@evil.example/", "(307) to no usable URL (evil.example), which"},
      {"/elsewhere", "(307) to no usable URL (), which"},
  }));
  Client it;
  it.transport.answer({.status = 307, .headers = {{"Location", row.location}}});
  const auto [kind, words] = test::error_of([&] { it.client.ask(it.call(), {}); });
  CHECK(kind == base::ErrorKind::protocol);
  CHECK_THAT(words, test::contains_text(row.told));
  CHECK(it.transport.requests().size() == 1);
}

TEST_CASE("refusals about the thing asked for are answers", "[graph][api]") {
  const int status = GENERATE(400, 404, 405, 409, 410, 412, 413, 501, 507);
  Client it;
  it.transport.answer(test::refusal(status, "SomeCode"));
  const auto answer = it.client.ask(it.call(), {});
  CHECK(answer.status() == status);
  CHECK_FALSE(answer.succeeded());
  CHECK(answer.error.code == "SomeCode");
}

TEST_CASE("a link to another host is never followed", "[graph][api][security]") {
  Client it;
  const auto* const link =
      GENERATE("https://evil.example/v1.0/x", "https://login.example/x", "http://graph.example/x",
               "https://graph.example:444/x", "https://graph.example@evil.example/", "/x", "");
  CAPTURE(link);
  CHECK_FALSE(it.client.is_own(link));
  const auto [kind, words] = test::error_of([&] {
    it.client.ask({.operation = graph::Operation::list_folders, .budget = "m", .url = link}, {});
  });
  CHECK(kind == base::ErrorKind::protocol);
  CHECK(it.transport.requests().empty());
  CHECK(it.transport.token_requests().empty());
}

TEST_CASE("a stream is given to its sink once; refusals are not", "[graph][api]") {
  Client it;
  CountingSink sink;
  it.transport.answer(test::refusal(429, "ApplicationThrottled"));
  it.transport.answer({.failure = http::TransferFailure::not_sent});
  it.transport.answer(test::refusal(401, "InvalidAuthenticationToken"));
  SECTION("whole") {
    it.transport.answer({.body = "stream"});
    CHECK(it.client.stream(it.call(), sink, {}).succeeded());
    CHECK(sink.heads == 1);
    CHECK(sink.text == "stream");
  }
  SECTION("broken off") {
    it.transport.answer({.body = "str", .failure = http::TransferFailure::interrupted});
    const auto outcome = it.client.stream(it.call(), sink, {});
    CHECK_FALSE(outcome.succeeded());
    CHECK(sink.text == "str");
  }
  SECTION("refused") {
    it.transport.answer(test::refusal(500, "ErrorCorruptData"));
    const auto outcome = it.client.stream(it.call(), sink, {});
    CHECK_FALSE(outcome.succeeded());
    CHECK(outcome.error.code == "ErrorCorruptData");
    CHECK(sink.heads == 0);
  }
  CHECK(it.transport.requests().size() == 4);
}

TEST_CASE("a request to stop ends the waiting", "[graph][api]") {
  Client it;
  std::stop_source stop;
  it.transport.set_script([&](const test::SentRequest&) -> test::ScriptedAnswer {
    stop.request_stop();
    return {.status = 500};
  });
  CHECK(test::error_of([&] { it.client.ask(it.call(), stop.get_token()); }).first ==
        base::ErrorKind::cancelled);
  CHECK(it.transport.requests().size() == 1);
}
