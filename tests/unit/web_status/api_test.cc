// Routes, roles and checks, without sockets.
#include "web-status/api.h"

#include "src/base/base64.h"
#include "src/base/text.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/virtual_clock.h"
#include "tests/unit/web_status/fake_appliance.h"
#include "web-status/request_head.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <variant>

namespace {

using test::contains_text;
using web::Headers;
using web::Response;
using web::Role;

const std::string kPassword = "correct horse battery";

std::string body_of(const Response& response) {
  if (const auto* fixed = std::get_if<web::StaticText>(&response.body)) {
    return std::string{fixed->text};
  }
  return std::get<std::string>(response.body);
}

std::string header_of(const Response& response, std::string_view name) {
  const auto found = std::ranges::find(response.headers, name, &Headers::value_type::first);
  return found == response.headers.end() ? "" : found->second;
}

std::string basic(const std::string& name, const std::string& password = kPassword) {
  return "Basic " + base::base64_encode(base::as_bytes(name + ":" + password));
}

struct Site {
  explicit Site(const std::string& address = "127.0.0.1")
      : access(accounts, sessions, appliance, clock, address) {}

  Response ask(const std::string& method, const std::string& target, Headers headers = {},
               const std::string& body = "") {
    web::Request request;
    request.method = method;
    request.target = web::parse_target(target, "localhost").value();
    const auto has = [&](std::string_view name) {
      return std::ranges::find(headers, name, &Headers::value_type::first) != headers.end();
    };
    if (!has("host")) headers.emplace_back("host", "localhost:8440");
    if (!body.empty() && !has("content-type"))
      headers.emplace_back("content-type", "application/json");
    request.headers = std::move(headers);
    request.body = body;
    request.peer = peer;
    request.is_tls = is_tls;
    return api.answer(request);
  }
  int status(const std::string& method, const std::string& target, Headers headers = {},
             const std::string& body = "") {
    return ask(method, target, std::move(headers), body).status;
  }
  // The cookie and the token of a login.
  Headers log_in(const std::string& name) {
    const Response response =
        ask("POST", "/api/v1/session", {},
            base::text(R"({"account":")", name, R"(","password":")", kPassword, "\"}"));
    REQUIRE(response.status == 200);
    const std::string cookie = header_of(response, "Set-Cookie");
    const std::string body = body_of(response);
    const std::size_t token = body.find(R"("csrf_token":")") + 14;
    return {{"cookie", cookie.substr(0, cookie.find(';'))},
            {"x-csrf-token", body.substr(token, 43)}};
  }

  std::string peer = "127.0.0.1";
  bool is_tls = false;
  test::TemporaryDirectory directory;
  test::VirtualClock clock;
  test::FakeAppliance appliance;
  web::Accounts accounts{directory / "accounts", clock};
  web::Sessions sessions{clock};
  web::Access access;
  web::Pages pages{std::vector<web::EmbeddedFile>{
      {"index.html", "<!doctype html>"}, {"views/a.js", "// a"}, {"notes.txt", "no page"}}};
  web::Api api{appliance, accounts, access, pages};
};

}  // namespace

