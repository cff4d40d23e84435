#include "src/base/base64.h"
#include "src/base/text.h"
#include "tests/support/catch.h"
#include "tests/unit/graph/scripted_tenant.h"

#include <map>
#include <set>
#include <vector>

namespace {

std::string item(const std::string& id, const std::string& properties = "") {
  return base::text(R"({"id":")", id, R"(","changeKey":"k","type":"IPM.Note","size":7,)",
                    R"("createdDateTime":"2026-05-01T08:00:00Z","singleValueExtendedProperties":[)",
                    properties, "]}");
}

std::string property(const std::string& id, const std::string& value) {
  return base::text(R"({"id":")", id, R"(","value":")", value, "\"}");
}

std::string list(const std::string& entries, const std::string& next = "") {
  const std::string link =
      next.empty() ? "" : R"(,"@odata.nextLink":"https://graph.microsoft.com/v1.0/)" + next + "\"";
  return "{\"value\":[" + entries + "]" + link + "}";
}

std::map<std::string, graph::ItemDetails> details(test::ScriptedTenant& it,
                                                  const std::vector<std::string>& ids) {
  std::map<std::string, graph::ItemDetails> result;
  it.service().item_details(it.mailbox, "f", ids,
                            [&](graph::Item told, graph::ItemDetails detail) {
                              CHECK(told.id == detail.item_id);
                              CHECK(result.emplace(told.id, std::move(detail)).second);
                            },
                            {});
  return result;
}

bool asks_for_list(const test::SentRequest& request) {
  return request.url.find("/items?") != std::string::npos;
}

}  // namespace

TEST_CASE("details are read whatever the spelling of their tags", "[graph][details]") {
  test::ScriptedTenant it;
  it.transport.answer(
      {.body = list(item("a", base::text(property("String 0x37", "Hello"), ",",
                                         property("SystemTime 0xE06", "2026-05-01T08:00:01Z"), ",",
                                         property("SystemTime 0x39", "2026-05-01T08:00:00Z"), ",",
                                         property("String 0xc1a", "Ada"), ",",
                                         property("String 0xC1F", "/O=X/CN=ADA"), ",",
                                         property("String 0x5d01", "ada@contoso.com"), ",",
                                         property("Boolean 0xe1b", "True"), ",",
                                         property("Binary 0x300b",
                                                  base::base64_encode(base::as_bytes("key"))))) +
                    "," + item("b"))});
  const auto all = details(it, {});
  REQUIRE(all.size() == 2);
  const auto& a = all.at("a");
  CHECK(a.subject == "Hello");
  CHECK(a.received == base::parse_rfc3339("2026-05-01T08:00:01Z"));
  CHECK(a.sent == base::parse_rfc3339("2026-05-01T08:00:00Z"));
  CHECK(a.sender_name == "Ada");
  CHECK(a.sender_address == "ada@contoso.com");
  CHECK(a.has_attachments);
  CHECK(a.search_key == "key");
  CHECK(all.at("b").subject.empty());
  CHECK_FALSE(all.at("b").received);
  const std::string url = it.transport.requests()[0].url;
  CHECK_THAT(url, test::contains_text("/folders/f/items?$select=id,changeKey,type,size,"));
  CHECK_THAT(url, test::contains_text("$top=100"));
  CHECK_THAT(url, test::contains_text("Binary%200x300B"));
}

TEST_CASE("a whole folder costs a request per page, and repeats are told once",
          "[graph][details]") {
  test::ScriptedTenant it;
  it.transport.answer({.body = list(item("a") + "," + item("b"), "2")});
  it.transport.answer({.body = list(item("b") + "," + item("c"))});
  CHECK(details(it, {}).size() == 3);
  CHECK(it.transport.requests().size() == 2);
}

TEST_CASE("named items cost the cheaper of pages and single requests", "[graph][details]") {
  SECTION("one is asked for alone") {
    test::ScriptedTenant it;
    it.transport.answer({.body = item("a")});
    CHECK(details(it, {"a"}).contains("a"));
    CHECK_FALSE(asks_for_list(it.transport.requests()[0]));
  }
  SECTION("new ones are on the first page") {
    test::ScriptedTenant it;
    it.transport.answer({.body = list(item("a") + "," + item("b") + "," + item("x"), "2")});
    CHECK(details(it, {"a", "b"}).size() == 2);
    CHECK(it.transport.requests().size() == 1);
    CHECK_THAT(it.transport.requests()[0].url,
               test::contains_text("$orderby=createdDateTime%20desc"));
  }
  SECTION("old ones are asked for alone, once the pages have cost as much") {
    test::ScriptedTenant it;
    int page = 0;
    it.transport.set_script([&](const test::SentRequest& request) -> test::ScriptedAnswer {
      if (request.url.find("/items/old") != std::string::npos) {
        return {.body = item(request.url.substr(request.url.find("/items/") + 7, 4))};
      }
      ++page;
      return {.body = list(item("p" + std::to_string(page)), "next" + std::to_string(page))};
    });
    CHECK(details(it, {"p1", "old1", "old2"}).size() == 3);
    CHECK(it.transport.requests().size() == 4);
  }
}

