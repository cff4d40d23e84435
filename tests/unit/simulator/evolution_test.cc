#include "tests/simulator/evolution.h"

#include "tests/simulator/admin.h"
#include "tests/support/catch.h"
#include "tests/unit/simulator/small_tenant.h"

#include <set>

namespace {

using simulator::Json;

class Administered {
 public:
  explicit Administered(std::uint64_t seed = 5) : small_(test::small_plan(seed)) {}

  Json call(const std::string& method, const std::string& path, const Json& body = {}) {
    simulator::Response response =
        admin_.handle({simulator::Host::graph, method, "/_admin/" + path, {}},
                      body.is_null() ? "" : body.dump(), small_.clock().now());
    last_status_ = response.status;
    return Json::parse(response.body);
  }
  Json operate(Json arguments) { return call("POST", "operations", arguments); }
  std::string state() { return call("GET", "state").dump(); }
  [[nodiscard]] int last_status() const { return last_status_; }
  test::SmallTenant& small() { return small_; }

 private:
  test::SmallTenant small_;
  simulator::Admin admin_{small_.tenant()};
  int last_status_ = 0;
};

constexpr const char* kInfo = "info@contoso.com";

}  // namespace

TEST_CASE("the same seed gives the same tenant and the same days", "[simulator]") {
  Administered one;
  Administered two;
  CHECK(one.state() == two.state());
  CHECK(one.call("POST", "evolve", {{"days", 5}}) == two.call("POST", "evolve", {{"days", 5}}));
  CHECK(one.state() == two.state());
  Administered other{6};
  CHECK(other.state() != one.state());
}

TEST_CASE("a tenant has the planned items and about the planned bytes", "[simulator]") {
  Administered tenant;
  const Json state = tenant.call("GET", "state");
  CHECK(state["mailboxes"].size() == 3);
  std::size_t items = 0;
  std::uint64_t bytes = 0;
  for (const Json& mailbox : state["mailboxes"]) {
    items += mailbox["items"].size();
    for (const Json& item : mailbox["items"]) bytes += item["stream_bytes"].get<std::uint64_t>();
  }
  CHECK(items == 120);
  CHECK(bytes > 1'200'000);
  CHECK(bytes < 2'200'000);
}

TEST_CASE("days bring new, changed, moved and deleted items, and folders change", "[simulator]") {
  Administered tenant;
  const Json days = tenant.call("POST", "evolve", {{"days", 30}})["days"];
  REQUIRE(days.size() == 30);
  std::map<std::string, std::uint64_t> sums;
  for (const Json& day : days) {
    for (const auto& [what, count] : day.items()) sums[what] += count.get<std::uint64_t>();
  }
  for (const auto& [what, count] : sums) {
    CAPTURE(what);
    CHECK(count > 0);
  }
  CHECK(tenant.small().tenant().world()->clock_offset == std::chrono::days{30});
}

TEST_CASE("damage overwrites and deletes every item of one mailbox", "[simulator]") {
  Administered tenant;
  const Json before = tenant.call("GET", "state");
  const Json done = tenant.call("POST", "damage", {{"mailbox", kInfo}});
  const Json after = tenant.call("GET", "state");
  for (std::size_t i = 0; i < before["mailboxes"].size(); ++i) {
    const Json& was = before["mailboxes"][i];
    const Json& is = after["mailboxes"][i];
    if (was["address"] != kInfo) {
      CHECK(was == is);
      continue;
    }
    CHECK(done["changed"].get<std::size_t>() == is["items"].size());
    CHECK(done["changed"].get<std::size_t>() + done["deleted"].get<std::size_t>() ==
          was["items"].size());
    std::set<std::string> known;
    for (const Json& item : was["items"]) known.insert(item["sha256"].get<std::string>());
    for (const Json& item : is["items"]) CHECK_FALSE(known.contains(item["sha256"]));
  }
}

TEST_CASE("operations change what they name", "[simulator]") {
  Administered tenant;
  const auto count = [&] {
    return tenant.call("GET", std::string{"state?mailbox="} + kInfo)["mailboxes"][0]["items"]
        .size();
  };
  const std::size_t before = count();
  const Json added = tenant.operate({{"operation", "add_item"},
                                     {"mailbox", kInfo},
                                     {"folder", "Inbox/Projects"},
                                     {"bytes", 500}});
  CHECK(count() == before + 1);
  const Json grown = tenant.operate(
      {{"operation", "grow_item"}, {"mailbox", kInfo}, {"item", added["id"]}, {"bytes", 90'000}});
  CHECK(grown["id"] == added["id"]);
  CHECK(grown["change_key"] != added["change_key"]);
  const Json moved = tenant.operate(
      {{"operation", "move_item"}, {"mailbox", kInfo}, {"item", added["id"]}, {"to", "archive"}});
  CHECK(moved["id"] != added["id"]);
  tenant.operate({{"operation", "delete_item"}, {"mailbox", kInfo}, {"item", moved["id"]}});
  CHECK(count() == before);
  CHECK(tenant.operate(
            {{"operation", "create_folder"}, {"mailbox", kInfo}, {"name", "A/B"}})["path"] ==
        "A\\/B");
  tenant.operate({{"operation", "nonsense"}});
  CHECK(tenant.last_status() == 400);
  tenant.operate({{"operation", "delete_item"}, {"mailbox", kInfo}, {"item", "gone"}});
  CHECK(tenant.last_status() == 404);
}

TEST_CASE("a deleted mailbox is gone until it is restored", "[simulator]") {
  Administered tenant;
  test::SmallTenant& small = tenant.small();
  const std::string settings = std::string{"/users/"} + kInfo + "/settings/exchange";
  const std::string id = small.get(settings).json()["primaryMailboxId"].get<std::string>();
  tenant.operate({{"operation", "delete_mailbox"}, {"mailbox", kInfo}});
  CHECK(small.get(settings).code() == "Request_ResourceNotFound");
  CHECK(small.get("/admin/exchange/mailboxes/" + id + "/folders").code() ==
        "MailboxNotEnabledForRESTAPI");
  tenant.operate({{"operation", "restore_mailbox"}, {"mailbox", kInfo}});
  CHECK(small.get("/admin/exchange/mailboxes/" + id + "/folders").status == 200);
}

TEST_CASE("statistics count by operation and status", "[simulator]") {
  Administered tenant;
  tenant.call("POST", "reset-statistics");
  tenant.small().get("/users");
  tenant.small().get("/users/nobody");
  const Json statistics = tenant.call("GET", "statistics");
  CHECK(statistics["requests"]["list_users"]["200"] == 1);
  CHECK(statistics["requests"]["get_user"]["404"] == 1);
  CHECK(statistics["total_requests"] == 2);
}
