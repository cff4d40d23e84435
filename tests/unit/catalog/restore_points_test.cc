#include "src/catalog/restore_points.h"

#include "src/base/error.h"
#include "store/memory_backend.h"
#include "tests/support/catch.h"
#include "tests/support/small_repository.h"

namespace {

using base::ErrorKind;

base::Instant at(const char* time) { return *base::parse_rfc3339(time); }

store::Snapshot point(const std::string& id, const char* time, bool complete = true) {
  store::Snapshot snapshot;
  snapshot.id = id;
  snapshot.tenant = test::SmallRepository::kTenant;
  snapshot.mailbox_id = "MBX:1";
  snapshot.address = "ann@contoso.com";
  snapshot.time = at(time);
  snapshot.complete = complete;
  return snapshot;
}

std::vector<store::Snapshot> points() {
  return {point("01hzzzzz11111111aaaaaaaaaa", "2026-11-20T02:00:00Z"),
          point("01hzzzzz22222222aaaaaaaaaa", "2026-11-21T02:00:00Z"),
          point("01hzzzzz33333333aaaaaaaaaa", "2026-11-22T02:00:00Z", false)};
}

ErrorKind kind_of(const std::vector<store::Snapshot>& of, const char* typed) {
  try {
    static_cast<void>(catalog::choose(of, typed));
  } catch (const base::Error& error) {
    return error.kind();
  }
  FAIL("no error");
  return ErrorKind::failed;
}

}  // namespace

TEST_CASE("times are understood as people type them", "[catalog]") {
  struct Row {
    const char* typed;
    bool to_its_end;
    const char* meant;  // null: not a time
  };
  const std::vector<Row> rows = {
      {"2026-11-23T02:00:00Z", false, "2026-11-23T02:00:00Z"},
      {"2026-11-23T02:00:00+02:00", false, "2026-11-23T00:00:00Z"},
      {"2026-11-23", false, "2026-11-23T00:00:00Z"},
      {"2026-11-23", true, "2026-11-23T23:59:59.999Z"},
      {"2026-11-23 02:30", false, "2026-11-23T02:30:00Z"},
      {"2026-11-23 02:30", true, "2026-11-23T02:30:59.999Z"},
      {" 2026-11-23 ", false, "2026-11-23T00:00:00Z"},
      {"2026-02-30", false, nullptr},
      {"2026-11-23 2:30", false, nullptr},
      {"2026-11-23 24:61", false, nullptr},
      {"2026-11-23x", false, nullptr},
      {"23.11.2026", false, nullptr},
      {"latest", false, nullptr},
      {"", false, nullptr},
  };
  for (const Row& row : rows) {
    CAPTURE(row.typed);
    const auto meant = catalog::parse_time(row.typed, row.to_its_end);
    REQUIRE(meant.has_value() == (row.meant != nullptr));
    if (row.meant != nullptr) CHECK(*meant == at(row.meant));
  }
}

TEST_CASE("a time means the newest complete restore point at or before it", "[catalog]") {
  CHECK(catalog::choose(points(), "latest").id.starts_with("01hzzzzz2"));
  CHECK(catalog::choose(points(), "2026-11-20").id.starts_with("01hzzzzz1"));
  CHECK(catalog::choose(points(), "2026-11-21T02:00:00Z").id.starts_with("01hzzzzz2"));
  CHECK(catalog::choose(points(), "2026-11-21 01:59").id.starts_with("01hzzzzz1"));
  CHECK(catalog::choose(points(), "2030-01-01").id.starts_with("01hzzzzz2"));
  CHECK(kind_of(points(), "2026-11-19") == ErrorKind::not_found);
  CHECK(kind_of({}, "latest") == ErrorKind::not_found);
  CHECK(kind_of({points().back()}, "latest") == ErrorKind::not_found);
}

TEST_CASE("a time as it is listed, without seconds, finds the restore point", "[catalog]") {
  const std::vector<store::Snapshot> of_a_minute{
      point("01hzzzzz11111111aaaaaaaaaa", "2026-11-20T02:00:10Z"),
      point("01hzzzzz22222222aaaaaaaaaa", "2026-11-21T02:00:43Z")};
  CHECK(catalog::choose(of_a_minute, "2026-11-21 02:00").id.starts_with("01hzzzzz2"));
  CHECK(catalog::choose(of_a_minute, "2026-11-21T02:00:00Z").id.starts_with("01hzzzzz1"));
}

TEST_CASE("a mailbox stays one when the configuration calls its tenant otherwise", "[catalog]") {
  std::vector<store::Snapshot> snapshots = points();
  snapshots.front().tenant = store::TenantDomain{"former-name"};
  const std::string id = snapshots.front().mailbox_id;
  CHECK(catalog::restore_points_of(snapshots, id).size() == snapshots.size());
  CHECK(catalog::restore_points_of(snapshots, snapshots.front().address).size() ==
        snapshots.size());
}

TEST_CASE("an id means that restore point, complete or not", "[catalog]") {
  CHECK(catalog::choose(points(), "01hzzzzz33333333aaaaaaaaaa").complete == false);
  CHECK(catalog::choose(points(), "01HZZZZZ3").id.starts_with("01hzzzzz3"));
  CHECK(kind_of(points(), "01hzzzzz") == ErrorKind::usage);  // several
  CHECK(kind_of(points(), "01hzzzz") == ErrorKind::usage);   // too short
  CHECK(kind_of(points(), "01hzzzzz9") == ErrorKind::not_found);
  CHECK(kind_of(points(), "yesterday!") == ErrorKind::usage);
}

TEST_CASE("a mailbox is found by every address it had, and by its id", "[catalog]") {
  store::MemoryBackend backend;
  test::SmallRepository repository{backend};
  std::vector<store::Snapshot> snapshots = points();
  snapshots[1].address = "ann.miller@contoso.com";
  snapshots.push_back(point("01hzzzzz44444444aaaaaaaaaa", "2026-11-22T02:00:00Z"));
  snapshots.back().mailbox_id = "MBX:2";
  snapshots.back().address = "bob@contoso.com";
  snapshots.push_back(point("01hzzzzz55555555aaaaaaaaaa", "2026-11-23T02:00:00Z"));
  snapshots.back().mailbox_id = "MBX:3";
  snapshots.back().address = "bob@contoso.com";
  repository.repository().commit(snapshots);
  const auto found = [&](const char* who) {
    return catalog::restore_points_of(repository.repository(), test::SmallRepository::kTenant, who);
  };

  CHECK(found("ANN@contoso.com").size() == 3);
  CHECK(found("ann.miller@contoso.com").size() == 3);
  CHECK(found("MBX:2").size() == 1);
  CHECK_THROWS_WITH(found("bob@contoso.com"),
                    test::contains_text("MBX:2") && test::contains_text("MBX:3"));
  CHECK_THROWS_WITH(found("amn@contoso.com"), test::contains_text("ann@contoso.com"));
  CHECK_THROWS_AS(
      catalog::restore_points_of(repository.repository(), store::TenantDomain{"other"}, "MBX:2"),
      base::Error);
}
