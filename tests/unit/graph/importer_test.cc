#include "src/base/base64.h"
#include "src/base/text.h"
#include "src/graph/import_body.h"
#include "src/graph/json.h"
#include "tests/support/catch.h"
#include "tests/unit/graph/scripted_tenant.h"

#include <vector>

using namespace std::chrono_literals;

namespace {

class Stream final : public graph::StreamSource {
 public:
  explicit Stream(std::string bytes, std::uint64_t told = 0)
      : bytes_(std::move(bytes)), told_(told) {
    if (told_ == 0) told_ = bytes_.size();
  }
  [[nodiscard]] std::uint64_t size_bytes() const override { return told_; }
  std::size_t read(base::MutableByteView target) override {
    const std::size_t size =
        std::min({target.size(), bytes_.size() - position_, std::size_t{1009}});
    std::memcpy(target.data(), bytes_.data() + position_, size);
    position_ += size;
    return size;
  }
  void rewind() override { position_ = 0; }

 private:
  std::string bytes_;
  std::uint64_t told_;
  std::size_t position_ = 0;
};

constexpr const char* kImportUrl =
    "https://outlook.office365.com/api/gv1.0/importItem?authtoken=secret";

test::ScriptedAnswer session(const std::string& url = kImportUrl, const std::string& expires = "") {
  return {.body = base::text(
              R"({"importUrl":")", url, "\"",
              expires.empty() ? "" : base::text(R"(,"expirationDateTime":")", expires, "\""), "}")};
}

test::ScriptedAnswer imported(const std::string& id = "new") {
  return {.body = R"({"itemId":")" + id + R"(","changeKey":"k"})"};
}

graph::ImportResult import(test::ScriptedTenant& it,
                           const std::optional<graph::ImportOver>& over = std::nullopt) {
  Stream stream{"stream bytes"};
  return it.service().import_unit(it.mailbox, "folder", stream, over, {});
}

std::string read_all(http::BodySource& body, std::size_t piece) {
  std::string text;
  base::Bytes buffer(piece);
  while (const std::size_t size = body.read(buffer)) {
    text += base::as_text(base::ByteView{buffer}.first(size));
  }
  return text;
}

}  // namespace

