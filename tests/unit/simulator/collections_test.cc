// Lists of users, groups, folders and items: paging, parameters, rendering.
#include "src/base/text.h"
#include "tests/support/catch.h"
#include "tests/unit/simulator/small_tenant.h"

#include <set>

namespace {

using simulator::Json;

const simulator::Headers kEventual = {{"ConsistencyLevel", "eventual"}};

std::set<std::string> ids_of(const std::vector<Json>& elements) {
  std::set<std::string> ids;
  for (const Json& element : elements) ids.insert(element["id"].get<std::string>());
  return ids;
}

constexpr const char* kExpandKey =
    "$expand=singleValueExtendedProperties($filter=(id%20eq%20'Binary%200x300B')%20or%20"
    "(id%20eq%20'String%200x0037'))";

}  // namespace

TEST_CASE("item lists page by ten, or by $top, with $skip in the link", "[simulator]") {
  test::SmallTenant small;
  const std::string target = small.folder_path("inbox") + "/items";
  const std::size_t total = small.mailbox().find_folder("inbox")->items.size();
  REQUIRE(total > 12);
  const Json first = small.get(target).json();
  CHECK(first["value"].size() == 10);
  CHECK(first["@odata.nextLink"].get<std::string>().ends_with("%24skip=10"));
  CHECK(ids_of(small.all_pages(target).elements).size() == total);
  CHECK(small.all_pages(target + "?$top=999").pages == 1);
  CHECK(small.all_pages(target + "?$top=5&$skip=3").elements.size() == total - 3);
  CHECK(small.get(target + "?$count=true").json()["@odata.count"] == total);
  CHECK(small.get(target + "/$count").body == std::to_string(total));
}

TEST_CASE("lists filter, order and select", "[simulator]") {
  test::SmallTenant small;
  const std::string target = small.folder_path("inbox") + "/items";
  const auto ordered = small.all_pages(target + "?$orderby=createdDateTime%20desc&$top=4");
  for (std::size_t i = 1; i < ordered.elements.size(); ++i) {
    CHECK(ordered.elements[i - 1]["createdDateTime"] >= ordered.elements[i]["createdDateTime"]);
  }
  const std::string middle =
      ordered.elements[ordered.elements.size() / 2]["createdDateTime"].get<std::string>();
  const auto later =
      small.all_pages(target + "?$filter=createdDateTime%20ge%20" + middle +
                      "%20and%20createdDateTime%20lt%202099-01-01T00:00:00Z&$top=100");
  CHECK(later.elements.size() >= ordered.elements.size() / 2);
  for (const Json& item : later.elements) CHECK(item["createdDateTime"] >= middle);
  const Json calendars =
      small.get(small.mailbox_path() + "/folders?$filter=type%20eq%20'IPF.Appointment'").json();
  REQUIRE(calendars["value"].size() == 1);
  CHECK(calendars["value"][0]["wellKnownName"] == "calendar");
  const Json selected = small.get(target + "?$select=size").json()["value"][0];
  CHECK(selected.contains("id"));
  CHECK(selected.contains("size"));
  CHECK_FALSE(selected.contains("changeKey"));
}

TEST_CASE("what lists do not support is refused", "[simulator]") {
  test::SmallTenant small;
  const std::string items = small.folder_path("inbox") + "/items";
  CHECK(small.get(items + "?$search=x").status == 501);
  CHECK(small.get(items + "?$apply=x").status == 501);
  CHECK(small.get(items + "?$top=0").status == 400);
  CHECK(small.get(items + "?$top=x").status == 400);
  CHECK(small.get(items + "?$select=subject").status == 400);
  CHECK(small.get(items + "?$orderby=subject").status == 400);
  CHECK(small.get(items + "?$filter=subject%20eq%20'x'").status == 400);
  CHECK(small.get(items + "?$expand=attachments").status == 400);
  CHECK(small.get(items + "?$top=1&%24top=2").status == 400);
  CHECK(small.get(items + "?$top=%zz").status == 400);
}

