// What work relies on: for how long it is leased, and what nobody can rely on any more.
#include "store/internal/leases.h"

#include "tests/support/catch.h"
#include "tests/support/small_store.h"

#include <array>
#include <string>
#include <vector>

namespace {

using store::Leases;
using Ids = std::vector<std::string>;

const store::PackId kPack = store::PackId::from(test::noise(1, store::PackId::kSizeBytes));

store::ChunkLocation place(std::uint32_t pack, std::uint16_t record) {
  store::ChunkLocation location;
  location.pack_number = pack;
  location.record_number = record;
  return location;
}

store::Snapshot point(const std::string& id) {
  store::Snapshot snapshot;
  snapshot.id = id;
  return snapshot;
}

Ids ids(const std::vector<store::Snapshot>& snapshots) {
  Ids ids;
  for (const store::Snapshot& snapshot : snapshots) ids.push_back(snapshot.id);
  return ids;
}

}  // namespace

TEST_CASE("what work relies on is leased until the next prune after its end",
          "[store][prune][direct]") {
  Leases leases;
  auto first = leases.begin_work();
  CHECK(leases.rely_on(place(7, 3)));
  CHECK(leases.rely_on(place(7, 5)));
  leases.rely_on(kPack);
  leases.rely_on(point("a"));
  leases.read_from(point("b"));
  leases.expire();
  auto second = leases.begin_work();
  CHECK(leases.rely_on(place(8, 0)));
  leases.expire();

  CHECK(leases.is_leased(7, 3));
  CHECK_FALSE(leases.is_leased(7, 2));
  CHECK_FALSE(leases.is_leased(7, 6));
  CHECK_FALSE(leases.is_leased(9, 3));
  CHECK(leases.leases_in(7) == 2);
  CHECK(leases.is_leased(kPack));
  CHECK_FALSE(leases.is_leased(store::PackId{}));
  CHECK(ids(leases.bases()) == Ids{"a", "b"});

  first.reset();
  leases.expire();
  CHECK(leases.leases_in(7) == 0);
  CHECK_FALSE(leases.is_leased(kPack));
  CHECK(leases.bases().empty());
  CHECK(leases.is_leased(8, 0));

  second.reset();
  auto third = leases.begin_work();
  CHECK(leases.rely_on(place(9, 0)));
  third.reset();
  leases.expire();
  CHECK_FALSE(leases.is_leased(8, 0));
  CHECK_FALSE(leases.is_leased(9, 0));
}

TEST_CASE("what is relied on while no work runs stays leased for good", "[store][prune][direct]") {
  Leases leases;
  CHECK(leases.rely_on(place(7, 3)));
  leases.rely_on(point("a"));
  leases.read_from(point("b"));  // for reading only: nobody builds on it
  leases.expire();
  leases.begin_work().reset();
  leases.expire();
  CHECK(leases.is_leased(7, 3));
  CHECK(ids(leases.bases()) == Ids{"a"});
}

TEST_CASE("nobody relies on what is condemned, until it is acquitted", "[store][prune][direct]") {
  Leases leases;
  const auto work = leases.begin_work();
  const std::array packs{std::uint32_t{7}};
  const std::array points{point("a")};
  leases.condemn(packs);
  leases.condemn_snapshots(points);
  CHECK_FALSE(leases.rely_on(place(7, 3)));
  CHECK(leases.leases_in(7) == 0);
  CHECK(leases.rely_on(place(8, 3)));
  CHECK(test::failure_of([&] { leases.rely_on(point("a")); }).kind == base::ErrorKind::not_found);
  CHECK(test::failure_of([&] { leases.read_from(point("a")); }).kind == base::ErrorKind::not_found);
  CHECK_NOTHROW(leases.rely_on(point("b")));

  leases.acquit(packs);
  leases.acquit_snapshots(points);
  CHECK(leases.rely_on(place(7, 3)));
  leases.rely_on(point("a"));
  CHECK(ids(leases.bases()) == Ids{"a", "b"});
}