TEST_CASE("the body is made while it is sent, exactly as long as announced", "[graph][import]") {
  const std::size_t size =
      GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{49'151},
               std::size_t{49'152}, std::size_t{49'153}, std::size_t{500'000});
  CAPTURE(size);
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + 1);
  Stream stream{bytes};
  graph::ImportBody body{"f\"1", graph::ImportOver{"i", "k"}, stream};
  const std::string text = read_all(body, 1000);
  CHECK(text.size() == body.size_bytes());
  const auto json = graph::Json::parse(text);
  CHECK(json["FolderId"].text() == "f\"1");
  CHECK(json["Mode"].text() == "update");
  CHECK(json["ItemId"].text() == "i");
  CHECK(json["ChangeKey"].text() == "k");
  CHECK(base::as_text(base::base64_decode(json["Data"].text()).value()) == bytes);
  body.rewind();
  CHECK(read_all(body, 77'777) == text);
}

TEST_CASE("a stored stream of another size than recorded is not sent as if whole",
          "[graph][import]") {
  Stream short_stream{std::string(1000, 'x'), 1001};
  graph::ImportBody short_body{"f", std::nullopt, short_stream};
  CHECK(test::error_of([&] { read_all(short_body, 100); }).first == base::ErrorKind::corrupt);
  Stream long_stream{std::string(1000, 'x'), 999};
  graph::ImportBody long_body{"f", std::nullopt, long_stream};
  CHECK(test::error_of([&] { read_all(long_body, 100); }).first == base::ErrorKind::corrupt);
}

TEST_CASE("an item is imported by a session's URL, without a token", "[graph][import]") {
  test::ScriptedTenant it;
  it.transport.answer(session());
  it.transport.answer(imported());
  it.transport.answer(imported("second"));
  CHECK(std::get<graph::Imported>(import(it)).item_id == "new");
  CHECK(std::get<graph::Imported>(import(it, graph::ImportOver{"i", "k"})).item_id == "second");
  const auto requests = it.transport.requests();
  REQUIRE(requests.size() == 3);
  CHECK_THAT(requests[0].url,
             test::contains_text("/admin/exchange/mailboxes/MBX:one@tenant/createImportSession"));
  CHECK(requests[0].method == "POST");
  CHECK(requests[1].url == kImportUrl);
  CHECK(requests[1].header("Authorization").empty());
  CHECK(requests[1].header("Content-Type") == "application/json");
  CHECK(requests[1].body == R"({"FolderId":"folder","Mode":"create","Data":"c3RyZWFtIGJ5dGVz"})");
  CHECK(graph::Json::parse(requests[2].body)["Mode"].text() == "update");
}

TEST_CASE("a session is renewed ahead of its end", "[graph][import]") {
  test::ScriptedTenant it;
  SECTION("that the service named") {
    it.transport.answer(session(kImportUrl, base::format_rfc3339(it.clock.now() + 1h)));
    it.transport.answer(imported());
    import(it);
    it.clock.advance(54min);
    it.transport.answer(imported());
    import(it);
    it.clock.advance(1min);
  }
  SECTION("that nobody named") {
    it.transport.answer(session());
    it.transport.answer(imported());
    import(it);
    it.clock.advance(200s);
    it.transport.answer(imported());
    import(it);
    it.clock.advance(50s);
  }
  it.transport.answer(session());
  it.transport.answer(imported());
  import(it);
  CHECK(it.transport.requests().size() == 5);
}

TEST_CASE("a session that ends while a request waits for its turn is not used", "[graph][import]") {
  test::ScriptedTenant it;
  it.transport.answer(session());
  it.transport.answer({.status = 429, .headers = {{"Retry-After", "3600"}}});
  it.transport.answer(session("https://outlook.office365.com/second"));
  it.transport.answer(imported());
  CHECK(std::get<graph::Imported>(import(it)).item_id == "new");
  const auto requests = it.transport.requests();
  REQUIRE(requests.size() == 4);
  CHECK(requests.back().url == "https://outlook.office365.com/second");
}

TEST_CASE("a session that is not opened leaves no doubt about the item", "[graph][import]") {
  test::ScriptedTenant it;
  SECTION("a refusal") {
    it.transport.answer({.status = 409, .body = R"({"error":{"code":"Odd","message":"not now"}})"});
  }
  SECTION("no URL") { it.transport.answer({.body = "{}"}); }
  // Of another kind than an answer that makes no sense to an import itself.
  CHECK(test::error_of([&] { import(it); }).first == base::ErrorKind::failed);
  CHECK(it.transport.requests().size() == 1);
}

TEST_CASE("a refused session is replaced, but not for ever", "[graph][import]") {
  test::ScriptedTenant it;
  const int status = GENERATE(401, 403);
  it.transport.answer(session());
  it.transport.answer({.status = status});
  it.transport.answer(session("https://outlook.office365.com/second"));
  SECTION("and the next works") {
    it.transport.answer(imported());
    CHECK(std::get<graph::Imported>(import(it)).item_id == "new");
    CHECK(it.transport.requests().back().url == "https://outlook.office365.com/second");
  }
  SECTION("and the next ones do not") {
    it.transport.answer({.status = status});
    it.transport.answer(session());
    it.transport.answer({.status = status});
    CHECK(test::error_of([&] { import(it); }).first == base::ErrorKind::denied);
  }
}

TEST_CASE("data goes to the configured import hosts only", "[graph][import][security]") {
  const auto* const url = GENERATE("https://evil.example/importItem?authtoken=secret",
                                   "https://graph.microsoft.com/importItem?authtoken=secret",
                                   "http://outlook.office365.com/importItem?authtoken=secret",
                                   "https://outlook.office365.com@evil.example/?authtoken=secret");
  CAPTURE(url);
  test::ScriptedTenant it;
  it.transport.answer(session(url));
  const auto [kind, words] = test::error_of([&] { import(it); });
  CHECK(kind == base::ErrorKind::denied);
  CHECK_THAT(words, test::contains_text("import_hosts"));
  CHECK_THAT(words, !test::contains_text("secret"));
  CHECK(it.transport.requests().size() == 1);
}

TEST_CASE("a session is opened ahead of the first import, and used for it", "[graph][import]") {
  test::ScriptedTenant it;
  it.transport.answer(session());
  it.service().prepare_import(it.mailbox, {});
  it.transport.answer(imported());
  import(it);
  CHECK(it.transport.requests().size() == 2);
}

TEST_CASE("only the service's words for it mean that the mailbox is gone", "[graph][import]") {
  const auto [code, kind] = GENERATE(std::pair{"ErrorInvalidUser", base::ErrorKind::not_found},
                                     std::pair{"UnknownError", base::ErrorKind::failed});
  test::ScriptedTenant it;
  it.transport.answer(test::refusal(404, code));
  CHECK(test::error_of([&] { it.service().prepare_import(it.mailbox, {}); }).first == kind);
}

TEST_CASE("what became of an import is told honestly", "[graph][import]") {
  enum class Expected { imported, refused, full, uncertain };
  struct Row {
    const char* name;
    test::ScriptedAnswer answer;
    Expected expected;
    const char* words;
  };
  using http::TransferFailure;
  const Row row = GENERATE(values<Row>({
      {"201", {.status = 201, .body = R"({"itemId":"n"})"}, Expected::imported, ""},
      {"accepted without an id", {.body = "{}"}, Expected::uncertain, "itemId"},
      {"accepted, answer cut", {.body = R"({"itemId":")"}, Expected::uncertain, "accepted"},
      {"lost", {.failure = TransferFailure::interrupted}, Expected::uncertain, "interrupted"},
      {"timed out", {.failure = TransferFailure::timed_out}, Expected::uncertain, "timed out"},
      {"500", {.status = 500}, Expected::uncertain, "500"},
      {"503", {.status = 503}, Expected::uncertain, "503"},
      {"504", {.status = 504}, Expected::uncertain, "504"},
      {"500 that names the data", test::refusal(500, "ErrorCorruptData"), Expected::refused,
       "ErrorCorruptData"},
      {"400 altered", test::refusal(400, "ErrorCorruptData"), Expected::refused,
       "ErrorCorruptData"},
      {"404 folder", test::refusal(404, "ErrorItemNotFound"), Expected::refused,
       "ErrorItemNotFound"},
      {"409", test::refusal(409, "ErrorIrresolvableConflict"), Expected::refused,
       "ErrorIrresolvableConflict"},
      {"409 of an import host",
       {.status = 409, .body = R"({"Message":"Invalid import session."})"},
       Expected::refused,
       "HTTP 409"},
      {"413", {.status = 413}, Expected::refused, "HTTP 413"},
      {"307",
       {.status = 307, .headers = {{"Location", "https://evil.example/"}}},
       Expected::refused,
       "Redirect"},
      {"507", {.status = 507}, Expected::full, "HTTP 507"},
      {"quota", test::refusal(400, "ErrorQuotaExceeded"), Expected::full, "ErrorQuotaExceeded"},
  }));
  CAPTURE(row.name);
  test::ScriptedTenant it;
  it.transport.answer(session());
  it.transport.answer(row.answer);
  const auto result = import(it);
  switch (row.expected) {
    case Expected::imported:
      CHECK(std::holds_alternative<graph::Imported>(result));
      break;
    case Expected::uncertain:
      REQUIRE(std::holds_alternative<graph::ImportUncertain>(result));
      CHECK_THAT(std::get<graph::ImportUncertain>(result).detail, test::contains_text(row.words));
      break;
    case Expected::refused:
    case Expected::full:
      REQUIRE(std::holds_alternative<graph::ImportRefused>(result));
      CHECK(std::get<graph::ImportRefused>(result).error.code == row.words);
      CHECK(std::get<graph::ImportRefused>(result).target_full == (row.expected == Expected::full));
      break;
  }
  CHECK(it.transport.requests().size() == 2);  // nothing was sent twice
}

TEST_CASE("only where nobody can have acted is an import repeated", "[graph][import]") {
  test::ScriptedTenant it;
  it.transport.answer(session());
  it.transport.answer(test::refusal(429, "ApplicationThrottled", "over its IncomingBytes limit",
                                    {{"Retry-After", "40"}}));
  it.transport.answer({.failure = http::TransferFailure::not_sent});
  it.transport.answer(test::refusal(400, "x", "IO error during request payload read"));
  it.transport.answer(imported());
  CHECK(std::holds_alternative<graph::Imported>(import(it)));
  CHECK(it.clock.slept() >= 40s);
  CHECK(it.service().statistics().throttled == 1);
  // With the tick that the gate waits besides.
  CHECK(it.service().statistics().throttled_time == 40s + 1ms);
  const auto requests = it.transport.requests();
  REQUIRE(requests.size() == 5);
  CHECK(requests[1].body == requests[4].body);
}

TEST_CASE("uploads to one mailbox keep the service's limit ahead of time", "[graph][import]") {
  test::ScriptedTenant it;
  it.transport.answer(session(kImportUrl, base::format_rfc3339(it.clock.now() + 24h)));
  it.transport.set_script([](const test::SentRequest&) { return imported(); });
  // NOLINTNEXTLINE(bugprone-string-constructor): so long is meant.
  const std::string bytes(10'000'000, 'x');
  for (int i = 0; i < 12; ++i) {
    Stream stream{bytes};
    it.service().import_unit(it.mailbox, "f", stream, std::nullopt, {});
  }
  // 13.3 MB each: eleven within the first five minutes, the twelfth after them.
  CHECK(it.clock.slept() == 5min);
  CHECK(it.service().time_lost(it.mailbox) == 5min);
}