TEST_CASE("extended properties come back in the service's spelling", "[simulator]") {
  test::SmallTenant small;
  const Json item =
      small.get(small.folder_path("inbox") + "/items?$top=1&" + kExpandKey).json()["value"][0];
  const Json& properties = item["singleValueExtendedProperties"];
  REQUIRE(properties.size() == 2);
  CHECK(properties[0]["id"] == "Binary 0x300b");
  CHECK(properties[0]["value"].get<std::string>().size() == 24);
  CHECK(properties[1]["id"] == "String 0x37");
  const Json one = small
                       .get(small.folder_path("inbox") + "/items/" +
                            base::percent_encode(item["id"].get<std::string>()) + "?" + kExpandKey)
                       .json();
  CHECK(one["singleValueExtendedProperties"] == properties);
}

TEST_CASE("hidden and search folders are told by their properties", "[simulator]") {
  test::SmallTenant small;
  const auto folders = small.all_pages(
      small.mailbox_path() +
      "/folders?$top=100&$expand=singleValueExtendedProperties($filter=id%20eq%20'Boolean%20"
      "0x10F4'%20or%20id%20eq%20'Integer%200x3601')");
  std::size_t hidden = 0;
  for (const Json& folder : folders.elements) {
    for (const Json& property : folder["singleValueExtendedProperties"]) {
      if (property["id"] == "Boolean 0x10f4" && property["value"] == "true") ++hidden;
      if (property["id"] == "Integer 0x3601") CHECK(property["value"] == "1");
    }
  }
  CHECK(hidden >= 4);
}

TEST_CASE("the top-level list gives the root's children, or all as one client saw", "[simulator]") {
  test::SmallTenant small;
  const simulator::Mailbox& mailbox = small.mailbox();
  const std::string target = small.mailbox_path() + "/folders?$top=100";
  CHECK(small.all_pages(target).elements.size() == mailbox.folder(mailbox.root()).children.size());
  small.tenant().world()->list_all_folders_at_top = true;
  CHECK(small.all_pages(target).elements.size() == mailbox.folders().size() - 1);
}

TEST_CASE("users page by token, and advanced queries need their header", "[simulator]") {
  test::SmallTenant small;
  const std::size_t users = small.tenant().world()->directory.user_count();
  const auto paged = small.all_pages("/users?$top=3");
  CHECK(ids_of(paged.elements).size() == users);
  CHECK(paged.pages == (users + 2) / 3);
  CHECK(small.get("/users?$skip=3").status == 400);
  CHECK(small.get("/users?$top=1000").status == 400);
  CHECK(small.get("/users?$select=id,mailboxSettings").status == 501);
  CHECK(small.get("/users?$filter=accountEnabled%20eq%20true").status == 200);
  const std::string advanced = "/users?$filter=userType%20ne%20'Guest'&$count=true";
  CHECK(small.get(advanced).status == 400);
  CHECK(small.get(advanced, kEventual).json()["@odata.count"] == users - 1);
  CHECK(small.get("/users/$count").status == 400);
  CHECK(small.get("/users/$count", kEventual).body == std::to_string(users));
}

TEST_CASE("accounts without a mailbox say so in each of the service's ways", "[simulator]") {
  test::SmallTenant small;
  const auto settings = [&](const std::string& name) {
    return small.get("/users/" + name + "@contoso.com/settings/exchange");
  };
  CHECK(settings("on.premises").code() == "MailboxNotEnabledForRESTAPI");
  CHECK(settings("break.glass").code() == "ErrorInvalidUser");
  CHECK(settings("unlicensed.one").json()["primaryMailboxId"].get<std::string>().empty());
  CHECK_FALSE(settings("unlicensed.two").json().contains("primaryMailboxId"));
  CHECK(settings("nobody").code() == "Request_ResourceNotFound");
  CHECK(settings("info").json()["primaryMailboxId"].get<std::string>().starts_with("MBX:"));
  CHECK(small.get("/users/info@contoso.com/mailboxSettings/userPurpose").json()["value"] ==
        "shared");
  const std::string foreign =
      "MBX:00000000-0000-0000-0000-000000000000@00000000-0000-0000-0000-000000000000";
  CHECK(small.get("/admin/exchange/mailboxes/" + foreign + "/folders").code() ==
        "ErrorInvalidUser");
  CHECK(small.get("/admin/exchange/mailboxes/nonsense/folders").code() ==
        "ErrorInvalidIdMalformed");
}