TEST_CASE("items without an answer are left out", "[graph][details]") {
  test::ScriptedTenant it;
  it.transport.answer({.body = list(item("a"))});
  it.transport.answer(test::refusal(404, "ErrorItemNotFound"));
  CHECK(details(it, {"a", "gone"}).size() == 1);
  it.transport.answer(test::refusal(404, "ErrorItemNotFound"));
  CHECK(details(it, {}).empty());
}

TEST_CASE("what several mailboxes refuse is not asked for again", "[graph][details]") {
  test::ScriptedTenant it;
  it.transport.set_script([](const test::SentRequest& request) -> test::ScriptedAnswer {
    if (request.url.find("orderby") != std::string::npos)
      return test::refusal(400, "InefficientFilter");
    if (request.url.find("0x5D01") != std::string::npos) return test::refusal(501, "notSupported");
    return {.body = list(item("a", property("String 0x37", "Hello")))};
  });
  std::size_t asked = 0;
  const auto requests = [&] {
    return it.transport.requests().size() - std::exchange(asked, it.transport.requests().size());
  };
  for (const char* mailbox : {"MBX:1", "MBX:1", "MBX:1", "MBX:2", "MBX:3"}) {
    it.mailbox = {mailbox};
    CHECK(details(it, {}).at("a").subject == "Hello");
    CHECK(requests() == 3);
  }
  CHECK(details(it, {}).size() == 1);
  CHECK(requests() == 1);
}

TEST_CASE("items are told without properties where the service refuses these", "[graph][details]") {
  test::ScriptedTenant it;
  it.transport.set_script([](const test::SentRequest& request) -> test::ScriptedAnswer {
    if (request.url.find("expand") != std::string::npos) return test::refusal(400, "badRequest");
    if (request.url.find("/items?") == std::string::npos) return {.body = item("a")};
    return {.body = list(item("a") + "," + item("b"))};
  });
  CHECK(details(it, {"a"}).at("a").subject.empty());
  CHECK(details(it, {"a", "b"}).size() == 2);
  CHECK(details(it, {}).size() == 2);
}

TEST_CASE("texts without an end are cut at a character", "[graph][details]") {
  std::string subject;
  while (subject.size() < 2'000'000) subject += "ä";
  test::ScriptedTenant it;
  it.transport.answer({.body = item("a", property("String 0x37", subject))});
  const std::string shown = details(it, {"a"}).at("a").subject;
  CHECK(shown.size() == 16 * 1024);
  CHECK(shown.ends_with("ä"));
}

