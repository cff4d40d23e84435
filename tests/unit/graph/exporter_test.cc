#include "src/base/base64.h"
#include "src/base/text.h"
#include "src/graph/export_plan.h"
#include "src/graph/json.h"
#include "tests/support/catch.h"
#include "tests/unit/graph/scripted_tenant.h"

#include <algorithm>
#include <map>
#include <set>

using graph::ExportRequest;

namespace {

// Checks the contract of its calls while it records them.
class Recorder final : public graph::ExportSink {
 public:
  void begin() override {
    REQUIRE_FALSE(open_);
    open_ = true;
    bytes_.clear();
  }
  void data(base::ByteView piece) override {
    REQUIRE(open_);
    bytes_ += base::as_text(piece);
  }
  void end(const std::string& item_id, const std::string&) override {
    REQUIRE(open_);
    REQUIRE_FALSE(streams.contains(item_id));
    open_ = false;
    streams[item_id] = bytes_;
  }
  void abandon() override {
    REQUIRE(open_);
    open_ = false;
    ++abandoned;
  }
  void failed(const std::string& item_id, const graph::UnitError& error) override {
    REQUIRE_FALSE(open_);
    REQUIRE_FALSE(failures.contains(item_id));
    failures[item_id] = error;
  }
  [[nodiscard]] bool is_open() const { return open_; }

  std::map<std::string, std::string> streams;
  std::map<std::string, graph::UnitError> failures;
  int abandoned = 0;

 private:
  bool open_ = false;
  std::string bytes_;
};

std::vector<std::string> ids_in(const test::SentRequest& request) {
  std::vector<std::string> ids;
  const graph::Json document = graph::Json::parse(request.body);
  for (const auto& id : document["itemIds"].elements()) ids.emplace_back(id.text());
  return ids;
}

std::string element(const std::string& id, const std::string& bytes) {
  return base::text(R"({"itemId":")", id, R"(","changeKey":"k","data":")",
                    base::base64_encode(base::as_bytes(bytes)), "\"}");
}

std::string element_error(const std::string& id, const std::string& code) {
  return base::text(R"({"itemId":")", id, R"(","error":{"code":")", code, R"(","message":"m"}})");
}

test::ScriptedAnswer answer_of(const std::vector<std::string>& elements) {
  std::string body = "{\"value\":[";
  for (const std::string& one : elements) body += (body.back() == '[' ? "" : ",") + one;
  return {.body = body + "]}"};
}

std::string stream_of(const std::string& id) { return "stream of " + id; }

// Answers with every item asked for, but for those that `spoil` answers for.
test::ScriptedTransport::Script export_script(
    std::function<std::optional<std::string>(const std::string&)> spoil) {
  return [spoil](const test::SentRequest& request) {
    std::vector<std::string> elements;
    for (const std::string& id : ids_in(request)) {
      const auto spoiled = spoil(id);
      const std::string one = spoiled ? *spoiled : element(id, stream_of(id));
      if (!one.empty()) elements.push_back(one);
    }
    return answer_of(elements);
  };
}

std::vector<ExportRequest> units(unsigned count, std::uint64_t size = 1000) {
  std::vector<ExportRequest> result;
  for (unsigned i = 0; i < count; ++i) result.push_back({"i" + std::to_string(i), size});
  return result;
}

void check_all_streams(const Recorder& sink, unsigned count,
                       const std::set<std::string>& but = {}) {
  for (const ExportRequest& unit : units(count)) {
    CAPTURE(unit.item_id);
    if (but.contains(unit.item_id)) {
      CHECK_FALSE(sink.streams.contains(unit.item_id));
    } else {
      REQUIRE(sink.streams.contains(unit.item_id));
      CHECK(sink.streams.at(unit.item_id) == stream_of(unit.item_id));
    }
  }
  CHECK(sink.streams.size() + but.size() == count);
  CHECK_FALSE(sink.is_open());
}

}  // namespace

TEST_CASE("batches are bounded by items and by bytes, and big items go alone", "[graph][export]") {
  struct Row {
    const char* name;
    std::vector<std::uint64_t> sizes;
    std::vector<std::vector<std::uint64_t>> expected;
  };
  const Row row = GENERATE(values<Row>({
      {"none", {}, {}},
      {"few", {1, 2, 3}, {{1, 2, 3}}},
      {"by items", {1, 1, 1, 1, 1}, {{1, 1, 1, 1}, {1}}},
      {"by bytes", {60, 50, 40, 10}, {{60}, {50, 40, 10}}},
      {"exactly full", {60, 40, 1}, {{60, 40}, {1}}},
      {"big ones alone", {10, 100, 20, 500}, {{100}, {500}, {10, 20}}},
      {"unknown sizes", {0, 0, 0, 0, 0}, {{0, 0, 0, 0}, {0}}},
  }));
  CAPTURE(row.name);
  std::vector<ExportRequest> requests;
  for (const std::uint64_t size : row.sizes) requests.push_back({"x", size});
  std::vector<std::vector<std::uint64_t>> planned;
  for (const auto& batch : graph::plan_batches(requests, {4, 100})) {
    planned.emplace_back();
    for (const auto& unit : batch) planned.back().push_back(unit.size_bytes);
  }
  CHECK(planned == row.expected);
}

