#include "src/graph/service_error.h"

#include "src/base/text.h"
#include "src/graph/sign_in_error.h"
#include "tests/support/catch.h"

TEST_CASE("errors of the service are read in all their shapes", "[graph]") {
  struct Row {
    const char* name;
    std::string body;
    std::string code;
    std::string message;
  };
  const Row row = GENERATE(values<Row>({
      {"Graph", R"({"error":{"code":"ErrorItemNotFound","message":"gone"}})", "ErrorItemNotFound",
       "gone"},
      {"capital names", R"({"Error":{"Code":"A","Message":"b"}})", "A", "b"},
      {"import host", R"({"Message":"Invalid import session."})", "", "Invalid import session."},
      {"login", R"({"error":"invalid_client","error_description":"AADSTS1: no"})", "invalid_client",
       "AADSTS1: no"},
      {"empty", "", "", ""},
      {"HTML", "<html>\nbad\x1b[31m gateway</html>", "", "<html> bad [31m gateway</html>"},
      {"cut", R"({"error":{"code":"A)", "", R"({"error":{"code":"A)"},
      {"wrong types", R"({"error":{"code":5,"message":["x"]}})", "", ""},
      {"a list", "[1]", "", ""},
  }));
  CAPTURE(row.name);
  const auto error = graph::parse_service_error(row.body);
  CHECK(error.code == row.code);
  CHECK(error.message == row.message);
}

TEST_CASE("nested codes count, without regard to case", "[graph]") {
  const auto error =
      graph::parse_service_error(R"({"error":{"code":"UnknownError","innerError":{"code":"first",)"
                                 R"("innererror":{"code":"SyncStateNotFound"}}}})");
  CHECK(error.is_any_of({"syncstatenotfound"}));
  CHECK(error.is_any_of({"unknownerror"}));
  CHECK_FALSE(error.is_any_of({"resyncRequired"}));
}

TEST_CASE("foreign text is bounded and printable", "[graph][security]") {
  const auto error = graph::parse_service_error(R"({"error":{"code":"A","message":")" +
                                                std::string(100'000, 'x') + R"("}})");
  CHECK(error.message.size() < 500);
  CHECK(graph::parse_service_error(R"({"error":{"code":"A\u001b[2J\n"}})").code == "A [2J ");
}

TEST_CASE("a refused sign-in is told with its remedy", "[graph][sign-in]") {
  using Kind = graph::SignInFailure::Kind;
  struct Row {
    const char* name;
    int status;
    std::string body;
    Kind kind;
    const char* words;
  };
  const auto body = [](int code, const char* error) {
    return base::text(R"({"error":")", error, R"(","error_description":"AADSTS)", code,
                      R"(: Words. Trace ID: 1234","error_codes":[)", code, "]}");
  };
  const Row row = GENERATE_COPY(values<Row>({
      {"wrong secret", 401, body(7000215, "invalid_client"), Kind::refused,
       "secret's value, not its id"},
      {"expired secret", 401, body(7000222, "invalid_client"), Kind::refused, "has expired"},
      {"unknown app", 400, body(700016, "unauthorized_client"), Kind::refused, "client_id"},
      {"unknown tenant", 400, body(90002, "invalid_request"), Kind::refused, "tenant_id"},
      {"certificate", 401, body(700027, "invalid_client"), Kind::refused, "not registered"},
      {"clock", 401, body(500133, "invalid_grant"), Kind::clock, "clock"},
      {"consent", 400, body(65001, "invalid_grant"), Kind::refused, "admin consent"},
      {"conditional access", 400, body(53003, "invalid_grant"), Kind::refused,
       "conditional access"},
      {"busy", 400, body(90033, "temporarily_unavailable"), Kind::transient, "busy"},
      {"busy without a known code", 400, body(1, "temporarily_unavailable"), Kind::transient,
       "AADSTS1"},
      {"unknown code", 400, body(123456, "invalid_grant"), Kind::refused, "AADSTS123456: Words."},
      {"HTML", 502, "<html>", Kind::transient, "<html>"},
      {"empty", 400, "", Kind::refused, "status 400"},
      {"wrong types", 400, R"({"error":7,"error_codes":"x"})", Kind::refused,
       "the login service refused"},
  }));
  CAPTURE(row.name);
  const auto failure = graph::explain_sign_in_failure(row.status, row.body);
  CHECK(failure.kind == row.kind);
  CHECK_THAT(failure.message, test::contains_text(row.words));
  CHECK_THAT(failure.message, !test::contains_text("Trace ID"));
}
