#include "src/base/base64.h"
#include "src/base/text.h"
#include "tests/simulator/item_stream.h"
#include "tests/simulator/mailbox.h"
#include "tests/support/catch.h"
#include "tests/unit/simulator/small_tenant.h"

namespace {

using simulator::Json;

base::Bytes exported(test::SmallTenant& small, const std::string& id) {
  const test::Answer answer =
      small.send("POST", small.mailbox_path() + "/exportItems", {{"itemIds", Json::array({id})}});
  REQUIRE(answer.status == 200);
  const auto data =
      base::base64_decode(answer.json()["value"][0]["data"].get_ref<const std::string&>());
  REQUIRE(data);
  return *data;
}

const simulator::Item& first_item(test::SmallTenant& small) {
  return small.mailbox().items().begin()->second;
}

}  // namespace

TEST_CASE("an imported item is exported again byte for byte", "[simulator]") {
  test::SmallTenant small;
  const simulator::Item original = first_item(small);
  const base::Bytes stream = exported(small, original.id);
  small.clock().advance(std::chrono::hours{2});
  small.use(simulator::kRestoreClientId);

  const test::Answer answer =
      small.import(small.session_url(), small.import_body("drafts", stream));
  REQUIRE(answer.status == 200);
  const std::string id = answer.json()["itemId"].get<std::string>();
  const simulator::Item* copy = small.mailbox().find_item(id);
  REQUIRE(copy != nullptr);
  CHECK(exported(small, id) == stream);
  // What survives, and what does not.
  CHECK(facts_of(copy->recipe).search_key == facts_of(original.recipe).search_key);
  CHECK(copy->recipe.received == original.recipe.received);
  CHECK(id != original.id);
  CHECK(copy->created == small.clock().now());
  const base::Bytes key = small.mailbox().change_key(*copy);
  CHECK(answer.json()["changeKey"] == simulator::short_change_key(key));
  CHECK(small.mailbox().change_key(original) != key);
  CHECK(copy->folder == small.mailbox().find_folder("drafts")->number);
}

TEST_CASE("create never notices duplicates", "[simulator]") {
  test::SmallTenant small;
  const std::string body =
      small.import_body("drafts", simulator::whole_stream(first_item(small).recipe));
  const std::string url = small.session_url();
  const Json first = small.import(url, body).json();
  const Json second = small.import(url, body).json();
  CHECK(first["itemId"] != second["itemId"]);
  CHECK(small.mailbox().find_folder("drafts")->items.size() == 2);
}

TEST_CASE("a body is understood in pieces of any size", "[simulator]") {
  test::SmallTenant small;
  const std::string url = small.session_url();
  const std::string target = url.substr(small.tenant().world()->origins.import.size());
  const std::string body =
      small.import_body("drafts", simulator::whole_stream(first_item(small).recipe));
  const auto piece_bytes = GENERATE(std::size_t{1}, std::size_t{3}, std::size_t{1000});
  const auto exchange = small.tenant().begin(
      {simulator::Host::import, "POST", target, {{"Content-Type", "application/json"}}},
      small.clock().now());
  for (std::size_t i = 0; i < body.size(); i += piece_bytes) {
    exchange->receive(std::string_view{body}.substr(i, piece_bytes));
  }
  CHECK(exchange->finish(small.clock().now()).status == 200);
}

TEST_CASE("an altered stream creates nothing", "[simulator]") {
  test::SmallTenant small;
  base::Bytes stream = simulator::whole_stream(first_item(small).recipe);
  SECTION("one bit") { stream[stream.size() / 2] ^= std::byte{4}; }
  SECTION("cut") { stream.resize(stream.size() - 3); }
  SECTION("empty") { stream.clear(); }
  const test::Answer answer =
      small.import(small.session_url(), small.import_body("drafts", stream));
  CHECK(answer.status == 400);
  CHECK(answer.code() == "ErrorCorruptData");
  CHECK(small.mailbox().find_folder("drafts")->items.empty());
}

