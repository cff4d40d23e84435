#include "src/graph/export_scanner.h"

#include "src/base/base64.h"
#include "src/base/text.h"
#include "src/graph/json.h"
#include "tests/support/catch.h"

#include <random>
#include <string>
#include <vector>

using graph::ExportElement;
using Data = ExportElement::Data;

namespace {

// What the scanner told, in words that compare.
class Recorder final : public graph::ExportHandler {
 public:
  bool begin_data(const std::string&) override {
    bytes_.clear();
    return true;
  }
  void data(base::ByteView piece) override { bytes_ += base::as_text(piece); }
  void end_element(const ExportElement& element) override {
    told += base::text(
        "[", element.item_id, "|", element.change_key, "|", static_cast<int>(element.data), "|",
        element.data == Data::whole ? bytes_ : "", "|",
        element.has_error ? base::text(element.error_code, ":", element.error_message) : "-", "]");
    bytes_.clear();
  }
  std::string told;

 private:
  std::string bytes_;
};

struct Outcome {
  std::string told;
  bool good = true;
  bool complete = false;
  bool operator==(const Outcome&) const = default;
};

template <typename NextSize>
Outcome scan(std::string_view text, NextSize next_size) {
  Recorder recorder;
  graph::ExportScanner scanner{recorder};
  Outcome outcome;
  while (!text.empty() && outcome.good) {
    const std::string_view piece = text.substr(0, next_size());
    text.remove_prefix(piece.size());
    outcome.good = scanner.feed(base::as_bytes(piece));
  }
  outcome.told = recorder.told;
  outcome.complete = scanner.complete();
  return outcome;
}

Outcome scan(std::string_view text) {
  return scan(text, [&] { return text.size(); });
}

std::string encoded(std::string_view bytes) { return base::base64_encode(base::as_bytes(bytes)); }

}  // namespace

TEST_CASE("an export answer is read in every shape it may have", "[graph][export]") {
  struct Row {
    const char* name;
    std::string text;
    std::string told;
  };
  const Row row = GENERATE(values<Row>({
      {"as documented",
       R"({"@odata.context":"https://x/$metadata","value":[)"
       R"({"itemId":"A1","changeKey":"K","data":"aGVsbG8="},)"
       R"({"itemId":"A2","error":{"code":"ErrorItemNotFound","message":"gone"}}]})",
       "[A1|K|1|hello|-][A2||0||ErrorItemNotFound:gone]"},
      {"data first", R"({"value":[{"data":"aGVsbG8=","changeKey":"K","itemId":"A1"}]})",
       "[A1|K|1|hello|-]"},
      {"capital names", R"({"Value":[{"ItemId":"A1","Data":"aGVsbG8=","Error":null}]})",
       "[A1||1|hello|-]"},
      {"capital error", R"({"value":[{"itemId":"A2","Error":{"Code":"C","Message":"m"}}]})",
       "[A2||0||C:m]"},
      {"null error", R"({"value":[{"itemId":"A1","data":"aGk=","error":null}]})", "[A1||1|hi|-]"},
      {"error as text", R"({"value":[{"itemId":"A1","error":"bad"}]})", "[A1||0||:bad]"},
      {"error with more inside",
       R"({"value":[{"itemId":"A1","error":{"innerError":{"code":"inner"},"code":"C",)"
       R"("details":[{"code":"d"}]}}]})",
       "[A1||0||C:]"},
      {"neither", R"({"value":[{"itemId":"A1","changeKey":"K"}]})", "[A1|K|0||-]"},
      {"null data", R"({"value":[{"itemId":"A1","data":null}]})", "[A1||0||-]"},
      {"empty data", R"({"value":[{"itemId":"A1","data":""}]})", "[A1||0||-]"},
      {"no elements", R"({"value":[]})", ""},
      {"blanks", " {\n\t\"value\" : [ { \"itemId\" : \"A1\" , \"data\" : \"aGk=\" } , {} ] } \r\n",
       "[A1||1|hi|-][||0||-]"},
      {"escaped slashes in data", R"({"value":[{"itemId":"A1","data":"\/\/\/\/"}]})",
       "[A1||1|\xff\xff\xff|-]"},
      {"escapes by number in data", R"({"value":[{"itemId":"A1","data":"aGk\u003D"}]})",
       "[A1||1|hi|-]"},
      {"escapes in ids", R"({"value":[{"itemId":"A\/\u0041\ud83d\ude00\"","data":"aGk="}]})",
       "[A/A\xf0\x9f\x98\x80\"||1|hi|-]"},
      {"lone surrogates", R"({"value":[{"itemId":"\ud83dx\ude00\ud83d"}]})",
       "[\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd||0||-]"},
      {"other members of all kinds",
       R"({"a":[1,-2.5e+3,true,false,null,"x",{"value":[{"itemId":"no"}]}],)"
       R"("value":[{"@odata.type":"t","n":1,)"
       R"("o":{"data":"no","itemId":"no"},"l":[["data"]],"itemId":"A1","data":"aGk="}],"z":{}})",
       "[A1||1|hi|-]"},
      {"data that is no base64",
       R"({"value":[{"itemId":"A1","data":"a!k="},{"itemId":"A2","data":"aGk="}]})",
       "[A1||2||-][A2||1|hi|-]"},
      {"data cut within a quad", R"({"value":[{"itemId":"A1","data":"aGk"}]})", "[A1||2||-]"},
      {"data of another type", R"({"value":[{"itemId":"A1","data":5},{"itemId":"A2","data":[1]}]})",
       "[A1||2||-][A2||2||-]"},
      {"id of another type", R"({"value":[{"itemId":5,"data":"aGk="}]})", "[||2||-]"},
      {"id twice", R"({"value":[{"itemId":"A1","data":"aGk=","itemId":"A2"}]})", "[A1||2||-]"},
      {"data twice", R"({"value":[{"itemId":"A1","data":"aGk=","data":"aGk="}]})", "[A1||2||-]"},
  }));
  CAPTURE(row.name);
  const Outcome whole = scan(row.text);
  CHECK(whole.told == row.told);
  CHECK(whole.good);
  CHECK(whole.complete);

  SECTION("cut anywhere into two") {
    for (std::size_t cut = 1; cut < row.text.size(); ++cut) {
      bool first = true;
      CHECK(scan(row.text, [&] { return std::exchange(first, false) ? cut : row.text.size(); }) ==
            whole);
    }
  }
  SECTION("byte by byte") {
    CHECK(scan(row.text, [] { return std::size_t{1}; }) == whole);
  }
  SECTION("ended early") {
    const std::size_t end = row.text.find_last_of('}');
    for (std::size_t size = 0; size < end; ++size) {
      const Outcome cut = scan(std::string_view{row.text}.substr(0, size));
      CHECK(cut.good);
      CHECK_FALSE(cut.complete);
      CHECK(whole.told.starts_with(cut.told));
    }
  }
}

