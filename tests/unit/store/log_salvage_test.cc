#include "src/base/error.h"
#include "store/memory_backend.h"
#include "store/repository.h"
#include "tests/support/catch.h"
#include "tests/support/small_repository.h"
#include "tests/support/small_store.h"

#include <filesystem>
#include <functional>
#include <set>

namespace {

using test::SmallRepository;
using test::Streams;

constexpr const char* kAnna = "anna@contoso.com";

// Four commits of restore points, one of a tombstone and one of a hold.
struct Fixture {
  Fixture() : store(backend) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      streams.push_back(test::random_streams(seed, 6));
      points.push_back(store.back_up(kAnna, streams.back()));
    }
    store.repository().forget(std::vector<store::Forgetting>{{points[1], "policy"}});
    store::Hold hold;
    hold.id = "h";
    hold.tenant = SmallRepository::kTenant;
    hold.mailbox_id = points[0].mailbox_id;
    store.repository().add_hold(hold);
    store.close();
    records = backend.names("log/");
  }

  void damage(std::size_t record) {
    backend.alter(records.at(record), [](base::Bytes& bytes) { bytes.back() ^= std::byte{1}; });
  }
  std::vector<std::string> repair() {
    return store::Repository::repair_log(backend, store.settings(), store.passphrase(),
                                         store.clock());
  }
  void lose_index() { std::filesystem::remove_all(store.settings().index); }
  [[nodiscard]] std::set<std::string> shown(const store::Repository& repository) const {
    std::set<std::string> ids;
    for (const store::Snapshot& snapshot : repository.snapshots()) ids.insert(snapshot.id);
    return ids;
  }

  store::MemoryBackend backend;
  SmallRepository store;
  std::vector<Streams> streams;
  std::vector<store::Snapshot> points;
  std::vector<std::string> records;
};

}  // namespace

TEST_CASE("a whole log is left as it is", "[store][log]") {
  Fixture fixture;
  const auto names = fixture.backend.names();
  CHECK(fixture.repair().empty());
  CHECK(fixture.backend.names() == names);
}

TEST_CASE("with a damaged log readers show what the index remembers", "[store][log]") {
  Fixture fixture;
  SECTION("the newest record") { fixture.damage(fixture.records.size() - 1); }
  SECTION("a gap") { fixture.backend.remove(fixture.records.at(2)); }
  const auto reader = fixture.store.open(store::Access::read);
  CHECK(fixture.shown(*reader).size() == 3);
  CHECK(test::restore(*reader, fixture.points[3]) == fixture.streams[3]);
  CHECK_FALSE(reader->check(store::CheckLevel::structure, {}, {}).errors.empty());
  // Writing on would bury the damage.
  const auto open_for_writing = [&] {
    static_cast<void>(fixture.store.open(store::Access::write));
  };
  CHECK(test::failure_of(open_for_writing).kind == base::ErrorKind::corrupt);
}

TEST_CASE("a repaired log has all that the index remembers", "[store][log]") {
  for (std::size_t record = 0; record < 6; ++record) {
    CAPTURE(record);
    Fixture fixture;
    const bool removed = record == 2;
    if (removed) {
      fixture.backend.remove(fixture.records.at(record));
    } else {
      fixture.damage(record);
    }
    CHECK_FALSE(fixture.repair().empty());
    fixture.lose_index();  // from here on the log alone has to tell
    store::Repository& repository = fixture.store.reopen();
    CHECK(fixture.shown(repository).size() == 3);
    CHECK(repository.forgotten().size() == 1);
    CHECK(repository.holds().size() == 1);
    CHECK(repository.check(store::CheckLevel::full, {}, {}).errors.empty());
    CHECK(fixture.backend.names("trash/quarantine/").size() == (removed ? 5U : 6U));
    repository.recall(std::vector{fixture.points[1]});
    CHECK(test::restore(repository, fixture.points[1]) == fixture.streams[1]);
    // And it goes on from there.
    fixture.store.back_up(kAnna, fixture.streams[0]);
    CHECK(fixture.store.reopen().snapshots().size() == 5);
  }
}

TEST_CASE("without an index only the damaged record is lost", "[store][log]") {
  Fixture fixture;
  fixture.damage(2);
  fixture.lose_index();
  CHECK_FALSE(fixture.repair().empty());
  store::Repository& repository = fixture.store.reopen();
  CHECK(fixture.shown(repository) ==
        std::set<std::string>{fixture.points[0].id, fixture.points[3].id});
  CHECK(repository.forgotten().size() == 1);
}

TEST_CASE("a repair of the log that dies anywhere is run again", "[store][log][crash]") {
  struct PowerCut {};
  for (int moment = 0;; ++moment) {
    CAPTURE(moment);
    REQUIRE(moment < 200);
    Fixture fixture;
    fixture.damage(4);
    int operations = 0;
    fixture.backend.set_hook([&](store::MemoryBackend::Operation, const std::string&) {
      if (operations++ == moment) throw PowerCut{};
    });
    bool died = false;
    try {
      static_cast<void>(fixture.repair());
    } catch (const PowerCut&) {
      died = true;
    }
    fixture.backend.set_hook({});
    static_cast<void>(fixture.repair());
    store::Repository& repository = fixture.store.reopen();
    CHECK(fixture.shown(repository).size() == 3);
    CHECK(repository.forgotten().size() == 1);
    CHECK(repository.holds().size() == 1);
    if (!died) break;
  }
}
