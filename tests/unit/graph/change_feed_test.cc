#include "src/base/text.h"
#include "tests/support/catch.h"
#include "tests/unit/graph/scripted_tenant.h"

#include <vector>

namespace {

constexpr const char* kGraph = "https://graph.microsoft.com/v1.0";

std::string page(const std::string& entries, const std::string& link_name,
                 const std::string& link) {
  return base::text(R"({"@odata.context":"c","value":[)", entries, R"(],"@odata.)", link_name,
                    R"(":")", link, "\"}");
}

std::string next(const std::string& entries, const std::string& token) {
  return page(entries, "nextLink", base::text(kGraph, "/f?$skiptoken=", token));
}

std::string last(const std::string& entries, const std::string& token) {
  return page(entries, "deltaLink", base::text(kGraph, "/f?$deltatoken=", token));
}

const graph::Cursor kCursor{std::string{kGraph} + "/f?$deltatoken=old"};

struct Walk {
  std::vector<std::string> seen;
  graph::Round round;
};

Walk items(test::ScriptedTenant& it, const std::optional<graph::Cursor>& since = std::nullopt) {
  Walk walk;
  walk.round = it.service().item_changes(
      it.mailbox, "AAMk/+=", since,
      [&](graph::ItemChange change) {
        if (const auto* item = std::get_if<graph::Item>(&change)) {
          walk.seen.push_back(base::text(item->id, ":", item->change_key, ":", item->size_bytes));
        } else {
          walk.seen.push_back("-" + std::get<graph::ItemRemoved>(change).id);
        }
      },
      {});
  return walk;
}

graph::Round folders(test::ScriptedTenant& it, const std::optional<graph::Cursor>& since,
                     std::vector<graph::FolderChange>& seen) {
  return it.service().folder_changes(
      it.mailbox, since, [&](graph::FolderChange change) { seen.push_back(std::move(change)); },
      {});
}

}  // namespace

TEST_CASE("a first round follows the pages to the delta link", "[graph][delta]") {
  test::ScriptedTenant it;
  it.transport.answer({.body = next(R"({"id":"a","changeKey":"k1","size":5})", "1")});
  it.transport.answer({.body = next("", "2")});  // an empty page is not the end
  it.transport.answer(
      {.body =
           last(R"({"id":"b","changeKey":"k2"},{"id":"c","@removed":{"reason":"changed"}})", "x")});
  const Walk walk = items(it);
  CHECK(walk.seen == std::vector<std::string>{"a:k1:5", "b:k2:0", "-c"});
  const auto& complete = std::get<graph::RoundComplete>(walk.round);
  CHECK(complete.full);
  CHECK(complete.next.value == std::string{kGraph} + "/f?$deltatoken=x");

  const auto requests = it.transport.requests();
  REQUIRE(requests.size() == 3);
  CHECK(requests[0].url ==
        "https://graph.microsoft.com/v1.0/admin/exchange/mailboxes/MBX:one@tenant/folders/"
        "AAMk%2F%2B%3D/items/delta");
  CHECK(requests[1].url == std::string{kGraph} + "/f?$skiptoken=1");
  for (const auto& request : requests) CHECK(request.header("Prefer") == "odata.maxpagesize=500");
}

TEST_CASE("a quiet round costs one request", "[graph][delta]") {
  test::ScriptedTenant it;
  it.transport.answer({.body = last("", "new")});
  const Walk walk = items(it, kCursor);
  CHECK(walk.seen.empty());
  CHECK_FALSE(std::get<graph::RoundComplete>(walk.round).full);
  CHECK(it.transport.requests().size() == 1);
  CHECK(it.transport.requests()[0].url == kCursor.value);
}

TEST_CASE("folders are told with what the feed knows", "[graph][delta]") {
  test::ScriptedTenant it;
  it.transport.answer({.body = last(R"({"id":"root","displayName":""},)"
                                    R"({"id":"in","displayName":"Inbox","parentFolderId":"root",)"
                                    R"("type":"IPF.Note","wellKnownName":"inbox"},)"
                                    R"({"id":"odd","displayName":"Odd","parentFolderId":"root",)"
                                    R"("type":null,"wellKnownName":null},)"
                                    R"({"id":"gone","@removed":{"reason":"deleted"}})",
                                    "x")});
  std::vector<graph::FolderChange> seen;
  CHECK(std::holds_alternative<graph::RoundComplete>(folders(it, std::nullopt, seen)));
  REQUIRE(seen.size() == 4);
  const auto& inbox = std::get<graph::Folder>(seen[1]);
  CHECK(inbox.display_name == "Inbox");
  CHECK(inbox.parent_id == "root");
  CHECK(inbox.item_class == "IPF.Note");
  CHECK(inbox.well_known_name == "inbox");
  CHECK(std::get<graph::Folder>(seen[2]).item_class.empty());
  CHECK(std::get<graph::FolderRemoved>(seen[3]).id == "gone");
  CHECK(it.transport.requests()[0].url ==
        "https://graph.microsoft.com/v1.0/admin/exchange/mailboxes/MBX:one@tenant/folders/delta");
}