TEST_CASE("items are exported in batches, each once", "[graph][export]") {
  test::ScriptedTenant it;
  it.transport.set_piece_bytes(7);
  it.transport.set_script(export_script([](const std::string&) { return std::nullopt; }));
  Recorder sink;
  auto wanted = units(45);
  wanted.push_back(wanted.front());
  it.service().export_units(it.mailbox, wanted, sink, {});
  check_all_streams(sink, 45);
  const auto requests = it.transport.requests();
  REQUIRE(requests.size() == 3);
  CHECK(ids_in(requests[0]).size() == 20);
  CHECK(requests[0].method == "POST");
  CHECK(requests[0].url ==
        "https://graph.microsoft.com/v1.0/admin/exchange/mailboxes/MBX:one@tenant/exportItems");
  CHECK(requests[0].header("Content-Type") == "application/json");
}

TEST_CASE("items that an answer leaves out are asked for again in smaller calls",
          "[graph][export]") {
  const std::string how =
      GENERATE("missing", "neither", "damaged", "transient error", "empty data");
  CAPTURE(how);
  test::ScriptedTenant it;
  std::map<std::string, int> asked;
  it.transport.set_script(export_script([&](const std::string& id) -> std::optional<std::string> {
    if (++asked[id] > 1 || (id != "i3" && id != "i7")) return std::nullopt;
    if (how == "missing") return "";
    if (how == "neither") return R"({"itemId":")" + id + "\"}";
    if (how == "damaged") return R"({"itemId":")" + id + R"(","data":"AAAA!"})";
    if (how == "empty data") return R"({"itemId":")" + id + R"(","data":""})";
    return element_error(id, "ErrorInternalServerError");
  }));
  Recorder sink;
  it.service().export_units(it.mailbox, units(10), sink, {});
  check_all_streams(sink, 10);
  CHECK(sink.failures.empty());
  REQUIRE(it.transport.requests().size() == 2);
  CHECK(ids_in(it.transport.requests()[1]) == std::vector<std::string>{"i3", "i7"});
  CHECK(sink.abandoned == (how == "damaged" ? 2 : 0));
}

TEST_CASE("a poison item costs one item", "[graph][export]") {
  struct Row {
    const char* name;
    test::ScriptedAnswer whole;  // to any call that has the item
    const char* code;
  };
  const Row row = GENERATE(values<Row>({
      {"every call breaks off", {.failure = http::TransferFailure::interrupted}, "TruncatedAnswer"},
      {"every call breaks off midway",
       {.body = R"({"value":[{"itemId":"i5","data":"AAAA)",
        .failure = http::TransferFailure::interrupted},
       "TruncatedAnswer"},
      {"every answer is cut JSON",
       {.body = R"({"value":[{"itemId":"i5","data":"AAAA)"},
       "TruncatedAnswer"},
      {"every answer is no JSON", {.body = "{]"}, "TruncatedAnswer"},
      {"500", test::refusal(500, "ErrorCorruptData"), "ErrorCorruptData"},
      {"502 with HTML", {.status = 502, .body = "<html>"}, "HTTP 502"},
      {"400 bad id", test::refusal(400, "ErrorInvalidIdMalformed"), "ErrorInvalidIdMalformed"},
      {"413", {.status = 413}, "HTTP 413"},
      {"404 item", test::refusal(404, "ErrorItemNotFound"), "ErrorItemNotFound"},
  }));
  CAPTURE(row.name);
  test::ScriptedTenant it;
  const auto good = export_script([](const std::string&) { return std::nullopt; });
  it.transport.set_script([&](const test::SentRequest& request) {
    const auto ids = ids_in(request);
    return std::find(ids.begin(), ids.end(), "i5") != ids.end() ? row.whole : good(request);
  });
  Recorder sink;
  it.service().export_units(it.mailbox, units(20), sink, {});
  check_all_streams(sink, 20, {"i5"});
  REQUIRE(sink.failures.size() == 1);
  CHECK(sink.failures.begin()->first == "i5");
  CHECK(sink.failures.begin()->second.code == row.code);
  CHECK(sink.failures.begin()->second.is_gone == (std::string{row.code} == "ErrorItemNotFound"));
  CHECK(it.transport.requests().size() <= 24);
}

TEST_CASE("errors of single items are final, and gone is told from broken", "[graph][export]") {
  test::ScriptedTenant it;
  it.transport.set_script(export_script([](const std::string& id) -> std::optional<std::string> {
    if (id == "i1") return element_error(id, "ErrorItemNotFound");
    if (id == "i2") return element_error(id, "ErrorItemCorrupt");
    return std::nullopt;
  }));
  Recorder sink;
  it.service().export_units(it.mailbox, units(4), sink, {});
  check_all_streams(sink, 4, {"i1", "i2"});
  CHECK(sink.failures.at("i1").is_gone);
  CHECK_FALSE(sink.failures.at("i2").is_gone);
  CHECK(sink.failures.at("i2").code == "ErrorItemCorrupt");
  CHECK(it.transport.requests().size() == 1);
}

