#include "src/graph/json.h"

#include "src/base/error.h"
#include "tests/support/catch.h"

#include <string>

using graph::Json;

TEST_CASE("a document is read as values", "[graph][json]") {
  const Json json = Json::parse(R"({"text":"a\u00e4\"\\/","number":-5,"real":1.5,"yes":true,)"
                                R"("none":null,"list":[1,{"x":"y"}]})");
  CHECK(json["text"].text() == "a\xc3\xa4\"\\/");
  CHECK(json["number"].integer() == -5);
  CHECK(json["yes"].boolean() == true);
  CHECK(json["none"].is_null());
  CHECK(json["absent"].is_null());
  CHECK(json["absent"]["deeper"].text().empty());
  CHECK(json["none"].elements().empty());
  REQUIRE(json["list"].elements().size() == 2);
  CHECK(json["list"].elements()[1]["x"].text() == "y");
  CHECK(json.member_ignoring_case("TEXT").text() == json["text"].text());
  CHECK(json["number"].text_or_nothing().empty());
}

TEST_CASE("values of another type than expected break the contract", "[graph][json]") {
  const Json json =
      Json::parse(R"({"text":"a","number":5,"real":1.5,"list":[],"huge":18446744073709551615})");
  CHECK_THROWS_AS(json["number"].text(), base::Error);
  CHECK_THROWS_AS(json["text"].integer(), base::Error);
  CHECK_THROWS_AS(json["real"].integer(), base::Error);
  CHECK_THROWS_AS(json["huge"].integer(), base::Error);
  CHECK_THROWS_AS(json["text"].boolean(), base::Error);
  CHECK_THROWS_AS(json["text"].elements(), base::Error);
  CHECK_THROWS_AS(json.required_text("absent"), base::Error);
  CHECK_THROWS_AS(json.required_elements("absent"), base::Error);
  CHECK_NOTHROW(json.required_elements("list"));
}

TEST_CASE("hostile text is refused", "[graph][json][security]") {
  std::string many = "[";
  for (int i = 0; i < 2'000'001; ++i) many += "0,";
  many += "0]";
  const auto [name, text] = GENERATE_REF(table<const char*, std::string>({
      {"empty", ""},
      {"blank", "  "},
      {"cut object", R"({"a":1)"},
      {"cut text", R"({"a":"b)"},
      {"two documents", "{} {}"},
      {"rubbish after the end", "{}x"},
      {"HTML", "<html></html>"},
      {"a name twice", R"({"a":1,"a":2})"},
      {"a name twice below", R"({"b":[{"a":1,"c":2,"a":2}]})"},
      {"a name twice by escape", R"({"a":1,"\u0061":2})"},
      {"invalid UTF-8", "{\"a\":\"\xff\"}"},
      {"control character", "{\"a\":\"\n\"}"},
      {"lone surrogate", R"({"a":"\ud800"})"},
      {"deep", std::string(100, '[') + std::string(100, ']')},
      {"very deep", std::string(1'000'000, '[')},
      {"too many values", many},
  }));
  CAPTURE(name);
  try {
    Json::parse(text);
    FAIL("it was taken");
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::protocol);
  }
}

TEST_CASE("text is quoted so that it reads back the same", "[graph][json]") {
  const std::string text =
      "quote \" backslash \\ slash / line\n tab\t bell\a \xc3\xa4 \xf0\x9f\x98\x80";
  CHECK(Json::parse("{\"a\":" + graph::json_quoted(text) + "}")["a"].text() == text);
}