TEST_CASE("refused tokens and vanished folders are outcomes, told apart", "[graph][delta]") {
  enum class Expected { rejected, gone, protocol, not_found };
  struct Row {
    const char* name;
    bool has_cursor;
    test::ScriptedAnswer answer;
    Expected expected;
  };
  const Row row = GENERATE(values<Row>({
      {"410 with code", true, test::refusal(410, "syncStateNotFound"), Expected::rejected},
      {"410 with Location",
       true,
       {.status = 410,
        .headers = {{"Location", "https://graph.microsoft.com/v1.0/f?$deltatoken="}}},
       Expected::rejected},
      {"400 with code", true, test::refusal(400, "SyncStateNotFound"), Expected::rejected},
      {"404 with code", true, test::refusal(404, "SyncStateInvalid"), Expected::rejected},
      {"code inside",
       true,
       {.status = 400, .body = R"({"error":{"code":"x","innerError":{"code":"resyncRequired"}}})"},
       Expected::rejected},
      {"sync folder not found, with a token", true, test::refusal(404, "ErrorSyncFolderNotFound"),
       Expected::rejected},
      {"by message", true,
       test::refusal(400, "badRequest", "Parameter 'DeltaToken' not supported for this request."),
       Expected::rejected},
      {"folder not found, with a token", true, test::refusal(404, "ErrorItemNotFound"),
       Expected::gone},
      {"folder not found", false, test::refusal(404, "ErrorItemNotFound"), Expected::gone},
      {"sync folder not found", false, test::refusal(404, "ErrorSyncFolderNotFound"),
       Expected::gone},
      {"bare 404", false, {.status = 404}, Expected::gone},
      {"400 without a token", false, test::refusal(400, "badRequest"), Expected::protocol},
      {"410 without a token", false, {.status = 410}, Expected::protocol},
      {"mailbox gone", true, test::refusal(404, "ErrorInvalidUser"), Expected::not_found},
      {"mailbox moved away", false, test::refusal(404, "MailboxNotEnabledForRESTAPI"),
       Expected::not_found},
  }));
  CAPTURE(row.name);
  test::ScriptedTenant it;
  it.transport.answer(row.answer);
  const auto since = row.has_cursor ? std::optional{kCursor} : std::nullopt;
  switch (row.expected) {
    case Expected::rejected:
      CHECK(std::holds_alternative<graph::CursorRejected>(items(it, since).round));
      break;
    case Expected::gone:
      CHECK(std::holds_alternative<graph::FeedGone>(items(it, since).round));
      break;
    case Expected::protocol:
      CHECK(test::error_of([&] { items(it, since); }).first == base::ErrorKind::protocol);
      break;
    case Expected::not_found:
      CHECK(test::error_of([&] { items(it, since); }).first == base::ErrorKind::not_found);
      break;
  }
}

TEST_CASE("a page's token that expires within the round rejects the round", "[graph][delta]") {
  test::ScriptedTenant it;
  it.transport.answer({.body = next("", "1")});
  it.transport.answer(test::refusal(410, "syncStateNotFound"));
  CHECK(std::holds_alternative<graph::CursorRejected>(items(it).round));
}

TEST_CASE("a stored link to another host costs a full round, and nothing is sent there",
          "[graph][delta][security]") {
  test::ScriptedTenant it;
  CHECK(std::holds_alternative<graph::CursorRejected>(
      items(it, graph::Cursor{"https://evil.example/f?$deltatoken=x"}).round));
  CHECK(it.transport.requests().empty());
}

TEST_CASE("feeds that break the contract end with an error, not with a hang",
          "[graph][delta][security]") {
  struct Row {
    const char* name;
    std::string body;
    const char* words;
  };
  const Row row = GENERATE(values<Row>({
      {"foreign next link", page("", "nextLink", "https://evil.example/v1.0/f"), "evil.example"},
      {"foreign delta link", page("", "deltaLink", "https://evil.example/v1.0/f"), "evil.example"},
      {"the login host", page("", "nextLink", "https://login.microsoftonline.com/f"),
       "login.microsoftonline.com"},
      {"a circle", next("", "same"), "circle"},
      {"no link", R"({"value":[]})", "deltaLink"},
      {"no value", R"({"@odata.deltaLink":"https://graph.microsoft.com/x"})", "value"},
      {"entry without id", last(R"({"changeKey":"k"})", "x"), "id"},
      {"entry that is no object", last("5", "x"), "objects"},
      {"size is a text", last(R"({"id":"a","size":"5"})", "x"), "integer"},
      {"link is a number", R"({"value":[],"@odata.nextLink":5})", "text"},
  }));
  CAPTURE(row.name);
  test::ScriptedTenant it;
  it.transport.set_script(
      [&](const test::SentRequest&) { return test::ScriptedAnswer{.body = row.body}; });
  const auto [kind, words] = test::error_of([&] { items(it); });
  CHECK(kind == base::ErrorKind::protocol);
  CHECK_THAT(words, test::contains_text(row.words));
  CHECK(it.transport.requests().size() <= 10);
}