TEST_CASE("an item that never comes fails after a few calls", "[graph][export]") {
  test::ScriptedTenant it;
  it.transport.set_script(export_script([](const std::string& id) -> std::optional<std::string> {
    return id == "i0" ? std::optional<std::string>{""} : std::nullopt;
  }));
  Recorder sink;
  it.service().export_units(it.mailbox, units(2), sink, {});
  check_all_streams(sink, 2, {"i0"});
  CHECK(sink.failures.at("i0").code == "NoAnswer");
  CHECK(it.transport.requests().size() == 4);
}

TEST_CASE("what arrived whole before an answer broke off is kept", "[graph][export]") {
  test::ScriptedTenant it;
  it.transport.answer({.body = "{\"value\":[" + element("i0", stream_of("i0")) + "," +
                               element("i1", stream_of("i1")) + R"(,{"itemId":"i2","data":"AAAA)",
                       .failure = http::TransferFailure::interrupted});
  it.transport.set_script(export_script([](const std::string&) { return std::nullopt; }));
  Recorder sink;
  it.service().export_units(it.mailbox, units(5), sink, {});
  check_all_streams(sink, 5);
  CHECK(sink.abandoned == 1);
  CHECK(ids_in(it.transport.requests()[1]) == std::vector<std::string>{"i2", "i3", "i4"});
}

TEST_CASE("elements that were not asked for, or come twice, change nothing",
          "[graph][export][security]") {
  test::ScriptedTenant it;
  it.transport.answer(answer_of({element("foreign", "x"), R"({"data":"AAAA","itemId":"foreign"})",
                                 element("i0", stream_of("i0")), element("i0", "other"),
                                 R"({"data":"AAAA","itemId":"i0"})", R"({"data":"AAAA"})",
                                 element("i1", stream_of("i1"))}));
  Recorder sink;
  it.service().export_units(it.mailbox, units(2), sink, {});
  check_all_streams(sink, 2);
  CHECK(it.transport.requests().size() == 1);
}

TEST_CASE("a mailbox that is gone is told as such", "[graph][export]") {
  test::ScriptedTenant it;
  it.transport.answer(test::refusal(404, "ErrorInvalidUser", "The requested user is invalid."));
  Recorder sink;
  CHECK(test::error_of([&] { it.service().export_units(it.mailbox, units(2), sink, {}); }).first ==
        base::ErrorKind::not_found);
}

TEST_CASE("a service that stays away is not the items' fault", "[graph][export]") {
  test::ScriptedTenant it;
  const auto [name, answer] = GENERATE(table<const char*, test::ScriptedAnswer>({
      {"unreachable", {.failure = http::TransferFailure::not_sent}},
      {"down", {.status = 503}},
      {"throttled", {.status = 429}},
  }));
  CAPTURE(name);
  it.transport.set_script([answer = answer](const test::SentRequest&) { return answer; });
  Recorder sink;
  CHECK(test::error_of([&] { it.service().export_units(it.mailbox, units(2), sink, {}); }).first ==
        base::ErrorKind::unavailable);
  CHECK(sink.failures.empty());
}

TEST_CASE("what the sink throws ends the export, and the sink hears no more", "[graph][export]") {
  class FullSink final : public graph::ExportSink {
   public:
    void begin() override {}
    void data(base::ByteView) override {
      ++calls_;
      throw base::Error{base::ErrorKind::full, "no room"};
    }
    void end(const std::string&, const std::string&) override { ++calls_; }
    void abandon() override { ++calls_; }
    void failed(const std::string&, const graph::UnitError&) override { ++calls_; }
    int calls_ = 0;
  };
  test::ScriptedTenant it;
  it.transport.set_script(export_script([](const std::string&) { return std::nullopt; }));
  FullSink sink;
  CHECK(test::error_of([&] { it.service().export_units(it.mailbox, units(3), sink, {}); }).first ==
        base::ErrorKind::full);
  CHECK(sink.calls_ == 1);
}

TEST_CASE("repeated requests are counted, not the items in them", "[graph][export]") {
  test::ScriptedTenant it;
  int asked = 0;
  const auto answer_all = export_script([](const std::string&) { return std::nullopt; });
  it.transport.set_script([&](const test::SentRequest& request) -> test::ScriptedAnswer {
    if (++asked == 1) return {.status = 502};
    return answer_all(request);
  });
  Recorder sink;
  it.service().export_units(it.mailbox, units(20), sink, {});
  check_all_streams(sink, 20);
  const graph::ServiceStatistics statistics = it.service().statistics();
  CHECK(statistics.retried == static_cast<std::uint64_t>(asked) - 1);
  CHECK(statistics.retried < statistics.requests);
}
