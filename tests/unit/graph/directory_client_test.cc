#include "src/base/text.h"
#include "tests/support/catch.h"
#include "tests/unit/graph/scripted_tenant.h"

#include <vector>

namespace {

graph::User user_named(const std::string& id) {
  graph::User user;
  user.id = id;
  return user;
}

}  // namespace

TEST_CASE("users are listed to the last page", "[graph][directory]") {
  test::ScriptedTenant it;
  it.transport.answer(
      {.body = R"({"value":[{"id":"1","userPrincipalName":"Ada@Contoso.com","mail":null,)"
               R"("displayName":"Ada"}],)"
               R"("@odata.nextLink":"https://graph.microsoft.com/v1.0/users?$skiptoken=2"})"});
  it.transport.answer({.body =
                           R"({"value":[{"id":"2","userPrincipalName":"b","mail":"Bo@contoso.com",)"
                           R"("accountEnabled":false}]})"});
  std::vector<graph::User> users;
  it.tenant.directory().users([&](graph::User user) { users.push_back(std::move(user)); }, {});
  REQUIRE(users.size() == 2);
  CHECK(users[0].address() == "ada@contoso.com");
  CHECK(users[0].account_enabled);
  CHECK(users[1].address() == "bo@contoso.com");
  CHECK_FALSE(users[1].account_enabled);
  CHECK(it.transport.requests()[0].url ==
        "https://graph.microsoft.com/v1.0/"
        "users?$select=id,userPrincipalName,mail,displayName,accountEnabled&$top=999");
}

TEST_CASE("one user is found by name or by address", "[graph][directory]") {
  test::ScriptedTenant it;
  SECTION("by name") {
    it.transport.answer({.body = R"({"id":"1","userPrincipalName":"a@b"})"});
    CHECK(it.tenant.directory().find_user("a@b", {})->id == "1");
    CHECK_THAT(it.transport.requests()[0].url, test::contains_text("/users/a%40b?"));
  }
  SECTION("by address") {
    it.transport.answer(test::refusal(404, "Request_ResourceNotFound"));
    it.transport.answer({.body = R"({"value":[{"id":"1"}]})"});
    CHECK(it.tenant.directory().find_user("o'neil@b", {})->id == "1");
    CHECK_THAT(it.transport.requests()[1].url,
               test::contains_text("$filter=mail%20eq%20%27o%27%27neil%40b%27"));
  }
  SECTION("not at all") {
    it.transport.answer(test::refusal(404, "Request_ResourceNotFound"));
    it.transport.answer({.body = R"({"value":[]})"});
    CHECK_FALSE(it.tenant.directory().find_user("x@b", {}));
    it.transport.answer(test::refusal(404, "Request_ResourceNotFound"));
    CHECK_FALSE(it.tenant.directory().find_user("x", {}));
    CHECK_FALSE(it.tenant.directory().find_user("", {}));
  }
}

TEST_CASE("members of a group are its users", "[graph][directory]") {
  test::ScriptedTenant it;
  it.transport.answer({.body = R"({"value":[{"@odata.type":"#microsoft.graph.user","id":"1"},)"
                               R"({"@odata.type":"#microsoft.graph.group","id":"2"},)"
                               R"({"@odata.type":"#microsoft.graph.user","id":"3"}]})"});
  CHECK(it.tenant.directory().group_members("g", {}) == std::vector<std::string>{"1", "3"});
  it.transport.answer(test::refusal(404, "Request_ResourceNotFound"));
  CHECK(test::error_of([&] { it.tenant.directory().group_members("g", {}); }).first ==
        base::ErrorKind::not_found);
}

TEST_CASE("an account has a mailbox, or a reason why not", "[graph][directory]") {
  struct Row {
    const char* name;
    test::ScriptedAnswer answer;
    std::string mailbox;
    std::string code;
  };
  const Row row = GENERATE(values<Row>({
      {"mailbox", {.body = R"({"primaryMailboxId":"MBX:1@2"})"}, "MBX:1@2", ""},
      {"on premises", test::refusal(404, "MailboxNotEnabledForRESTAPI"), "",
       "MailboxNotEnabledForRESTAPI"},
      {"unknown to Exchange", test::refusal(404, "ErrorInvalidUser"), "", "ErrorInvalidUser"},
      {"bare 404", {.status = 404}, "", "HTTP 404"},
      {"none", {.body = R"({"primaryMailboxId":""})"}, "", "NoPrimaryMailbox"},
      {"absent", {.body = "{}"}, "", "NoPrimaryMailbox"},
      {"null", {.body = R"({"primaryMailboxId":null})"}, "", "NoPrimaryMailbox"},
  }));
  CAPTURE(row.name);
  test::ScriptedTenant it;
  it.transport.answer(row.answer);
  const auto result = it.tenant.directory().mailbox_of(user_named("u"), {});
  if (const auto* id = std::get_if<graph::MailboxId>(&result)) {
    CHECK(id->value == row.mailbox);
  } else {
    CHECK(row.mailbox.empty());
    CHECK(std::get<graph::NoMailbox>(result).code == row.code);
    CHECK_FALSE(std::get<graph::NoMailbox>(result).message.empty());
  }
}

TEST_CASE("a mailbox has a purpose", "[graph][directory]") {
  test::ScriptedTenant it;
  it.transport.answer({.body = R"({"value":"shared"})"});
  CHECK(std::get<graph::MailboxPurpose>(it.tenant.directory().purpose_of(user_named("u"), {})) ==
        graph::MailboxPurpose::shared);
  it.transport.answer({.body = R"({"value":"somethingNew"})"});
  CHECK(std::get<graph::MailboxPurpose>(it.tenant.directory().purpose_of(user_named("u"), {})) ==
        graph::MailboxPurpose::unknown);
  it.transport.answer(test::refusal(404, "ErrorInvalidUser"));
  CHECK(std::holds_alternative<graph::NoMailbox>(
      it.tenant.directory().purpose_of(user_named("u"), {})));
  CHECK(graph::name(graph::purpose_from_name("ROOM")) == "room");
}
