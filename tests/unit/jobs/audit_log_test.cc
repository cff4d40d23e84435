#include "src/jobs/audit_log.h"

#include "tests/support/catch.h"
#include "tests/support/small_repository.h"

#include <string>
#include <vector>

namespace {

using base::Error;
using base::ErrorKind;
using jobs::Record;

struct Fixture {
  [[nodiscard]] store::Journals journals() { return repository.repository().journals(); }

  void write(std::string_view action, const Record& what = {}) {
    jobs::AuditLog{journals(), {"anna", "", "vault", "17"}}.write(repository.clock().now(), action,
                                                                  "complete", "because", what);
  }

  [[nodiscard]] std::vector<std::string> lines(std::optional<base::Instant> since = {}) {
    std::vector<std::string> lines;
    jobs::read_audit_log(
        journals(), since, [&](const Record& entry) { lines.push_back(jobs::to_json(entry)); },
        [&](const Error& error) { lines.emplace_back(error.what()); });
    return lines;
  }

  [[nodiscard]] static std::string object(int sequence) {
    return "audit/000000000000000" + std::to_string(sequence);
  }

  store::MemoryBackend backend;
  test::SmallRepository repository{backend};
};

}  // namespace

TEST_CASE("an entry comes back as it was written", "[audit]") {
  const Record record{{"nothing", nullptr},
                      {"yes", true},
                      {"no", false},
                      {"negative", std::int64_t{-5}},
                      {"number", std::uint64_t{18'000'000'000'000'000'000U}},
                      {"fraction", 0.25},
                      {"text", "M\xc3\xbcller"},
                      {"list", jobs::Value::List{1, "two", Record{{"three", 3}}}},
                      {"record", Record{{"empty", Record{}}}}};
  CHECK(jobs::to_json(jobs::decode_record(jobs::encode_record(record))) == jobs::to_json(record));
}

TEST_CASE("what is no entry is refused", "[audit]") {
  const base::Bytes whole = jobs::encode_record({{"list", jobs::Value::List{1, 2, 3}}});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_THROWS_AS(jobs::decode_record(base::ByteView{whole}.first(size)), Error);
  }
  // Lists within lists, deeper than any that we write.
  base::Bytes deep{std::byte{1}, std::byte{1}, std::byte{1}, std::byte{'a'}};
  for (int i = 0; i < 100'000; ++i) {
    deep.push_back(std::byte{7});
    deep.push_back(std::byte{1});
  }
  CHECK_THROWS_AS(jobs::decode_record(deep), Error);
}

TEST_CASE("the log tells who did what, when, why, and what came of it", "[audit]") {
  Fixture fixture;
  fixture.write("hold add", {{"subject", "bob@contoso.com"}});
  fixture.repository.clock().advance(std::chrono::hours{1});
  const base::Instant later = fixture.repository.clock().now();
  fixture.write("prune");
  const std::vector<std::string> lines = fixture.lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == R"({"type":"audit","sequence":1,"time":")" +
                        base::format_rfc3339(later - std::chrono::hours{1}) +
                        R"(","by":{"user":"anna","login":null,"host":"vault","process":"17"},)"
                        R"("action":"hold add","result":"complete","reason":"because",)"
                        R"("what":{"subject":"bob@contoso.com"}})");
  CHECK(fixture.lines(later).size() == 1);
  const jobs::AuditVerdict verdict = jobs::verify_audit_log(fixture.journals());
  CHECK(verdict.errors.empty());
  CHECK(verdict.entries == 2);
  CHECK(verdict.to == later);
}

TEST_CASE("of lists that are too long for an entry their length is told", "[audit]") {
  Fixture fixture;
  fixture.write("backup",
                {{"job_id", "7"}, {"snapshots", jobs::Value::List(200'000, std::string(50, 'x'))}});
  REQUIRE(fixture.lines().size() == 1);
  CHECK_THAT(fixture.lines()[0],
             test::contains_text(R"("what":{"job_id":"7","snapshots":"200000 left out"})"));
}

TEST_CASE("commits bear witness of the audit log", "[audit]") {
  Fixture fixture;
  fixture.write("one");
  fixture.write("two");
  fixture.repository.back_up("anna", {});
  fixture.write("three");
  CHECK(jobs::verify_audit_log(fixture.journals()).errors.empty());
  CHECK(jobs::verify_audit_log(fixture.journals()).witnessed == 2);

  SECTION("its end may not be known yet") {
    fixture.backend.remove(Fixture::object(3));
    CHECK(jobs::verify_audit_log(fixture.journals()).errors.empty());
  }
  SECTION("what a commit knew cannot be cut off") {
    fixture.backend.remove(Fixture::object(3));
    fixture.backend.remove(Fixture::object(2));
    const jobs::AuditVerdict verdict = jobs::verify_audit_log(fixture.journals());
    REQUIRE(verdict.errors.size() == 1);
    CHECK_THAT(verdict.errors[0], test::contains_text("is missing"));
  }
  SECTION("nor all of it") {
    for (const std::string& name : fixture.backend.names("audit/")) fixture.backend.remove(name);
    CHECK(jobs::verify_audit_log(fixture.journals()).errors.size() == 1);
  }
  SECTION("nor be written anew by who has the key") {
    fixture.backend.remove(Fixture::object(3));
    fixture.backend.remove(Fixture::object(2));
    fixture.write("another second");
    const jobs::AuditVerdict verdict = jobs::verify_audit_log(fixture.journals());
    REQUIRE(verdict.errors.size() == 1);
    CHECK_THAT(verdict.errors[0], test::contains_text("is not the one that"));
  }
}

TEST_CASE("what is forgotten and held bears witness of the audit log, too", "[audit]") {
  Fixture fixture;
  const store::Snapshot point = fixture.repository.back_up("anna", {});
  fixture.write("one");
  store::Repository& repository = fixture.repository.repository();
  SECTION("forgotten") { repository.forget(std::vector<store::Forgetting>{{point, "old"}}); }
  SECTION("held") {
    store::Hold hold;
    hold.id = "1";
    hold.mailbox_id = "anna";
    hold.tenant = point.tenant;
    repository.add_hold(hold);
  }
  CHECK(jobs::verify_audit_log(fixture.journals()).witnessed == 1);
  fixture.backend.remove(Fixture::object(1));
  CHECK(jobs::verify_audit_log(fixture.journals()).errors.size() == 1);
}

TEST_CASE("a store whose audit log cannot be listed takes commits, without a witness", "[audit]") {
  Fixture fixture;
  fixture.write("one");
  fixture.backend.set_hook([](store::MemoryBackend::Operation operation, const std::string& name) {
    if (operation == store::MemoryBackend::Operation::list && name.starts_with("audit")) {
      throw Error{ErrorKind::disk, "input/output error"};
    }
  });
  fixture.repository.back_up("anna", {});
  fixture.backend.set_hook(nullptr);
  CHECK(jobs::verify_audit_log(fixture.journals()).witnessed == 0);
}
