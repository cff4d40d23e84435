#include "tests/simulator/faults.h"

#include "src/base/error.h"
#include "tests/simulator/item_stream.h"
#include "tests/support/catch.h"
#include "tests/unit/simulator/small_tenant.h"

namespace {

using simulator::Fault;
using simulator::Json;

simulator::Response ask(test::SmallTenant& small) {
  return small.tenant().handle({simulator::Host::graph,
                                "GET",
                                "/v1.0" + small.folder_path("inbox") + "/items",
                                {{"Authorization", "Bearer " + small.token()}}},
                               "", small.clock().now());
}

}  // namespace

TEST_CASE("faults have names, rates and a seed", "[simulator]") {
  simulator::Faults faults{1};
  faults.configure("seed=7, reset=1, poison=1");
  CHECK(faults.strikes(Fault::reset, "list_items"));
  CHECK_FALSE(faults.strikes(Fault::cut_body, "list_items"));
  CHECK(faults.poisons("anything"));
  faults.clear();
  CHECK_FALSE(faults.strikes(Fault::reset, "list_items"));
  CHECK_THROWS_AS(faults.configure("resett=1"), base::Error);
  CHECK_THROWS_AS(faults.configure("reset=2"), base::Error);
  CHECK_THROWS_AS(faults.configure("reset"), base::Error);
  for (std::size_t i = 0; i < simulator::kFaultCount; ++i) {
    const auto fault = static_cast<Fault>(i);
    CHECK(simulator::fault_named(simulator::name(fault)) == fault);
  }
}

TEST_CASE("the same seed strikes the same requests", "[simulator]") {
  simulator::Faults one{1};
  simulator::Faults two{2};
  one.configure("seed=9,all=0.3");
  two.configure("seed=9,all=0.3");
  for (int i = 0; i < 200; ++i) {
    CHECK(one.strikes(Fault::reset, "x") == two.strikes(Fault::reset, "x"));
  }
}

TEST_CASE("an ordered fault strikes the wanted request once", "[simulator]") {
  simulator::Faults faults{1};
  faults.order(Fault::reset, "export_items", 1);
  CHECK_FALSE(faults.strikes(Fault::reset, "list_items"));
  CHECK_FALSE(faults.strikes(Fault::reset, "export_items"));
  CHECK(faults.strikes(Fault::reset, "export_items"));
  CHECK_FALSE(faults.strikes(Fault::reset, "export_items"));
}

TEST_CASE("each fault of a request looks like the service's", "[simulator]") {
  test::SmallTenant small;
  struct Row {
    Fault fault;
    int status;
    const char* retry_after;  // null: none
    bool has_body;
  };
  const auto row = GENERATE(values<Row>({
      {Fault::throttled, 429, "2", true},
      {Fault::throttled_http_date, 429, "Tue, 31 Mar 2026 23:33:22 GMT", true},
      {Fault::throttled_bare, 429, nullptr, true},
      {Fault::payload_read_error, 400, nullptr, true},
      {Fault::internal_error, 500, nullptr, true},
      {Fault::bad_gateway, 502, nullptr, true},
      {Fault::unavailable, 503, nullptr, false},
      {Fault::gateway_timeout, 504, nullptr, true},
      {Fault::bandwidth_exceeded, 509, nullptr, false},
      {Fault::locked, 423, nullptr, true},
      {Fault::foreign_redirect, 307, nullptr, false},
      {Fault::token_expired, 401, nullptr, true},
  }));
  CAPTURE(simulator::name(row.fault));
  small.tenant().world()->faults.order(row.fault, "list_items");
  const simulator::Response struck = ask(small);
  CHECK(struck.status == row.status);
  CHECK(struck.body.empty() != row.has_body);
  const auto retry_after = simulator::find_header(struck.headers, "Retry-After");
  CHECK(retry_after.has_value() == (row.retry_after != nullptr));
  if (row.retry_after != nullptr) CHECK(*retry_after == row.retry_after);
  CHECK(ask(small).status == 200);
}