TEST_CASE("groups that contain each other give each member once", "[simulator]") {
  test::SmallTenant small;
  const Json groups = small.get("/groups?$filter=displayName%20eq%20'All%20Staff'").json()["value"];
  REQUIRE(groups.size() == 1);
  const std::string path = "/groups/" + groups[0]["id"].get<std::string>() + "/transitiveMembers";
  const auto members = small.all_pages(path + "?$top=2");
  CHECK(ids_of(members.elements).size() == members.elements.size());
  std::set<std::string> types;
  for (const Json& member : members.elements) types.insert(member["@odata.type"]);
  CHECK(types == std::set<std::string>{"#microsoft.graph.device", "#microsoft.graph.group",
                                       "#microsoft.graph.orgContact", "#microsoft.graph.user"});
  CHECK(small.get(path + "/microsoft.graph.user?$count=true").status == 400);
  CHECK_FALSE(
      small.all_pages(path + "/microsoft.graph.user?$count=true", kEventual).elements.empty());
}

TEST_CASE("folders are created with a type, and names do not clash", "[simulator]") {
  test::SmallTenant small;
  const std::string target = small.mailbox_path() + "/folders";
  CHECK(small.send("POST", target, {{"displayName", "A"}}).status == 400);
  CHECK(small.send("POST", target, {{"displayName", 5}, {"type", "IPF.Note"}}).status == 400);
  const Json property = {{"id", 5}, {"value", "x"}};
  CHECK(small
            .send("POST", target,
                  {{"displayName", "A"},
                   {"type", "IPF.Note"},
                   {"singleValueExtendedProperties", Json::array({property})}})
            .status == 400);
  const test::Answer created =
      small.send("POST", target, {{"displayName", "A/B"}, {"type", "IPF.Note"}});
  REQUIRE(created.status == 201);
  CHECK(created.json()["wellKnownName"].is_null());
  const std::string own =
      target + "/" + base::percent_encode(created.json()["id"].get<std::string>());
  const test::Answer clash =
      small.send("POST", target, {{"displayName", "a/b"}, {"type", "IPF.Note"}});
  CHECK(clash.status == 409);
  CHECK(clash.code() == "ErrorFolderExists");
  CHECK(small.send("POST", own + "/childFolders", {{"displayName", "A/B"}, {"type", "IPF.Note"}})
            .status == 201);
  CHECK(small.send("PATCH", own, {{"displayName", "C"}}).json()["displayName"] == "C");
  CHECK(small.send("PATCH", own, {{"type", "IPF.Task"}}).status == 400);
  CHECK(small.send("DELETE", own, {}).status == 405);
  CHECK(small.send("DELETE", own + "/$ref", {}).status == 204);
  CHECK(small.get(own).status == 404);
  CHECK(small.send("DELETE", target + "/inbox/$ref", {}).status == 403);
  CHECK(small.get(target + "/INBOX").json()["displayName"] == "Inbox");
}

TEST_CASE("unknown ids, malformed ids and unknown paths differ", "[simulator]") {
  test::SmallTenant small;
  const std::string mailbox = small.mailbox_path();
  std::string unknown = small.mailbox().items().begin()->second.id;
  unknown[unknown.size() - 5] = unknown[unknown.size() - 5] == 'A' ? 'B' : 'A';
  CHECK(small.get(mailbox + "/folders/" + base::percent_encode(unknown)).status == 404);
  CHECK(small.get(mailbox + "/folders/A-B_C=").code() == "ErrorInvalidIdMalformed");
  CHECK(small.get(mailbox + "/folders/inbox/items/xyz").code() == "ErrorInvalidIdMalformed");
  CHECK(small.get(mailbox + "/folders/inbox/items/" + base::percent_encode(unknown)).code() ==
        "ErrorItemNotFound");
  CHECK(small.get(mailbox + "/nothing").status == 404);
  CHECK(small.send("PUT", mailbox + "/folders", {}).status == 405);
}
