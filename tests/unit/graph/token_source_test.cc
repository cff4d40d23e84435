#include "src/graph/token_source.h"

#include "src/base/text.h"
#include "tests/support/catch.h"
#include "tests/unit/graph/scripted_tenant.h"

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

struct Source {
  test::ScriptedTransport transport{};
  test::VirtualClock clock{};
  http::Jitter jitter{1};
  graph::TokenSource tokens{
      {graph::App::backup, "https://login.example/", "contoso.com", "scope/.default"},
      credentials(),
      transport,
      clock,
      jitter};

  static graph::AppCredentials credentials() {
    graph::AppCredentials result;
    result.client_id = "id";
    result.client_secret = base::Secret{std::string_view{"s&cret="}};
    return result;
  }
};

test::ScriptedAnswer sign_in_refused(int code, const char* error, int status = 400) {
  return {.status = status,
          .body = base::text(R"({"error":")", error, R"(","error_description":"AADSTS)", code,
                             R"(: words","error_codes":[)", code, "]}")};
}

}  // namespace

TEST_CASE("a token is asked for once and kept until five minutes before its end",
          "[graph][sign-in]") {
  Source source;
  CHECK(source.tokens.token({})->text.text() == "token-1");
  CHECK(source.tokens.token({})->text.text() == "token-1");
  source.clock.advance(3599s - 5min - 1s);
  CHECK(source.tokens.token({})->text.text() == "token-1");
  source.clock.advance(1s);
  CHECK(source.tokens.token({})->text.text() == "token-2");

  const auto request = source.transport.token_requests().front();
  CHECK(request.method == "POST");
  CHECK(request.url == "https://login.example/contoso.com/oauth2/v2.0/token");
  CHECK(request.header("Content-Type") == "application/x-www-form-urlencoded");
  CHECK(request.body ==
        "grant_type=client_credentials&client_id=id&scope=scope%2F.default&client_secret=s%26cret%"
        "3D");
}

TEST_CASE("a refused token is replaced once, however many noticed", "[graph][sign-in]") {
  Source source;
  const auto first = source.tokens.token({});
  source.tokens.refuse(first);
  const auto second = source.tokens.token({});
  CHECK(second->text.text() == "token-2");
  source.tokens.refuse(first);  // a late answer to the first
  CHECK(source.tokens.token({})->text.text() == "token-2");
}

TEST_CASE("callers that need a token at once share one request", "[graph][sign-in]") {
  Source source;
  std::latch all{8};
  std::atomic<int> same{0};
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 8; ++i) {
      callers.emplace_back([&] {
        all.arrive_and_wait();
        if (source.tokens.token({})->text.text() == "token-1") ++same;
      });
    }
  }
  CHECK(same == 8);
  CHECK(source.transport.token_requests().size() == 1);
}

TEST_CASE("a busy login service is asked again, with growing waits", "[graph][sign-in]") {
  Source source;
  int asked = 0;
  source.transport.set_token_script([&](const test::SentRequest&) -> test::ScriptedAnswer {
    if (++asked < 4) return sign_in_refused(90033, "temporarily_unavailable");
    return {.body = R"({"expires_in":60,"access_token":"late"})"};
  });
  CHECK(source.tokens.token({})->text.text() == "late");
  CHECK(source.clock.slept() >= 7s);
  CHECK(source.clock.slept() <= 14s);
}

TEST_CASE("an assertion outside its time range gets one more try", "[graph][sign-in]") {
  Source source;
  source.transport.set_token_script(
      [](const test::SentRequest&) { return sign_in_refused(50013, "invalid_grant"); });
  const auto [kind, words] = test::error_of([&] { source.tokens.token({}); });
  CHECK(kind == base::ErrorKind::denied);
  CHECK_THAT(words, test::contains_text("clock"));
  CHECK(source.transport.token_requests().size() == 2);
}

TEST_CASE("failures to sign in are told by kind", "[graph][sign-in]") {
  struct Row {
    const char* name;
    test::ScriptedAnswer answer;
    base::ErrorKind kind;
    const char* words;
  };
  using http::TransferFailure;
  const Row row = GENERATE(values<Row>({
      {"wrong secret", sign_in_refused(7000215, "invalid_client", 401), base::ErrorKind::denied,
       "the backup app cannot sign in: the client secret is wrong"},
      {"unreachable",
       {.failure = TransferFailure::not_sent},
       base::ErrorKind::unavailable,
       "cannot be reached"},
      {"untrusted",
       {.failure = TransferFailure::untrusted},
       base::ErrorKind::failed,
       "cannot be reached"},
      {"no JSON", {.body = "hello"}, base::ErrorKind::protocol, "JSON"},
      {"no token", {.body = "{}"}, base::ErrorKind::protocol, "access_token"},
      {"redirect",
       {.status = 307, .headers = {{"Location", "https://evil.example/token"}}},
       base::ErrorKind::denied,
       "a redirect (307) to https://evil.example"},
      {"down", {.status = 503}, base::ErrorKind::unavailable, "503"},
  }));
  CAPTURE(row.name);
  Source source;
  source.transport.set_token_script([&](const test::SentRequest&) { return row.answer; });
  const auto [kind, words] = test::error_of([&] { source.tokens.token({}); });
  CHECK(kind == row.kind);
  CHECK_THAT(words, test::contains_text(row.words));
  CHECK_THAT(words, !test::contains_text("s&cret"));
}

TEST_CASE("credentials that cannot work are refused at once", "[graph][sign-in]") {
  test::ScriptedTransport transport;
  test::VirtualClock clock;
  http::Jitter jitter{1};
  const auto make = [&](graph::AppCredentials credentials) {
    return test::error_of([&] {
      graph::TokenSource{{}, std::move(credentials), transport, clock, jitter};
    });
  };
  CHECK(make({}).first == base::ErrorKind::usage);
  graph::AppCredentials no_secret;
  no_secret.client_id = "id";
  CHECK_THAT(make(std::move(no_secret)).second, test::contains_text("neither a client secret nor"));
  graph::AppCredentials no_key;
  no_key.client_id = "id";
  no_key.certificate_pem = "x";
  CHECK_THAT(make(std::move(no_key)).second, test::contains_text("without a private key"));
}