TEST_CASE("faults on the wire", "[simulator]") {
  test::SmallTenant small;
  const std::size_t whole = ask(small).body.size();
  const auto order = [&](Fault fault) { small.tenant().world()->faults.order(fault, ""); };

  SECTION("reset: nothing was done") {
    order(Fault::reset);
    CHECK(ask(small).fault.reset);
  }
  SECTION("cut") {
    order(Fault::cut_body);
    const simulator::Response cut = ask(small);
    REQUIRE(cut.fault.cut_after_bytes);
    CHECK(*cut.fault.cut_after_bytes < whole);
  }
  SECTION("JSON that ends early") {
    order(Fault::truncated_json);
    const simulator::Response truncated = ask(small);
    CHECK(truncated.status == 200);
    CHECK(truncated.body.size() < whole);
  }
  SECTION("slow") {
    order(Fault::slow_first_byte);
    CHECK(ask(small).fault.first_byte_delay > simulator::Duration{0});
  }
}

TEST_CASE("a hostile tenant leads to another host", "[simulator]") {
  test::SmallTenant small;
  const std::string foreign = "https://graph.microsoft.com\\@foreign.example:8443";
  small.tenant().world()->faults.configure("foreign_origin=" + foreign);
  const auto order = [&](Fault fault) { small.tenant().world()->faults.order(fault, ""); };

  SECTION("by the link to the next page, of which only the host is another") {
    const std::string page = small.folder_path("inbox") + "/items?$top=1";
    const std::string link = small.get(page).json()["@odata.nextLink"];
    const std::string own = small.tenant().world()->origins.graph;
    order(Fault::foreign_link);
    CHECK(small.get(page).json()["@odata.nextLink"] == foreign + link.substr(own.size()));
    CHECK(small.get(page).json()["@odata.nextLink"] == link);
  }
  SECTION("by the delta link") {
    order(Fault::foreign_link);
    const std::string link =
        small.get(small.folder_path("drafts") + "/items/delta").json()["@odata.deltaLink"];
    CHECK(link.starts_with(foreign));
  }
  SECTION("by the URL of an import session") {
    order(Fault::foreign_import_url);
    CHECK(small.session_url().starts_with(foreign));
  }
  SECTION("by a redirect") {
    order(Fault::foreign_redirect);
    const simulator::Response redirect = ask(small);
    CHECK(simulator::find_header(redirect.headers, "Location") == foreign + "/v1.0/users");
  }
  SECTION("only if it is asked for by name") {
    simulator::Faults faults{1};
    faults.configure("all=1");
    CHECK(faults.strikes(Fault::job_failed, "x"));
    CHECK_FALSE(faults.strikes(Fault::foreign_link, "x"));
  }
}

TEST_CASE("a lost import answer leaves the item behind", "[simulator]") {
  test::SmallTenant small;
  const auto& recipe = small.mailbox().items().begin()->second.recipe;
  const std::string body = small.import_body("drafts", simulator::whole_stream(recipe));
  const std::string url = small.session_url();
  small.tenant().world()->faults.order(Fault::lost_import_answer, "");
  CHECK(small.import(url, body).reset);
  CHECK(small.mailbox().find_folder("drafts")->items.size() == 1);
  small.tenant().world()->faults.order(Fault::session_expired, "");
  CHECK(small.import(url, body).status == 401);
  CHECK(small.mailbox().find_folder("drafts")->items.size() == 1);
}

TEST_CASE("a client that comes back early is noticed", "[simulator]") {
  test::SmallTenant small;
  small.tenant().world()->faults.order(Fault::throttled, "");
  CHECK(ask(small).status == 429);
  CHECK(ask(small).status == 200);
  CHECK(small.tenant().world()->statistics.early_retries == 1);
  small.clock().advance(std::chrono::seconds{2});
  CHECK(ask(small).status == 200);
  CHECK(small.tenant().world()->statistics.early_retries == 1);
}

TEST_CASE("what was under way when a mailbox was told to wait did not come early", "[simulator]") {
  test::SmallTenant small;
  small.tenant().world()->under_way = std::chrono::milliseconds{250};
  const auto early = [&] { return small.tenant().world()->statistics.early_retries; };
  small.tenant().world()->faults.order(Fault::throttled, "");
  CHECK(ask(small).status == 429);
  small.clock().advance(std::chrono::milliseconds{249});
  small.tenant().world()->faults.order(Fault::throttled, "");
  CHECK(ask(small).status == 429);
  CHECK(early() == 0);
  small.clock().advance(std::chrono::milliseconds{1});
  CHECK(ask(small).status == 200);
  CHECK(early() == 1);
}