TEST_CASE("import bodies are checked member by member", "[simulator]") {
  test::SmallTenant small;
  const simulator::Item item = first_item(small);
  const std::string data = base::base64_encode(simulator::whole_stream(item.recipe));
  const std::string folder = small.mailbox().folder(item.folder).id;
  const std::string key = simulator::long_change_key(small.mailbox().change_key(item));
  struct Row {
    const char* name;
    Json body;
    int status;
    const char* code;
  };
  const auto row = GENERATE_COPY(values<Row>({
      {"create", {{"FolderId", folder}, {"Mode", "create"}, {"Data", data}}, 200, ""},
      {"no folder", {{"Mode", "create"}, {"Data", data}}, 400, "invalidRequest"},
      {"no mode", {{"FolderId", folder}, {"Data", data}}, 400, "invalidRequest"},
      {"no data", {{"FolderId", folder}, {"Mode", "create"}}, 400, "invalidRequest"},
      {"lower case",
       {{"folderId", folder}, {"mode", "create"}, {"data", data}},
       400,
       "invalidRequest"},
      {"unknown mode",
       {{"FolderId", folder}, {"Mode", "merge"}, {"Data", data}},
       400,
       "invalidRequest"},
      {"line breaks",
       {{"FolderId", folder},
        {"Mode", "create"},
        {"Data", data.substr(0, 76) + "\r\n" + data.substr(76)}},
       400,
       "ErrorCorruptData"},
      {"create with ItemId",
       {{"FolderId", folder}, {"Mode", "create"}, {"Data", data}, {"ItemId", item.id}},
       400,
       "invalidRequest"},
      {"unknown folder",
       {{"FolderId", "AAMk"}, {"Mode", "create"}, {"Data", data}},
       404,
       "ErrorItemNotFound"},
      {"update",
       {{"FolderId", folder},
        {"Mode", "update"},
        {"Data", data},
        {"ItemId", item.id},
        {"ChangeKey", key}},
       200,
       ""},
      {"update without ItemId",
       {{"FolderId", folder}, {"Mode", "update"}, {"Data", data}},
       400,
       "invalidRequest"},
      {"update of another state",
       {{"FolderId", folder},
        {"Mode", "update"},
        {"Data", data},
        {"ItemId", item.id},
        {"ChangeKey", "CQAA"}},
       409,
       "ErrorIrresolvableConflict"},
  }));
  CAPTURE(row.name);
  const test::Answer answer = small.import(small.session_url(), row.body.dump());
  CHECK(answer.status == row.status);
  CHECK(answer.code() == row.code);
}

TEST_CASE("broken JSON is refused", "[simulator]") {
  test::SmallTenant small;
  const auto body = GENERATE(values<std::string>(
      {"", "{", "[]", "{\"Mode\":1}", "{\"Mode\":\"create\"", "{\"Mode\" \"create\"}",
       "{\"Data\":\"AA==\",\"Data\":\"AA==\"}", "{\"Other\":\"x\"}", "{}{}", "{\"Mode\":nul}"}));
  CAPTURE(body);
  CHECK(small.import(small.session_url(), body).status == 400);
}

TEST_CASE("sessions are strict", "[simulator]") {
  simulator::TenantPlan plan = test::small_plan();
  plan.lifetimes.import_session = std::chrono::seconds{5};
  test::SmallTenant small{plan};
  const std::string url = small.session_url();
  const std::string body =
      small.import_body("drafts", simulator::whole_stream(first_item(small).recipe));

  SECTION("reused until it expires") {
    CHECK(small.import(url, body).status == 200);
    small.clock().advance(std::chrono::seconds{4});
    CHECK(small.import(url, body).status == 200);
    small.clock().advance(std::chrono::seconds{1});
    const test::Answer expired = small.import(url, body);
    CHECK(expired.status == 401);
    CHECK(expired.body.empty());
  }
  SECTION("no Authorization") {
    CHECK(small.import(url, body, {{"Authorization", "Bearer " + small.token()}}).status == 401);
    CHECK(small.tenant().world()->statistics.violations.at("authorization_sent_to_import_host") ==
          1);
  }
  SECTION("altered token") { CHECK(small.import(url + "x", body).status == 401); }
  SECTION("another mailbox") {
    std::string other = url;
    const std::string id = small.mailbox().id();
    const std::string other_id = small.tenant().world()->find_mailbox("info@contoso.com")->id();
    other.replace(other.find(id), id.size(), other_id);
    const test::Answer answer = small.import(other, body);
    CHECK(answer.status == 409);
    CHECK(answer.json()["Message"].get<std::string>().starts_with("Invalid import session."));
  }
  SECTION("a full mailbox") {
    const std::string id = small.mailbox().id();
    small.tenant().world()->full_mailboxes.insert(id);
    CHECK(small.import(url, body).code() == "ErrorQuotaExceeded");
  }
}
