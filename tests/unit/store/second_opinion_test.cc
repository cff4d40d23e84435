// What of condemned packs may go, by logs and tables of contents alone.
#include "store/internal/second_opinion.h"

#include "store/keys.h"
#include "store/packs.h"
#include "tests/support/small_store.h"
#include "tests/unit/store/pruned_store.h"

#include <set>
#include <stop_token>
#include <vector>

namespace {

using store::PackId;
using test::PrunedStore;
using test::Streams;

constexpr const char* kAnna = "anna@contoso.com";
constexpr const char* kBoris = "boris@contoso.com";

struct Fixture : PrunedStore {
  [[nodiscard]] std::set<PackId> packs() const {
    std::set<PackId> ids;
    for (const store::PackObject& pack : store::list_packs(backend, [](const std::string&) {})) {
      ids.insert(pack.id);
    }
    return ids;
  }
  // Of these packs, when only these restore points are kept.
  [[nodiscard]] std::set<PackId> deletable(const std::set<PackId>& condemned,
                                           const std::vector<store::Snapshot>& kept) const {
    const auto keys = store::KeyRing::open(backend, store.passphrase());
    const std::stop_token nobody;
    store::SecondOpinion opinion{backend, *keys, condemned, nobody};
    for (const store::Snapshot& point : kept) opinion.keep(point);
    return opinion.deletable();
  }
};

}  // namespace

TEST_CASE("of condemned packs those may go that no restore point needs", "[store][prune][direct]") {
  Fixture fixture;
  const store::Snapshot kept = fixture.back_up(kAnna, 1);
  const std::set<PackId> needed = fixture.packs();
  const store::Snapshot other = fixture.back_up(kBoris, 2);
  const std::set<PackId> all = fixture.packs();
  CHECK(fixture.deletable(all, {}) == all);
  CHECK(fixture.deletable(all, {kept, other}).empty());
  const std::set<PackId> rest = fixture.deletable(all, {kept});
  CHECK(rest.size() == all.size() - needed.size());
  for (const PackId& pack : needed) {  // trees and streams, each by itself
    CHECK(fixture.deletable({pack}, {kept}).empty());
    CHECK_FALSE(rest.contains(pack));
  }
}

TEST_CASE("a single chunk keeps a condemned pack", "[store][prune][direct]") {
  Fixture fixture;
  const Streams streams = test::random_streams(1, 3, 4'000);
  fixture.store.back_up(kAnna, streams);
  const PackId pack = store::list_packs(fixture.backend, [](const std::string&) {}).back().id;
  REQUIRE(fixture.backend.names("pack/d/").size() == 1);
  for (const auto& stream : streams) {
    const store::Snapshot point = fixture.store.back_up(kBoris, Streams{stream});
    CHECK(fixture.deletable({pack}, {point}).empty());
  }
  REQUIRE(fixture.backend.names("pack/d/").size() == 1);
}

TEST_CASE("a pack that is not there is not deleted", "[store][prune][direct]") {
  Fixture fixture;
  fixture.back_up(kAnna, 1);
  const std::set<PackId> all = fixture.packs();
  fixture.backend.remove(fixture.backend.names("pack/d/").at(0));
  const test::Failure failure =
      test::failure_of([&] { static_cast<void>(fixture.deletable(all, {})); });
  CHECK(failure.kind == base::ErrorKind::corrupt);
  CHECK(failure.what == "a pack that is to be deleted is not there");
}
