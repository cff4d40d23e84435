#include "src/jobs/forget_job.h"

#include "src/base/error.h"
#include "store/memory_backend.h"
#include "tests/support/catch.h"
#include "tests/support/small_repository.h"

namespace {

// A repository with a mailbox of two restore points.
struct Fixture {
  Fixture() {
    older = repository.back_up("MBX:1", test::random_streams(1, 5));
    repository.clock().advance(std::chrono::hours{24});
    newer = repository.back_up("MBX:1", test::random_streams(2, 5), &older);
  }

  store::Hold hold(std::string_view subject) {
    return jobs::new_hold(repository.repository(), subject, "Case 12", repository.clock().now());
  }

  store::MemoryBackend backend;
  test::SmallRepository repository{backend};
  store::Snapshot older;
  store::Snapshot newer;
};

std::string upper_case(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

}  // namespace

TEST_CASE("a mailbox is held also when all of it is forgotten", "[jobs][hold]") {
  Fixture fixture;
  const std::string address = fixture.newer.address;
  CHECK(fixture.hold(address).mailbox_id == fixture.newer.mailbox_id);
  fixture.repository.repository().forget(
      std::vector<store::Forgetting>{{fixture.older, "test"}, {fixture.newer, "test"}});

  for (const std::string& subject : {address, fixture.newer.mailbox_id}) {
    const store::Hold hold = fixture.hold(subject);
    CHECK(hold.mailbox_id == fixture.newer.mailbox_id);
    CHECK(hold.subject == address);
    CHECK(hold.snapshot_id.empty());
  }
  CHECK(fixture.hold(fixture.older.id).snapshot_id == fixture.older.id);
  CHECK_THROWS_AS(fixture.hold("nobody@contoso.com"), base::Error);
}

TEST_CASE("restore points are found by their ids in either case", "[jobs][forget]") {
  Fixture fixture;
  const auto found =
      jobs::shown_by_id(fixture.repository.repository(), {upper_case(fixture.newer.id)});
  CHECK(found.at(0).id == fixture.newer.id);
}

TEST_CASE("nothing that is younger than the minimum age goes by name", "[jobs][forget]") {
  Fixture fixture;
  const auto refusal_at = [&](base::Instant now) -> std::string {
    try {
      jobs::require_old_enough({fixture.older, fixture.newer}, std::chrono::hours{24}, now);
    } catch (const base::Error& error) {
      CHECK(error.kind() == base::ErrorKind::usage);
      return error.what();
    }
    return "";
  };
  CHECK(refusal_at(fixture.newer.time + std::chrono::hours{24}).empty());
  const std::string refusal = refusal_at(fixture.newer.time + std::chrono::hours{23});
  CHECK(refusal.find(fixture.newer.id) != std::string::npos);
  CHECK(refusal.find("minimum_age") != std::string::npos);
  // A floor of nothing, whatever the clock says.
  jobs::require_old_enough({fixture.newer}, {}, fixture.newer.time - std::chrono::hours{1});
}

TEST_CASE("what is named goes, once, unless it is held", "[jobs][forget]") {
  Fixture fixture;
  const auto is_held = [&](const store::Snapshot& point) { return point.id == fixture.older.id; };
  const jobs::RetentionReport plan =
      jobs::plan_named({fixture.newer, fixture.older, fixture.newer}, is_held);
  REQUIRE(plan.series.size() == 1);
  CHECK(plan.series[0].mailbox_id == fixture.newer.mailbox_id);
  const auto& points = plan.series[0].points;
  REQUIRE(points.size() == 2);
  CHECK(points[0].snapshot.id == fixture.older.id);
  CHECK(points[0].keep);
  CHECK(points[0].reasons == std::vector<std::string>{"hold"});
  CHECK_FALSE(points[1].keep);
  CHECK(points[1].reasons == std::vector<std::string>{"named"});
}
