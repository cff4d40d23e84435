#include "src/graph/tenant.h"

#include "src/base/base64.h"
#include "src/base/text.h"
#include "src/graph/rights_probe.h"
#include "tests/support/catch.h"
#include "tests/unit/graph/scripted_tenant.h"

using namespace std::chrono_literals;

TEST_CASE("settings that cannot be right are refused by name", "[graph][tenant]") {
  struct Row {
    const char* name;
    std::function<void(graph::TenantSettings&)> spoil;
    const char* words;
  };
  const Row row = GENERATE(values<Row>({
      {"login unencrypted", [](auto& s) { s.login_url = "http://login.example"; }, "login_url"},
      {"graph no URL", [](auto& s) { s.graph_url = "graph"; }, "graph_url"},
      {"import host with a path", [](auto& s) { s.import_hosts = {"a/b"}; }, "import_hosts"},
      {"no tenant", [](auto& s) { s.tenant_id = ""; }, "tenant_id"},
      {"no client", [](auto& s) { s.backup_app.client_id = ""; }, "backup app has no client_id"},
      {"restore app without credentials", [](auto& s) { s.restore_app->client_secret = {}; },
       "restore app has neither"},
      {"too many requests", [](auto& s) { s.requests_per_mailbox = 5; }, "requests_per_mailbox"},
      {"no requests", [](auto& s) { s.requests_per_mailbox = 0; }, "requests_per_mailbox"},
  }));
  CAPTURE(row.name);
  test::ScriptedTransport transport;
  test::VirtualClock clock;
  auto settings = test::scripted_settings();
  row.spoil(settings);
  const auto [kind, words] = test::error_of([&] {
    graph::Tenant{std::move(settings), transport, clock};
  });
  CHECK(kind == base::ErrorKind::usage);
  CHECK_THAT(words, test::contains_text(row.words));
}

TEST_CASE("a sign-in probe tells roles, lifetime and the clock's difference", "[graph][tenant]") {
  test::ScriptedTenant it;
  const std::string claims = base::base64url_encode(
      base::as_bytes(std::string_view{R"({"roles":["User.Read.All","MailboxItem.Read.All"]})"}));
  it.transport.set_token_script([&](const test::SentRequest&) -> test::ScriptedAnswer {
    return {.body = base::text(R"({"expires_in":3599,"access_token":"e30.)", claims, R"(.c2ln"})"),
            .headers = {{"Date", "Tue, 31 Mar 2026 23:35:00 GMT"}}};
  });
  const auto report = it.tenant.probe_sign_in(graph::App::restore, {});
  CHECK(report.succeeded);
  CHECK(report.roles == std::vector<std::string>{"User.Read.All", "MailboxItem.Read.All"});
  CHECK(report.lifetime == 3599s);
  REQUIRE(report.clock_skew);
  CHECK(*report.clock_skew == *base::parse_rfc3339("2026-03-31T23:35:00Z") - it.clock.now());
  CHECK_FALSE(report.certificate_ends);
}

TEST_CASE("a sign-in probe that fails says why", "[graph][tenant]") {
  test::ScriptedTenant it;
  it.transport.set_token_script([](const test::SentRequest&) -> test::ScriptedAnswer {
    return {.status = 401, .body = R"({"error":"invalid_client","error_codes":[7000215]})"};
  });
  const auto report = it.tenant.probe_sign_in(graph::App::backup, {});
  CHECK_FALSE(report.succeeded);
  CHECK_THAT(report.problem, test::contains_text("client secret is wrong"));
}

TEST_CASE("a sign-in probe does not keep people waiting for a service that is away",
          "[graph][tenant]") {
  test::ScriptedTenant it;
  const bool answers = GENERATE(false, true);
  it.transport.set_token_script([&](const test::SentRequest&) -> test::ScriptedAnswer {
    if (answers) return {.status = 503};
    return {.status = 0, .failure = http::TransferFailure::not_sent};
  });
  const auto report = it.tenant.probe_sign_in(graph::App::backup, {});
  CHECK_FALSE(report.succeeded);
  CHECK_FALSE(report.refused);
  CHECK(it.transport.token_requests().size() <= (answers ? 2U : 1U));
  CHECK(it.clock.slept() <= 3s);
}

TEST_CASE("tokens that are no readable JWT have no roles to show", "[graph][tenant][security]") {
  const auto* const token = GENERATE("", "opaque", "a.b", "a.!!!.c", "a..c", "e30.e30.e30",
                                     "e30.W10.e30", "e30.eyJyb2xlcyI6NX0.e30");
  CAPTURE(token);
  CHECK(graph::roles_in_token(token).empty());
}

TEST_CASE("each right is told as granted, missing or unknown", "[graph][tenant]") {
  test::ScriptedTenant it;
  it.transport.set_script([](const test::SentRequest& request) -> test::ScriptedAnswer {
    const auto about = [&](std::string_view part) {
      return request.url.find(part) != std::string::npos;
    };
    if (about("exportItems")) return test::refusal(403, "ErrorAccessDenied");
    if (about("/groups/")) return test::refusal(404, "Request_ResourceNotFound");
    if (about("userPurpose")) return {.status = 503};
    return {.body = R"({"value":[]})"};
  });
  graph::User owner;
  owner.id = "u";
  const auto rights = it.tenant.probe_rights(graph::App::backup, it.mailbox, owner, {});
  using State = graph::RightReport::State;
  std::vector<std::pair<std::string, State>> told;
  for (const auto& right : rights) told.emplace_back(right.permission, right.state);
  CHECK(told ==
        std::vector<std::pair<std::string, State>>{{"User.Read.All", State::granted},
                                                   {"GroupMember.Read.All", State::granted},
                                                   {"MailboxSettings.Read", State::unknown},
                                                   {"MailboxFolder.Read.All", State::granted},
                                                   {"MailboxItem.Read.All", State::granted},
                                                   {"MailboxItem.Export.All", State::missing}});
  CHECK(it.tenant.probe_rights(graph::App::restore, it.mailbox, owner, {}).size() == 2);
}

TEST_CASE("nothing is sent to a host that the settings do not name", "[graph][tenant][security]") {
  test::ScriptedTenant it;
  it.transport.answer({.body = R"({"value":[],"@odata.nextLink":"https://evil.example/users"})"});
  CHECK(test::error_of([&] { it.tenant.directory().users([](graph::User) {}, {}); }).first ==
        base::ErrorKind::protocol);
  CHECK(it.transport.requests().size() == 1);
}