TEST_CASE("pages that lead astray end the listing with an error", "[graph][details][security]") {
  const auto [name, body, words] = GENERATE(table<const char*, std::string, const char*>({
      {"circle", list("", "same"), "circle"},
      {"foreign", R"({"value":[],"@odata.nextLink":"https://evil.example/x"})", "evil.example"},
  }));
  CAPTURE(name);
  test::ScriptedTenant it;
  it.transport.set_script(
      [body = body](const test::SentRequest&) { return test::ScriptedAnswer{.body = body}; });
  const auto [kind, text] = test::error_of([&] { details(it, {}); });
  CHECK(kind == base::ErrorKind::protocol);
  CHECK_THAT(text, test::contains_text(words));
}

TEST_CASE("a folder is told with its hidden properties, or not at all", "[graph][folders]") {
  test::ScriptedTenant it;
  it.transport.answer(
      {.body =
           R"({"id":"f","displayName":"X","parentFolderId":"r","singleValueExtendedProperties":[)"
           R"({"id":"Boolean 0x10f4","value":"true"},{"id":"Integer 0x3601","value":"2"}]})"});
  const auto folder = it.service().folder(it.mailbox, "f", {});
  REQUIRE(folder);
  CHECK(folder->is_hidden);
  CHECK(folder->is_search_folder);

  it.transport.answer(test::refusal(400, "invalidRequest"));
  it.transport.answer({.body = R"({"id":"f"})"});
  CHECK(it.service().folder(it.mailbox, "f", {}));

  it.transport.answer(test::refusal(404, "ErrorItemNotFound"));
  CHECK_FALSE(it.service().folder(it.mailbox, "f", {}));

  it.transport.answer(test::refusal(404, "ErrorInvalidUser"));
  CHECK(test::error_of([&] { it.service().folder(it.mailbox, "f", {}); }).first ==
        base::ErrorKind::not_found);
}

TEST_CASE("a folder is created, or the one of that name is found", "[graph][folders]") {
  test::ScriptedTenant it;
  const auto create = [&] {
    const auto made = it.service().create_folder(it.mailbox, "parent=", "A \"b\"", "", {});
    CHECK(made.was_there == (made.folder.id != "new"));
    return made.folder.id;
  };
  SECTION("created") {
    it.transport.answer({.status = 201, .body = R"({"id":"new"})"});
    CHECK(create() == "new");
    const auto request = it.transport.requests()[0];
    CHECK(request.body == R"({"displayName":"A \"b\"","type":"IPF.Note"})");
    CHECK_THAT(request.url, test::contains_text("/folders/parent%3D/childFolders"));
    CHECK_THAT(it.transport.token_requests()[0].body, test::contains_text("client_id=restore-id"));
  }
  SECTION("there already, on the second page") {
    it.transport.answer(test::refusal(409, "ErrorFolderExists"));
    it.transport.answer({.body = list(R"({"id":"x","displayName":"a \"B\""})", "2")});
    it.transport.answer(
        {.body = list(R"({"id":"y","displayName":"A \"b\""},{"id":"z","displayName":"C"})")});
    CHECK(create() == "y");
  }
  SECTION("there already, in another case") {
    it.transport.answer(test::refusal(409, "nameAlreadyExists"));
    it.transport.answer({.body = list(R"({"id":"x","displayName":"a \"B\""})")});
    CHECK(create() == "x");
  }
  SECTION("the answer was lost") {
    it.transport.answer({.failure = http::TransferFailure::interrupted});
    it.transport.answer(test::refusal(409, "ErrorFolderExists"));
    it.transport.answer({.body = list(R"({"id":"y","displayName":"A \"b\""})")});
    CHECK(create() == "y");
  }
  SECTION("refused") {
    it.transport.answer(test::refusal(403, "ErrorAccessDenied"));
    const auto [kind, words] = test::error_of(create);
    CHECK(kind == base::ErrorKind::denied);
    CHECK_THAT(words,
               test::contains_text(
                   "the restore app needs the application permission MailboxFolder.ReadWrite.All"));
  }
}

TEST_CASE("a folder is removed, or was gone already", "[graph][folders]") {
  test::ScriptedTenant it;
  const auto remove = [&] { it.service().remove_folder(it.mailbox, "folder=", {}); };
  SECTION("removed") {
    it.transport.answer({.status = 204});
    remove();
    const auto request = it.transport.requests()[0];
    CHECK(request.method == "DELETE");
    CHECK_THAT(request.url, test::contains_text("/folders/folder%3D/$ref"));
    CHECK_THAT(it.transport.token_requests()[0].body, test::contains_text("client_id=restore-id"));
  }
  SECTION("gone") {
    it.transport.answer(test::refusal(404, "ErrorItemNotFound"));
    remove();
  }
  SECTION("refused") {
    it.transport.answer(test::refusal(403, "ErrorAccessDenied"));
    CHECK(test::error_of(remove).first == base::ErrorKind::denied);
  }
  SECTION("answered otherwise") {
    it.transport.answer(test::refusal(400, "ErrorDeleteDistinguishedFolder"));
    CHECK(test::error_of(remove).first == base::ErrorKind::protocol);
  }
}

TEST_CASE("without a restore app nothing can be written, and the remedy is told", "[graph]") {
  test::ScriptedTransport transport;
  test::VirtualClock clock;
  auto settings = test::scripted_settings();
  settings.restore_app.reset();
  graph::Tenant tenant{std::move(settings), transport, clock};
  CHECK_FALSE(tenant.has_restore_app());
  const auto [kind, words] =
      test::error_of([&] { tenant.mailboxes().create_folder({"m"}, "p", "n", "", {}); });
  CHECK(kind == base::ErrorKind::denied);
  CHECK_THAT(words, test::contains_text("restore_app"));
  CHECK(transport.requests().empty());
}