TEST_CASE("what is no export answer is refused", "[graph][export][security]") {
  const auto [name, text] = GENERATE(table<const char*, std::string>({
      {"a list", "[]"},
      {"a text", "\"x\""},
      {"a number", "5"},
      {"HTML", "<html>"},
      {"no value", "{}"},
      {"another document", R"({"error":{"code":"x"}})"},
      {"value is no list", R"({"value":{}})"},
      {"value twice", R"({"value":[],"value":[]})"},
      {"elements that are no objects", R"({"value":["x"]})"},
      {"elements that are lists", R"({"value":[[]]})"},
      {"elements that are null", R"({"value":[null]})"},
      {"comma too much", R"({"value":[{},]})"},
      {"comma missing", R"({"value":[{}{}]})"},
      {"colon missing", R"({"value"[]})"},
      {"name without quotes", R"({value:[]})"},
      {"wrong end", R"({"value":[}]})"},
      {"text after the end", R"({"value":[]}x)"},
      {"unknown word", R"({"a":nul,"value":[]})"},
      {"bad number", R"({"a":1.e,"value":[]})"},
      {"unknown escape", R"({"value":[{"itemId":"\x41"}]})"},
      {"bad digits of an escape", R"({"value":[{"itemId":"\u00g1"}]})"},
      {"too deep", R"({"a":)" + std::string(40, '[')},
      {"an id without end", R"({"value":[{"itemId":")" + std::string(10'000, 'x') + "\"}]}"},
      {"a number without end", R"({"a":)" + std::string(10'000, '1')},
  }));
  CAPTURE(name);
  const Outcome outcome = scan(text);
  CHECK_FALSE((outcome.good && outcome.complete));
}

TEST_CASE("endless names and messages are bounded, not collected", "[graph][export][security]") {
  const std::string text = R"({")" + std::string(100'000, 'n') +
                           R"(":1,"value":[{"itemId":"A","error":{"code":"C","message":")" +
                           std::string(1'000'000, 'm') + R"("}}]})";
  const Outcome outcome = scan(text, [] { return std::size_t{977}; });
  CHECK(outcome.complete);
  CHECK(outcome.told.size() < 2'000);
}

TEST_CASE("random answers in random pieces read as a plain parser reads them",
          "[graph][export][property]") {
  const auto seed = GENERATE(range(0u, 60u));
  CAPTURE(seed);
  std::mt19937 random{seed};
  const auto pick = [&](unsigned below) { return static_cast<unsigned>(random() % below); };
  std::string text = pick(2) == 0 ? "{" : "{\"@odata.context\":\"c\",";
  text += "\"value\":[";
  const unsigned count = pick(6);
  for (unsigned i = 0; i < count; ++i) {
    std::string bytes(pick(4) == 0 ? pick(200'000) : pick(300), '\0');
    for (char& c : bytes) c = static_cast<char>(random() & 0xff);
    std::string data = encoded(bytes);
    if (pick(3) == 0) {
      std::string escaped;
      for (const char c : data) escaped += c == '/' ? "\\/" : std::string{c};
      data = escaped;
    }
    std::vector<std::string> members{"\"itemId\":" + graph::json_quoted("id" + std::to_string(i))};
    if (pick(5) != 0) members.push_back("\"data\":\"" + data + "\"");
    if (pick(2) == 0) members.emplace_back("\"changeKey\":\"k\"");
    if (pick(4) == 0) members.emplace_back(R"("error":{"code":"E","message":"m"})");
    std::shuffle(members.begin(), members.end(), random);
    if (i > 0) text += ",";
    text += "{";
    for (std::size_t j = 0; j < members.size(); ++j) text += (j > 0 ? "," : "") + members[j];
    text += "}";
  }
  text += "]}";

  std::string expected;
  const graph::Json document = graph::Json::parse(text);
  for (const graph::Json& element : document["value"].elements()) {
    const auto decoded = base::base64_decode(element["data"].text());
    REQUIRE(decoded);
    const bool has_data = !decoded->empty();
    const graph::Json& error = element["error"];
    expected += base::text(
        "[", element["itemId"].text(), "|", element["changeKey"].text(), "|", has_data ? 1 : 0, "|",
        base::as_text(*decoded), "|",
        error.is_null() ? "-" : base::text(error["code"].text(), ":", error["message"].text()),
        "]");
  }
  const Outcome outcome =
      scan(text, [&] { return std::size_t{1} + random() % (pick(2) == 0 ? 10 : 70'000); });
  CHECK(outcome.complete);
  CHECK(outcome.told == expected);
}
