#include "src/jobs/record.h"

#include "src/base/error.h"
#include "src/jobs/error_record.h"
#include "src/jobs/exit_status.h"
#include "tests/support/catch.h"

TEST_CASE("a record keeps its order and tells null rather than nothing", "[jobs][record]") {
  jobs::Record record{{"type", "summary"},
                      {"count", 7U},
                      {"below", -7},
                      {"ratio", 0.5},
                      {"truth", true},
                      {"time", base::from_milliseconds(1'795'399'200'000)},
                      {"absent", std::optional<base::Instant>{}},
                      {"empty", jobs::text_or_null("")},
                      {"list", jobs::Value::List{1, "two"}},
                      {"inner", jobs::Record{{"a", nullptr}}}};
  record.set("count", 8U).set("last", "x");
  CHECK(jobs::to_json(record) ==
        R"({"type":"summary","count":8,"below":-7,"ratio":0.5,"truth":true,)"
        R"("time":"2026-11-23T02:00:00Z","absent":null,"empty":null,"list":[1,"two"],)"
        R"("inner":{"a":null},"last":"x"})");
}

TEST_CASE("whatever the service sends, a record is one line of UTF-8", "[jobs][record]") {
  const jobs::Record record{{"subject", std::string{"cut \xC3 and \xFF\nnext\tline\0end", 23}}};
  CHECK(jobs::to_json(record) ==
        "{\"subject\":\"cut \xEF\xBF\xBD and \xEF\xBF\xBD\\nnext\\tline\\u0000e\"}");
}

TEST_CASE("an error is a record with kind, message, context and status", "[jobs][record]") {
  base::Error error{base::ErrorKind::denied, "the right is missing"};
  error.add_context("exporting").add_context("backing up a@b");
  CHECK(jobs::to_json(jobs::error_record(error, jobs::ExitStatus::denied, "")) ==
        R"({"type":"error","kind":"denied","message":"the right is missing",)"
        R"("context":["exporting","backing up a@b"],"remedy":null,"exit_status":4})");
}

TEST_CASE("each kind of error has the exit status that scripts know", "[jobs]") {
  using base::ErrorKind;
  const std::vector<std::pair<ErrorKind, int>> table{
      {ErrorKind::usage, 2},      {ErrorKind::failed, 1},  {ErrorKind::unavailable, 1},
      {ErrorKind::protocol, 1},   {ErrorKind::denied, 4},  {ErrorKind::not_found, 5},
      {ErrorKind::no_store, 10},  {ErrorKind::in_use, 11}, {ErrorKind::wrong_key, 12},
      {ErrorKind::corrupt, 13},   {ErrorKind::full, 14},   {ErrorKind::disk, 1},
      {ErrorKind::cancelled, 130}};
  for (const auto& [kind, status] : table) {
    CAPTURE(base::name(kind));
    CHECK(jobs::number(jobs::exit_status(kind)) == status);
  }
}
