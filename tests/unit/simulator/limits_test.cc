#include "tests/simulator/limits.h"

#include "tests/support/catch.h"
#include "tests/unit/simulator/small_tenant.h"

namespace {

using std::chrono::minutes;
using std::chrono::seconds;

simulator::RequestHead inbox_request(test::SmallTenant& small) {
  return {simulator::Host::graph,
          "GET",
          "/v1.0" + small.folder_path("inbox"),
          {{"Authorization", "Bearer " + small.token()}}};
}

}  // namespace

TEST_CASE("a window counts from its first event and then anew", "[simulator]") {
  simulator::FixedWindow window;
  const simulator::Instant start = base::from_milliseconds(1'000'000);
  CHECK_FALSE(window.count(6, 10, minutes{5}, start));
  CHECK_FALSE(window.count(6, 10, minutes{5}, start + minutes{1}));
  CHECK(window.count(1, 10, minutes{5}, start + minutes{2}) == simulator::Duration{minutes{3}});
  CHECK_FALSE(window.count(1, 10, minutes{5}, start + minutes{5}));
  CHECK(window.used() == 1);
}

TEST_CASE("the fifth request at once on a mailbox is throttled", "[simulator]") {
  test::SmallTenant small;
  std::vector<simulator::Response> open;
  for (int i = 0; i < 4; ++i) {
    open.push_back(small.tenant().handle(inbox_request(small), "", small.clock().now()));
    REQUIRE(open.back().status == 200);
  }
  const test::Answer fifth = small.get(small.folder_path("inbox"));
  CHECK(fifth.status == 429);
  CHECK(fifth.code() == "ApplicationThrottled");
  CHECK(fifth.body.find("MailboxConcurrency") != std::string::npos);
  CHECK(simulator::find_header(fifth.headers, "Retry-After") == "1");

  SECTION("another mailbox is not affected") {
    CHECK(small.get("/users/info@contoso.com/mailboxSettings/userPurpose").status == 200);
  }
  SECTION("nor another application") {
    small.use(simulator::kBackupClientId);
    CHECK(small.get(small.folder_path("inbox")).status == 200);
    const std::string id = small.mailbox().id();
    CHECK(small.tenant().world()->statistics.maximum_in_flight.at(id) == 5);
  }
  SECTION("a place is free when an answer has been sent") {
    open.pop_back();
    CHECK(small.get(small.folder_path("inbox")).status == 200);
    // It came within the second that the throttled one was told to wait.
    CHECK(small.tenant().world()->statistics.early_retries == 1);
  }
}

TEST_CASE("an import takes its place when it begins", "[simulator]") {
  test::SmallTenant small;
  const std::string url = small.session_url();
  const std::string target = url.substr(small.tenant().world()->origins.import.size());
  std::vector<std::unique_ptr<simulator::Exchange>> open;
  for (int i = 0; i < 4; ++i) {
    open.push_back(small.tenant().begin(
        {simulator::Host::import, "POST", target, {{"Content-Type", "application/json"}}},
        small.clock().now()));
  }
  CHECK(small.get(small.folder_path("inbox")).status == 429);
  CHECK(small.import(url, "{}").status == 429);
  open.clear();
  CHECK(small.import(url, "{}").status == 400);
}

TEST_CASE("ten thousand requests in ten minutes, then none", "[simulator]") {
  simulator::TenantPlan plan = test::small_plan();
  plan.limits.requests = 20;  // the mechanism, not the number
  test::SmallTenant small{plan};
  for (int i = 0; i < 20; ++i) REQUIRE(small.get(small.folder_path("inbox")).status == 200);
  small.clock().advance(minutes{4});
  const test::Answer refused = small.get(small.folder_path("inbox"));
  CHECK(refused.status == 429);
  CHECK(simulator::find_header(refused.headers, "Retry-After") == "360");
  small.clock().advance(minutes{6});
  CHECK(small.get(small.folder_path("inbox")).status == 200);
  CHECK(simulator::LimitSettings{}.requests == 10'000);
}

TEST_CASE("uploads beyond the budget wait for the window's end", "[simulator]") {
  simulator::TenantPlan plan = test::small_plan();
  plan.limits.upload_bytes = 1000;
  test::SmallTenant small{plan};
  const std::string url = small.session_url();
  const std::string body(900, ' ');
  CHECK(small.import(url, body).status == 400);  // counted, though it holds nothing
  CHECK(small.import(url, body).status == 400);  // begun below the limit
  const test::Answer refused = small.import(url, body);
  CHECK(refused.status == 429);
  CHECK(refused.body.find("IncomingBytes") != std::string::npos);
  CHECK(small.get(small.folder_path("inbox")).status == 200);
  small.clock().advance(minutes{5});
  CHECK(small.import(url, body).status == 400);
  CHECK(simulator::LimitSettings{}.upload_bytes == 150'000'000);
}

TEST_CASE("a slow service keeps a request's place until it answers, and refuses at once",
          "[simulator]") {
  test::SmallTenant small;
  small.tenant().world()->latency = minutes{1};
  std::vector<simulator::Response> open;
  for (int i = 0; i < 4; ++i) {
    open.push_back(small.tenant().handle(inbox_request(small), "", small.clock().now()));
    CHECK(open.back().fault.first_byte_delay == minutes{1});
  }
  const simulator::Response fifth =
      small.tenant().handle(inbox_request(small), "", small.clock().now());
  CHECK(fifth.status == 429);
  CHECK(fifth.fault.first_byte_delay == simulator::Duration{0});
}

TEST_CASE("directory requests cost units", "[simulator]") {
  simulator::TenantPlan plan = test::small_plan();
  plan.limits.directory_units = 4;
  test::SmallTenant small{plan};
  const test::Answer first = small.get("/users");
  CHECK(simulator::find_header(first.headers, "x-ms-resource-unit") == "2");
  CHECK(simulator::find_header(small.get("/users?$select=id").headers, "x-ms-resource-unit") ==
        "1");
  CHECK(simulator::find_header(small.get("/users?$top=5").headers, "x-ms-resource-unit") == "1");
  const test::Answer refused = small.get("/users");
  CHECK(refused.status == 429);
  CHECK(simulator::find_header(refused.headers, "Retry-After") == "10");
  small.clock().advance(seconds{10});
  CHECK(small.get("/users").status == 200);
}