TEST_CASE("each route asks for its role", "[web][api]") {
  struct Row {
    std::string method, path, body;
    int viewer, operate, admin;
  };
  static const std::vector<Row> kRows{
      {"GET", "status", "", 200, 200, 200},
      {"HEAD", "status", "", 200, 200, 200},
      {"GET", "mailboxes", "", 200, 200, 200},
      {"GET", "mailboxes/a@b", "", 200, 200, 200},
      {"GET", "snapshots", "", 200, 200, 200},
      {"GET", "items?mailbox=a", "", 200, 200, 200},
      {"GET", "jobs", "", 200, 200, 200},
      {"GET", "jobs/1", "", 200, 200, 200},
      {"GET", "jobs/1/records", "", 200, 200, 200},
      {"GET", "jobs/1/report", "", 200, 200, 200},
      {"GET", "schedule", "", 200, 200, 200},
      {"GET", "storage", "", 200, 200, 200},
      {"GET", "retention?policy=a&keep_last=3", "", 200, 200, 200},
      {"GET", "alerts", "", 200, 200, 200},
      {"GET", "audit?since=2026-01-01", "", 200, 200, 200},
      {"GET", "holds", "", 200, 200, 200},
      {"GET", "settings", "", 200, 200, 200},
      {"GET", "events", "", 200, 200, 200},
      {"POST", "jobs", R"({"command":"backup"})", 403, 202, 202},
      {"POST", "jobs", R"({"command":"restore"})", 403, 202, 202},
      {"POST", "jobs", R"({"command":"check"})", 403, 202, 202},
      {"POST", "jobs", R"({"command":"drill"})", 403, 202, 202},
      {"POST", "jobs", R"({"command":"prune"})", 403, 403, 202},
      {"POST", "jobs", R"({"command":"forget"})", 403, 403, 202},
      {"POST", "jobs", R"({"command":"unheard of"})", 403, 403, 202},
      {"POST", "jobs/1/cancel", "", 403, 200, 200},
      {"POST", "holds", R"({"subject":"a","reason":"b"})", 403, 403, 201},
      {"DELETE", "holds/1", R"({"reason":"b"})", 403, 403, 204},
      {"POST", "alerts/test", "", 403, 403, 200},
      {"GET", "accounts", "", 403, 403, 200},
      {"POST", "accounts", R"({"name":"x","role":"viewer","password":"short"})", 403, 403, 400},
      {"DELETE", "accounts/nobody", "", 403, 403, 404},
      {"PUT", "accounts/nobody/password", R"({"password":"correct horse battery"})", 403, 403, 404},
  };
  Site site;
  site.accounts.add("root", Role::admin, kPassword);
  site.accounts.add("olga", Role::operate, kPassword);
  site.accounts.add("vera", Role::viewer, kPassword);
  for (const Row& row : kRows) {
    CAPTURE(row.method, row.path, row.body);
    const auto status = [&](Headers headers) {
      return site.status(row.method, "/api/v1/" + row.path, std::move(headers), row.body);
    };
    CHECK(status({}) == 401);
    CHECK(status({{"authorization", basic("vera")}}) == row.viewer);
    CHECK(status({{"authorization", basic("olga")}}) == row.operate);
    CHECK(status({{"authorization", basic("root")}}) == row.admin);
  }
  // All routes but those of the session itself have a row.
  for (const web::Route& route : web::all_routes()) {
    CAPTURE(route.method, route.path);
    const bool is_there = std::ranges::any_of(kRows, [&](const Row& row) {
      const auto target = web::parse_target("/" + row.path, "").value();
      return web::find_route(row.method, target.segments).route == &route;
    });
    CHECK(is_there == (route.path != "session"));
  }
}

TEST_CASE("queries reach the appliance as they were meant", "[web][api]") {
  Site site;
  const auto about = [&](const std::string& target) {
    const std::string body = body_of(site.ask("GET", "/api/v1/" + target));
    const std::size_t start = body.find(R"("about":")") + 9;
    return body.substr(start, body.find('"', start) - start);
  };
  CHECK(about("mailboxes?search=a%20b&state=at_risk&policy=p&limit=7&after=x") ==
        "a b|at_risk|p limit=7 after=x");
  CHECK(about("mailboxes/a%2Fb%40c") == "a/b@c");
  CHECK(about("items?mailbox=m&at=t&folder=f") == "m|t|f||||| limit=100 after=");
  CHECK(about("items?mailbox=m&subject=s&from=f&after_date=a&before_date=b&type=t&after=c") ==
        "m|latest||s|f|a|b|t limit=100 after=c");
  CHECK(about("jobs?state=ended&command=backup") == "ended|backup limit=100 after=");
  CHECK(about("jobs/1/records?type=item") == "1|item limit=100 after=");
  CHECK(about("retention?policy=p&keep_last=3&keep_within=14d") ==
        R"(p: keep_last=3 keep_within=\)");
  const std::string list = body_of(site.ask("GET", "/api/v1/jobs"));
  CHECK_THAT(list, contains_text(R"({"jobs":[{)"));
  CHECK_THAT(list, contains_text(R"(}],"next":"next one","total":17})"));
}

