#include "web-status/web_server.h"

#include "src/base/base64.h"
#include "src/base/error.h"
#include "src/base/text.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/web_status/fake_appliance.h"
#include "tests/unit/web_status/raw_client.h"
#include "tests/unit/web_status/running_server.h"
#include "web-status/accounts.h"
#include "web-status/metrics.h"
#include "web-status/pages.h"

#include <string>

namespace web {
std::span<const EmbeddedFile> embedded_test_pages();
}

namespace {

using test::ask;
using test::contains_text;
using test::RawClient;

struct Site {
  web::WebSettings settings() {
    web::WebSettings settings;
    settings.accounts_file = directory / "accounts";
    return settings;
  }

  test::TemporaryDirectory directory;
  base::SystemClock clock;
  test::FakeAppliance appliance;
};

}  // namespace

TEST_CASE("the whole server answers, tells events, and ends", "[web][server]") {
  Site site;
  site.appliance.report = {"{\"type\":\"item\"}\n", "{\"type\":\"summary\"}\n"};
  web::WebServer server{site.settings(), site.appliance, site.clock};
  const std::uint16_t port = server.port();
  CHECK(ask(port, "GET /healthz").body == "ok\n");
  CHECK_THAT(ask(port, "GET /api/v1/status").body, contains_text(R"("type":"status")"));
  const test::Answer report = ask(port, "GET /api/v1/jobs/a%22b/report");
  CHECK(report.body == "{\"type\":\"item\"}\n{\"type\":\"summary\"}\n");
  CHECK(report.header("Content-Disposition") == R"(attachment; filename="coffer-job-a_b.jsonl")");
  CHECK(ask(port, "GET /api/v1/jobs/none/report").status == 404);
  CHECK(ask(port, "POST /api/v1/jobs", "Content-Type: application/json\r\n",
            R"({"command":"backup"})")
            .status == 202);
  CHECK_THAT(ask(port, "BREW /", "").body, contains_text("error"));

  RawClient listener{port};
  REQUIRE(listener.send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  CHECK_THAT(listener.read_through("\r\n\r\n"), contains_text("text/event-stream"));
  server.publish("status", "{}");
  CHECK(listener.read_through("\n\n") == "event: status\ndata: {}\n\n");
  server.stop();
  CHECK(listener.is_closed());
}

TEST_CASE("an account that the command line adds holds at once", "[web][server]") {
  Site site;
  const web::WebServer server{site.settings(), site.appliance, site.clock};
  CHECK(ask(server.port(), "GET /api/v1/status").status == 200);
  web::Accounts{site.directory / "accounts", site.clock}.add("anna", web::Role::admin,
                                                             "correct horse battery");
  CHECK(ask(server.port(), "GET /api/v1/status").status == 401);
  const std::string credentials =
      base::base64_encode(base::as_bytes(std::string_view{"anna:correct horse battery"}));
  CHECK(ask(server.port(), "GET /api/v1/status",
            base::text("Authorization: Basic ", credentials, "\r\n"))
            .status == 200);
}

TEST_CASE("beyond this machine it takes TLS and an account", "[web][server]") {
  Site site;
  const auto refusal = [&](bool with_tls) -> std::string {
    web::WebSettings settings = site.settings();
    settings.http.address = "0.0.0.0";
    if (with_tls) settings.http.certificate = test::make_certificate(1);
    try {
      const web::WebServer server{std::move(settings), site.appliance, site.clock};
    } catch (const base::Error& error) {
      CHECK(error.kind() == base::ErrorKind::usage);
      return error.message();
    }
    return "";
  };
  CHECK_THAT(refusal(false), contains_text("certificate_file"));
  CHECK_THAT(refusal(true), contains_text("coffer account add"));
  web::Accounts{site.directory / "accounts", site.clock}.add("anna", web::Role::admin,
                                                             "correct horse battery");
  CHECK_THAT(refusal(false), contains_text("certificate_file"));
  CHECK(refusal(true).empty());
}

TEST_CASE("an address that cannot be used is told", "[web][server]") {
  Site site;
  web::WebSettings settings = site.settings();
  settings.http.address = "no address";
  CHECK_THROWS_WITH((web::WebServer{std::move(settings), site.appliance, site.clock}),
                    contains_text("no IP address"));
  const web::WebServer first{site.settings(), site.appliance, site.clock};
  web::WebSettings same = site.settings();
  same.http.port = first.port();
  CHECK_THROWS_WITH((web::WebServer{std::move(same), site.appliance, site.clock}),
                    contains_text("[web]"));
}

TEST_CASE("pages are those of their folder, and their kinds only", "[web][pages]") {
  const web::Pages pages{web::embedded_test_pages()};
  web::Request request;
  request.target.segments = {"vendor", "plot.js"};
  REQUIRE(pages.has(request.target.segments));
  CHECK(std::get<web::StaticText>(pages.answer(request).body).text == "// a script\n");
  CHECK(pages.has({""}));
  CHECK(pages.has({"index.html"}));
  CHECK_FALSE(pages.has({"notes.txt"}));
  CHECK_FALSE(pages.has({"vendor"}));
}

TEST_CASE("measurements as Prometheus reads them", "[web][metrics]") {
  CHECK(
      web::to_prometheus({{"coffer_items_total",
                           "Items \\ by\nresult",
                           web::MetricType::counter,
                           {{{{"result", "a\"b\\c\nd"}}, 12'345'678}, {{}, 0.5}}},
                          {"coffer_dedup_ratio", "Ratio", web::MetricType::gauge, {{{}, 1.25}}}}) ==
      "# HELP coffer_items_total Items \\\\ by\\nresult\n"
      "# TYPE coffer_items_total counter\n"
      "coffer_items_total{result=\"a\\\"b\\\\c\\nd\"} 12345678\n"
      "coffer_items_total 0.5\n"
      "# HELP coffer_dedup_ratio Ratio\n"
      "# TYPE coffer_dedup_ratio gauge\n"
      "coffer_dedup_ratio 1.25\n");
}
