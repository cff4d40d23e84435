#include "src/base/base64.h"
#include "src/base/digest.h"
#include "tests/simulator/item_stream.h"
#include "tests/support/catch.h"
#include "tests/unit/simulator/small_tenant.h"

#include <set>

namespace {

using simulator::Fault;
using simulator::Json;

std::vector<std::string> some_ids(test::SmallTenant& small, std::size_t count) {
  std::vector<std::string> ids;
  for (const auto& [number, item] : small.mailbox().items()) {
    if (ids.size() < count) ids.push_back(item.id);
  }
  REQUIRE(ids.size() == count);
  return ids;
}

test::Answer export_them(test::SmallTenant& small, const Json& ids,
                         const char* member = "itemIds") {
  return small.send("POST", small.mailbox_path() + "/exportItems", {{member, ids}});
}

}  // namespace

TEST_CASE("an export gives each item's exact stream and change key", "[simulator]") {
  test::SmallTenant small;
  const std::vector<std::string> ids = some_ids(small, 20);
  const test::Answer answer = export_them(small, ids);
  REQUIRE(answer.status == 200);
  std::set<std::string> seen;
  const Json value = answer.json()["value"];
  for (const Json& element : value) {
    const simulator::Item* item = small.mailbox().find_item(element["itemId"].get<std::string>());
    REQUIRE(item != nullptr);
    seen.insert(item->id);
    const auto data = base::base64_decode(element["data"].get_ref<const std::string&>());
    REQUIRE(data);
    CHECK(base::sha256(*data) == simulator::summarize_stream(item->recipe).sha256);
    CHECK(item->size_bytes < data->size());
    CHECK(element["changeKey"] == simulator::long_change_key(small.mailbox().change_key(*item)));
  }
  CHECK(seen == std::set<std::string>(ids.begin(), ids.end()));
}

TEST_CASE("an export names 1 to 20 items", "[simulator]") {
  test::SmallTenant small;
  CHECK(export_them(small, Json::array()).code() == "ExportMailboxItemsRequestInvalid");
  CHECK(export_them(small, some_ids(small, 21)).code() == "ExportMailboxItemsRequestInvalid");
  CHECK(export_them(small, {1, 2}).status == 400);
  CHECK(export_them(small, some_ids(small, 1), "ItemIds").status == 200);
  CHECK(export_them(small, some_ids(small, 1), "ids").status == 400);
}

TEST_CASE("an unknown item fails alone", "[simulator]") {
  test::SmallTenant small;
  const std::string known = some_ids(small, 1).front();
  const Json value = export_them(small, {known, "AAMkgone"}).json()["value"];
  REQUIRE(value.size() == 2);
  for (const Json& element : value) {
    if (element["itemId"] == known) {
      CHECK(element.contains("data"));
    } else {
      CHECK(element["error"]["code"] == "ErrorItemNotFound");
      CHECK_FALSE(element.contains("data"));
    }
  }
}

TEST_CASE("single items fail in the ways the service has shown", "[simulator]") {
  test::SmallTenant small;
  const std::string id = some_ids(small, 1).front();
  const auto order = [&](Fault fault) { small.tenant().world()->faults.order(fault, ""); };

  SECTION("dropped") {
    order(Fault::drop_element);
    CHECK(export_them(small, Json::array({id})).json()["value"].empty());
  }
  SECTION("neither data nor error") {
    order(Fault::empty_element);
    CHECK(export_them(small, Json::array({id})).json()["value"][0] == Json{{"itemId", id}});
  }
  SECTION("an error, spelled Error") {
    order(Fault::element_error);
    order(Fault::capital_error);
    CHECK(export_them(small, Json::array({id})).json()["value"][0]["Error"]["code"] ==
          "ErrorInternalServerError");
  }
  CHECK(export_them(small, Json::array({id})).json()["value"][0].contains("data"));
}

TEST_CASE("a poisoned item never exports until it is healed", "[simulator]") {
  test::SmallTenant small;
  const std::string id = some_ids(small, 1).front();
  const std::string key = base::to_hex(facts_of(small.mailbox().find_item(id)->recipe).search_key);
  small.tenant().world()->faults.poison(key);
  for (int i = 0; i < 3; ++i) {
    CHECK(export_them(small, Json::array({id})).json()["value"][0].contains("error"));
  }
  small.tenant().world()->faults.heal(key);
  CHECK(export_them(small, Json::array({id})).json()["value"][0].contains("data"));
}