TEST_CASE("what is wrong with a query is told by name", "[web][api]") {
  Site site;
  struct Row {
    std::string target, says;
  };
  const Row row = GENERATE(values<Row>({
      {"status?x=1", "x"},
      {"mailboxes?serach=a", R"(did you mean \"search\"?)"},
      {"mailboxes?limit=0", "1 to 1000"},
      {"mailboxes?limit=1001", "1 to 1000"},
      {"mailboxes?limit=ten", "1 to 1000"},
      {"mailboxes?limit=-1", "1 to 1000"},
      {"mailboxes?limit=", "1 to 1000"},
      {"mailboxes?limit=1&limit=2", "twice"},
      {"mailboxes?state=lost", "at_risk"},
      {"items", R"(\"mailbox\" is missing)"},
      {"items?mailbox=a&folder=f&subject=s", "folder"},
      {"jobs?state=lost", "queued"},
  }));
  CAPTURE(row.target);
  const Response response = site.ask("GET", "/api/v1/" + row.target);
  CHECK(response.status == 400);
  CHECK_THAT(body_of(response), contains_text(R"("kind":"usage")"));
  CHECK_THAT(body_of(response), contains_text(row.says));
}

TEST_CASE("bodies are flat objects of known members", "[web][api]") {
  Site site;
  struct Row {
    std::string path, body;
    int status;
  };
  const Row row = GENERATE(values<Row>({
      {"jobs", R"({"command":"backup","mailboxes":["a"],"full":true,"count":3,"policy":null})",
       202},
      {"jobs", "", 400},
      {"jobs", "{}", 400},
      {"jobs", "[]", 400},
      {"jobs", R"("backup")", 400},
      {"jobs", R"({"command":"backup"} {})", 400},
      {"jobs", R"({"command":"backup","command":"prune"})", 400},
      {"jobs", R"({"command":3})", 400},
      {"jobs", R"({"command":["backup"]})", 400},
      {"jobs", R"({"command":"backup","a":{"b":1}})", 400},
      {"jobs", R"({"command":"backup","a":[["b"]]})", 400},
      {"jobs", R"({"command":"backup","a":[1]})", 400},
      {"jobs", R"({"command":"backup","a":-1})", 400},
      {"jobs", R"({"command":"backup","a":1.5})", 400},
      {"jobs", R"({"command":"backup","a":18446744073709551616})", 400},
      {"jobs", "{\"command\":\"\xff\"}", 400},
      {"jobs", std::string(60'000, '['), 400},
      {"jobs/1/cancel", R"({"a":1})", 400},
      {"jobs/1/cancel", "{}", 200},
      {"holds", R"({"subject":"a","reason":"b","more":"c"})", 400},
      {"holds", R"({"subject":"a"})", 400},
      {"holds", R"({"subject":"a","reason":""})", 400},
  }));
  CAPTURE(row.path, row.body.substr(0, 100));
  CHECK(site.status("POST", "/api/v1/" + row.path, {}, row.body) == row.status);
  CHECK(site.status("POST", "/api/v1/" + row.path, {{"content-type", "text/plain"}}, "{}") == 415);
}

TEST_CASE("what is done is done in somebody's name", "[web][api]") {
  Site site;
  site.ask("POST", "/api/v1/jobs", {}, R"({"command":"backup","full":true})");
  site.accounts.add("root", Role::admin, kPassword);
  const Headers root{{"authorization", basic("root")}};
  site.ask("DELETE", "/api/v1/holds/7", root, R"({"reason":"over"})");
  site.ask("POST", "/api/v1/accounts", root,
           R"({"name":"vera","role":"viewer","password":"correct horse battery"})");
  site.ask("PUT", "/api/v1/accounts/vera/password", {{"authorization", basic("vera")}},
           R"({"password":"a fresh password"})");
  site.ask("GET", "/api/v1/status", {{"authorization", basic("vera")}});
  site.log_in("root");
  site.ask("DELETE", "/api/v1/accounts/vera", root);
  CHECK(site.appliance.done() ==
        std::vector<std::string>{R"(start_job by local: command="backup" full=true)",
                                 R"(remove_hold by root: 7 reason="over")", "add by root: vera",
                                 "password by vera: vera",
                                 "login by vera: no such account, or another password",
                                 "login by root: ", "remove by root: vera"});
  CHECK(site.status("DELETE", "/api/v1/accounts/root", root) == 400);
}

TEST_CASE("a browser's session: cookie, token, end", "[web][api]") {
  Site site;
  site.is_tls = GENERATE(false, true);
  site.accounts.add("root", Role::admin, kPassword);
  const Response login = site.ask("POST", "/api/v1/session", {},
                                  R"({"account":"root","password":"correct horse battery"})");
  const std::string set_cookie = header_of(login, "Set-Cookie");
  CHECK_THAT(set_cookie, contains_text("; Path=/; HttpOnly; SameSite=Strict"));
  CHECK((set_cookie.find("; Secure") != std::string::npos) == site.is_tls);
  CHECK(set_cookie.starts_with("__Host-coffer=") == site.is_tls);

  const Headers session = site.log_in("root");
  const Headers without_token{session.front()};
  CHECK(site.status("GET", "/api/v1/status", without_token) == 200);
  CHECK(site.status("POST", "/api/v1/alerts/test", without_token) == 403);
  CHECK(site.status("POST", "/api/v1/alerts/test", {session[0], {"x-csrf-token", "x"}}) == 403);
  CHECK(site.status("POST", "/api/v1/alerts/test", session) == 200);
  CHECK_THAT(body_of(site.ask("GET", "/api/v1/session", session)),
             contains_text(R"("account":"root","role":"admin","csrf_token":")"));
  CHECK(site.status("DELETE", "/api/v1/session", without_token) == 403);

  const Headers other = site.log_in("root");
  site.clock.advance(std::chrono::minutes{29});
  CHECK(site.status("GET", "/api/v1/status", session) == 200);
  site.clock.advance(std::chrono::minutes{2});
  CHECK(site.status("GET", "/api/v1/status", session) == 200);
  CHECK(site.status("GET", "/api/v1/status", other) == 401);
  CHECK(site.status("DELETE", "/api/v1/session", session) == 204);
  CHECK(site.status("GET", "/api/v1/status", session) == 401);
}

TEST_CASE("a new password ends the account's sessions but the one that set it", "[web][api]") {
  Site site;
  site.accounts.add("root", Role::admin, kPassword);
  const Headers one = site.log_in("root");
  const Headers other = site.log_in("root");
  const Response changed =
      site.ask("PUT", "/api/v1/accounts/root/password", one, R"({"password":"a fresh password"})");
  CHECK(changed.status == 200);
  const std::string cookie = header_of(changed, "Set-Cookie");
  CHECK(site.status("GET", "/api/v1/status", {{"cookie", cookie.substr(0, cookie.find(';'))}}) ==
        200);
  CHECK(site.status("GET", "/api/v1/status", one) == 401);
  CHECK(site.status("GET", "/api/v1/status", other) == 401);
}

TEST_CASE("open streams end with the account that opened them", "[web][api]") {
  Site site;
  const auto allowed = [](const Response& response) {
    return std::get<web::EventStream>(response.body).still_allowed();
  };
  const Response local = site.ask("GET", "/api/v1/events");
  CHECK(allowed(local));
  site.accounts.add("root", Role::admin, kPassword);
  CHECK_FALSE(allowed(local));
  const Headers session = site.log_in("root");
  const Response of_session = site.ask("GET", "/api/v1/events", session);
  const Response of_script = site.ask("GET", "/api/v1/events", {{"authorization", basic("root")}});
  CHECK(allowed(of_session));
  CHECK(allowed(of_script));
  site.ask("DELETE", "/api/v1/session", session);
  CHECK_FALSE(allowed(of_session));
  CHECK(allowed(of_script));
  site.accounts.set_password("root", "a fresh password");
  CHECK_FALSE(allowed(of_script));
}

TEST_CASE("other sites ask in vain", "[web][api]") {
  Site site;
  const std::string path = "/api/v1/status";
  struct Row {
    Headers headers;
    int status;
  };
  const Row row = GENERATE(values<Row>({
      {{{"host", "localhost"}}, 200},
      {{{"host", "LOCALHOST:1"}}, 200},
      {{{"host", "127.0.0.1:8440"}}, 200},
      {{{"host", "[::1]:8440"}}, 200},
      {{{"host", "evil.example"}}, 421},
      {{{"host", "localhost.evil.example"}}, 421},
      {{{"host", "127.0.0.1.evil.example"}}, 421},
      {{{"host", ""}}, 421},
      {{{"origin", "http://localhost:8440"}}, 200},
      {{{"origin", "https://localhost:8440"}}, 403},
      {{{"origin", "http://localhost"}}, 403},
      {{{"origin", "http://evil.example"}}, 403},
      {{{"origin", "null"}}, 403},
      {{{"sec-fetch-site", "same-origin"}}, 200},
      {{{"sec-fetch-site", "none"}}, 200},
      {{{"sec-fetch-site", "cross-site"}}, 403},
      {{{"sec-fetch-site", "same-site"}}, 403},
  }));
  CAPTURE(row.headers.front().first, row.headers.front().second);
  CHECK(site.status("GET", path, row.headers) == row.status);
}

TEST_CASE("guessing is slowed down, for scripts and browsers alike", "[web][api]") {
  Site site;
  site.accounts.add("root", Role::admin, kPassword);
  const Headers wrong{{"authorization", basic("root", "wrong password")}};
  const std::string login = R"({"account":"root","password":"wrong password"})";
  for (int i = 0; i < 3; ++i) CHECK(site.status("GET", "/api/v1/status", wrong) == 401);
  for (int i = 0; i < 2; ++i) CHECK(site.status("POST", "/api/v1/session", {}, login) == 401);
  const Response refused = site.ask("POST", "/api/v1/session", {}, login);
  CHECK(refused.status == 429);
  CHECK(header_of(refused, "Retry-After") == "1");
  CHECK(site.status("GET", "/api/v1/status", {{"authorization", basic("root")}}) == 429);
  site.clock.advance(std::chrono::seconds{1});
  CHECK(site.status("GET", "/api/v1/status", {{"authorization", basic("root")}}) == 200);
}

TEST_CASE("a script's password is remembered for a while, but not longer than it holds",
          "[web][api]") {
  Site site;
  site.accounts.add("root", Role::admin, kPassword);
  const Headers script{{"authorization", basic("root")}};
  // Thousands of hashings would take minutes.
  for (int i = 0; i < 3000; ++i) REQUIRE(site.status("GET", "/api/v1/status", script) == 200);
  site.accounts.set_password("root", "a fresh password");
  CHECK(site.status("GET", "/api/v1/status", script) == 401);
  CHECK(site.status("GET", "/api/v1/status", {{"authorization", "Basic !"}}) == 401);
  CHECK(site.status("GET", "/api/v1/status", {{"authorization", "Bearer x"}}) == 401);
}

TEST_CASE("without accounts this machine is let in, and only this machine", "[web][api]") {
  Site site;
  CHECK_THAT(
      body_of(site.ask("GET", "/api/v1/session")),
      contains_text(R"("account":"local","role":"admin","csrf_token":null,"accounts":false)"));
  site.peer = "10.0.0.1";
  CHECK(site.status("GET", "/api/v1/session") == 401);
  CHECK(site.status("GET", "/metrics") == 401);
  Site open{"0.0.0.0"};
  CHECK(open.status("GET", "/api/v1/status") == 401);
  CHECK(open.status("GET", "/metrics") == 200);
}

TEST_CASE("trouble of the appliance has its status", "[web][api]") {
  Site site;
  using Kind = base::ErrorKind;
  const auto [kind, status] = GENERATE(table<Kind, int>({{Kind::usage, 400},
                                                         {Kind::denied, 403},
                                                         {Kind::not_found, 404},
                                                         {Kind::in_use, 409},
                                                         {Kind::unavailable, 503},
                                                         {Kind::corrupt, 500},
                                                         {Kind::disk, 500}}));
  site.appliance.refuses = base::Error{kind, "this \"way\""};
  site.appliance.refuses->add_context("looking");
  const Response response = site.ask("GET", "/api/v1/status");
  CHECK(response.status == status);
  CHECK(body_of(response) == base::text(R"({"type":"error","kind":")", base::name(kind),
                                        R"(","message":"this \"way\"","context":["looking"]})"));
}

TEST_CASE("beside the API there are pages, health and metrics", "[web][api]") {
  Site site;
  CHECK(body_of(site.ask("GET", "/healthz")) == "ok\n");
  CHECK(body_of(site.ask("GET", "/readyz")) == "ready\n");
  site.appliance.problem = "the store is not open";
  CHECK(body_of(site.ask("GET", "/readyz")) == "the store is not open\n");
  CHECK(site.status("GET", "/readyz") == 503);
  CHECK_THAT(body_of(site.ask("GET", "/metrics")), contains_text("coffer_jobs"));

  const Response page = site.ask("GET", "/");
  CHECK(body_of(page) == "<!doctype html>");
  CHECK(header_of(page, "Content-Type") == "text/html; charset=utf-8");
  CHECK(header_of(page, "Cache-Control") == "no-cache");
  const std::string etag = header_of(page, "ETag");
  CHECK(site.status("GET", "/index.html", {{"if-none-match", "W/\"x\", " + etag}}) == 304);
  CHECK(site.status("GET", "/views/a.js") == 200);
  CHECK(site.status("GET", "/notes.txt") == 404);
  CHECK(site.status("GET", "/views") == 404);
  CHECK(site.status("GET", "//views/a.js") == 404);
  CHECK(site.status("POST", "/") == 405);
  CHECK(site.status("GET", "/api/v1/") == 404);
  CHECK(site.status("GET", "/api") == 404);
  const Response wrong = site.ask("PATCH", "/api/v1/jobs");
  CHECK(wrong.status == 405);
  CHECK(header_of(wrong, "Allow") == "GET, POST");
}

TEST_CASE("every answer tells browsers to trust nothing else", "[web][api]") {
  Site site;
  site.is_tls = GENERATE(false, true);
  for (const std::string target :
       {"/", "/healthz", "/nothing", "/api/v1/status", "/api/v1/jobs?x"}) {
    CAPTURE(target);
    const Response response = site.ask("GET", target);
    CHECK(header_of(response, "Content-Security-Policy") ==
          "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
          "object-src 'none'");
    CHECK(header_of(response, "X-Content-Type-Options") == "nosniff");
    CHECK(header_of(response, "Referrer-Policy") == "no-referrer");
    CHECK(header_of(response, "Strict-Transport-Security").empty() == !site.is_tls);
    if (target != "/") CHECK(header_of(response, "Cache-Control") == "no-store");
  }
}
