#include "src/base/error.h"
#include "store/memory_backend.h"
#include "store/repository.h"
#include "tests/support/catch.h"
#include "tests/support/small_repository.h"
#include "tests/support/small_store.h"

#include <algorithm>
#include <filesystem>

namespace {

using test::SmallRepository;
using test::Streams;

constexpr const char* kAnna = "anna@contoso.com";

std::vector<std::string> ids(const std::vector<store::Snapshot>& snapshots) {
  std::vector<std::string> ids;
  for (const store::Snapshot& snapshot : snapshots) ids.push_back(snapshot.id);
  return ids;
}

std::vector<std::string> forgotten_ids(const store::Repository& repository) {
  std::vector<std::string> ids;
  for (const auto& forgotten : repository.forgotten()) ids.push_back(forgotten.snapshot.id);
  return ids;
}

// A mailbox with three restore points.
struct Fixture {
  Fixture() : store(backend) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      streams.push_back(test::random_streams(seed, 8));
      points.push_back(store.back_up(kAnna, streams.back()));
    }
  }

  void forget(std::size_t number) {
    store.repository().forget(
        std::vector<store::Forgetting>{{points[number], "retention policy 'nightly'"}});
  }
  void recall(std::size_t number) {
    store.repository().recall(std::vector<store::Snapshot>{points[number]});
  }
  [[nodiscard]] store::Hold hold_on(const std::string& snapshot_id) const {
    store::Hold hold;
    hold.id = "hold-" + std::to_string(snapshot_id.size());
    hold.tenant = SmallRepository::kTenant;
    hold.mailbox_id = points.front().mailbox_id;
    hold.snapshot_id = snapshot_id;
    hold.subject = kAnna;
    hold.reason = "Case 12";
    return hold;
  }
  [[nodiscard]] std::vector<std::string> shown() { return ids(store.repository().snapshots()); }

  store::MemoryBackend backend;
  SmallRepository store;
  std::vector<Streams> streams;
  std::vector<store::Snapshot> points;
};

}  // namespace

TEST_CASE("a forgotten restore point is not shown and comes back whole", "[store][retention]") {
  Fixture fixture;
  fixture.forget(1);
  CHECK(fixture.shown() == std::vector<std::string>{fixture.points[0].id, fixture.points[2].id});
  const auto forgotten = fixture.store.repository().forgotten();
  REQUIRE(forgotten.size() == 1);
  CHECK(forgotten[0].snapshot.id == fixture.points[1].id);
  CHECK(forgotten[0].reason == "retention policy 'nightly'");
  CHECK(forgotten[0].time == fixture.store.clock().now());

  fixture.recall(1);
  CHECK(fixture.shown() == ids(fixture.points));
  CHECK(fixture.store.repository().forgotten().empty());
  CHECK(test::restore(fixture.store.repository(), fixture.points[1]) == fixture.streams[1]);
}

TEST_CASE("what was forgotten and recalled outlives the index", "[store][retention][crash]") {
  Fixture fixture;
  const bool lose_index_between = GENERATE(false, true);
  const auto lose_index = [&] {
    fixture.store.close();
    std::filesystem::remove_all(fixture.store.settings().index);
    fixture.store.reopen();
  };
  fixture.forget(0);
  fixture.forget(1);
  // A new index is a new writer, whose chain may sort before the old one's.
  if (lose_index_between) lose_index();
  fixture.recall(0);
  fixture.store.repository().add_hold(fixture.hold_on(""));
  fixture.store.repository().add_hold(fixture.hold_on(fixture.points[2].id));
  if (lose_index_between) lose_index();
  fixture.store.repository().remove_hold("hold-0", "over");
  lose_index();
  CHECK(fixture.shown() == std::vector<std::string>{fixture.points[0].id, fixture.points[2].id});
  CHECK(forgotten_ids(fixture.store.repository()) ==
        std::vector<std::string>{fixture.points[1].id});
  const auto holds = fixture.store.repository().holds();
  REQUIRE(holds.size() == 1);
  CHECK(holds[0].snapshot_id == fixture.points[2].id);
  CHECK(holds[0].reason == "Case 12");
}

TEST_CASE("a reader sees what was forgotten beside it", "[store][retention]") {
  Fixture fixture;
  fixture.forget(2);
  fixture.store.repository().add_hold(fixture.hold_on(""));
  const auto reader = fixture.store.open(store::Access::read);
  CHECK(ids(reader->snapshots()) ==
        std::vector<std::string>{fixture.points[0].id, fixture.points[1].id});
  CHECK(forgotten_ids(*reader) == std::vector<std::string>{fixture.points[2].id});
  CHECK(reader->holds().size() == 1);
}

TEST_CASE("a held restore point is not forgotten, and neither is anything with it",
          "[store][retention]") {
  Fixture fixture;
  const bool whole_mailbox = GENERATE(false, true);
  fixture.store.repository().add_hold(
      fixture.hold_on(whole_mailbox ? std::string{} : fixture.points[1].id));
  const test::Failure failure = test::failure_of([&] {
    fixture.store.repository().forget(
        std::vector<store::Forgetting>{{fixture.points[0], ""}, {fixture.points[1], ""}});
  });
  CHECK(failure.kind == base::ErrorKind::usage);
  CHECK(failure.what.find("Case 12") != std::string::npos);
  CHECK(fixture.shown() == ids(fixture.points));
}

TEST_CASE("forgetting and recalling tell what is not there", "[store][retention]") {
  Fixture fixture;
  fixture.forget(0);
  CHECK(test::failure_of([&] { fixture.forget(0); }).kind == base::ErrorKind::not_found);
  CHECK(test::failure_of([&] { fixture.recall(1); }).kind == base::ErrorKind::not_found);
  store::Snapshot unknown = fixture.points[1];
  unknown.id = "nobody";
  const auto forget_unknown = [&] {
    fixture.store.repository().forget(std::vector<store::Forgetting>{{unknown, ""}});
  };
  CHECK(test::failure_of(forget_unknown).kind == base::ErrorKind::not_found);
  const auto remove_unknown = [&] { fixture.store.repository().remove_hold("nobody", ""); };
  CHECK(test::failure_of(remove_unknown).kind == base::ErrorKind::not_found);
}

TEST_CASE("check looks at forgotten restore points, too", "[store][retention]") {
  Fixture fixture;
  fixture.forget(1);
  const auto check = [&] {
    return fixture.store.repository().check(store::CheckLevel::full, {}, {});
  };
  CHECK(check().errors.empty());
  // Damage to what only the forgotten one names: all data packs.
  for (const std::string& name : fixture.backend.names("pack/d/")) {
    fixture.backend.alter(name, [](base::Bytes& bytes) { bytes[300] ^= std::byte{1}; });
  }
  const auto affected = check().affected;
  CHECK(std::ranges::any_of(affected, [&](const store::AffectedItem& item) {
    return std::ranges::count(item.snapshots, fixture.points[1].id) > 0;
  }));
}
