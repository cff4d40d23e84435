#include "src/base/error.h"
#include "store/memory_backend.h"
#include "store/repository.h"
#include "tests/support/catch.h"
#include "tests/support/memory_index.h"
#include "tests/support/small_repository.h"
#include "tests/support/small_store.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

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
  store::LogRepair repair() {
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

// Two writers, of which the second knew all that the first one said, and whose clock was behind.
class TwoWriters {
 public:
  enum class Damage {
    record_of_the_first,
    record_of_the_second,
    gap,
    end_of_the_first,
    stranger,
  };
  // What is told of restore points and holds.
  struct State {
    std::set<std::string> shown;
    std::set<std::string> forgotten;
    std::set<std::string> holds;
    bool operator==(const State&) const = default;
  };

  TwoWriters() : store_(backend) {
    for (std::uint64_t seed = 0; seed < 4; ++seed) back_up(seed);
    store_.repository().forget(std::vector<store::Forgetting>{{points_[0], "policy"}});
    add_hold("first");
    add_hold("last");
    first_ = backend.names("log/");
    store_.close();
    std::filesystem::remove_all(store_.settings().index);
    store_.clock().advance(std::chrono::hours{-48});
    store_.reopen();  // a new index is a new writer
    back_up(4);
    store_.repository().recall(std::vector{points_[0]});
    store_.repository().forget(std::vector<store::Forgetting>{{points_[1], "policy"}});
    store_.repository().remove_hold("first", "settled");
    back_up(5);
    store_.close();
    second_ = backend.names("log/");
    std::erase_if(second_, [&](const std::string& name) {
      return std::ranges::find(first_, name) != first_.end();
    });
    settings_ = store_.settings();
    settings_.open_index = [this](store::Index::Mode mode, const store::RepositoryId& repository) {
      return index.open(mode, repository);
    };
    static_cast<void>(state());
    whole_index_ = index.written();
  }

  void do_damage(Damage damage) {
    const auto alter = [&](const std::string& record) {
      backend.alter(record, [](base::Bytes& bytes) { bytes.back() ^= std::byte{1}; });
    };
    if (damage == Damage::record_of_the_first) alter(first_[2]);
    if (damage == Damage::record_of_the_second) alter(second_[0]);
    if (damage == Damage::gap) backend.remove(first_[3]);
    if (damage == Damage::end_of_the_first) backend.remove(first_.back());
    if (damage == Damage::stranger) backend.plant("log/stranger", base::Bytes(10));
  }
  // What is left to be told; the index, if it is there, remembers all.
  [[nodiscard]] State expected(Damage damage, bool index_is_there) const {
    State state{{id(0), id(2), id(3), id(4), id(5)}, {id(1)}, {"last"}};
    if (index_is_there) return state;
    if (damage == Damage::record_of_the_first) state.shown.erase(id(2));
    if (damage == Damage::record_of_the_second) state.shown.erase(id(4));
    if (damage == Damage::gap) state.shown.erase(id(3));
    if (damage == Damage::end_of_the_first) state.holds.clear();
    return state;
  }

  store::LogRepair repair() {
    return store::Repository::repair_log(backend, settings_, store_.passphrase(), store_.clock());
  }
  // As a writer has it.
  [[nodiscard]] State state() {
    const auto repository = store::Repository::open(backend, settings_, store_.passphrase(),
                                                    store::Access::write, store_.clock());
    State state;
    for (const store::Snapshot& point : repository->snapshots()) state.shown.insert(point.id);
    for (const auto& forgotten : repository->forgotten()) {
      state.forgotten.insert(forgotten.snapshot.id);
    }
    for (const store::Hold& hold : repository->holds()) state.holds.insert(hold.id);
    return state;
  }
  // Whoever opens the store meets all of it, or is told that it is damaged.
  void check_opening(const State& all) {
    const test::MemoryIndex::Batches before = index.written();
    for (const bool with_index : {true, false}) {
      if (!with_index) index.lose();
      std::optional<State> seen;
      try {
        seen = state();
      } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::corrupt);
      }
      if (seen) CHECK(*seen == all);
      index.put_back(before);
    }
  }

  using Objects = std::map<std::string, base::Bytes>;
  [[nodiscard]] Objects objects() const {
    Objects objects;
    for (const std::string& name : backend.names()) {
      objects[name] = backend.read(name, 0, *backend.size_bytes(name));
    }
    return objects;
  }
  void put_back(const Objects& objects) {
    for (const std::string& name : backend.names()) backend.remove(name);
    for (const auto& [name, bytes] : objects) backend.plant(name, bytes);
    index.put_back(whole_index_);
  }

  store::MemoryBackend backend;
  test::MemoryIndex index;

 private:
  [[nodiscard]] std::string id(std::size_t point) const { return points_.at(point).id; }
  void back_up(std::uint64_t seed) {
    points_.push_back(store_.back_up(kAnna, test::random_streams(seed, 2)));
  }
  void add_hold(const std::string& id) {
    store::Hold hold;
    hold.id = id;
    hold.tenant = SmallRepository::kTenant;
    hold.mailbox_id = "another one";
    store_.repository().add_hold(hold);
  }

  SmallRepository store_;
  store::Repository::Settings settings_;
  std::vector<store::Snapshot> points_;
  std::vector<std::string> first_;  // the records of each writer
  std::vector<std::string> second_;
  test::MemoryIndex::Batches whole_index_;
};

}  // namespace

TEST_CASE("a whole log is left as it is", "[store][log]") {
  Fixture fixture;
  const auto names = fixture.backend.names();
  CHECK_FALSE(fixture.repair().was_needed());
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
    const store::LogRepair repair = fixture.repair();
    CHECK_FALSE(repair.damage.empty());
    CHECK(repair.lost.empty());
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

TEST_CASE("a repaired log still bears witness of the audit log", "[store][log]") {
  Fixture fixture;
  fixture.store.reopen().journals().open("audit").append(base::as_bytes("an entry"));
  fixture.store.back_up(kAnna, fixture.streams[0]);
  fixture.store.close();
  fixture.damage(0);
  CHECK_FALSE(fixture.repair().damage.empty());
  std::vector<std::string> errors;
  const auto note = [&](const base::Error& error) { errors.emplace_back(error.what()); };
  CHECK(fixture.store.reopen().journals().check_audit_witnesses(note) == 1);
  CHECK(errors.empty());
}

TEST_CASE("without an index only the damaged record is lost", "[store][log]") {
  Fixture fixture;
  fixture.damage(2);
  fixture.lose_index();
  CHECK(fixture.repair().lost.find(fixture.records.at(2)) != std::string::npos);
  store::Repository& repository = fixture.store.reopen();
  CHECK(fixture.shown(repository) ==
        std::set<std::string>{fixture.points[0].id, fixture.points[3].id});
  CHECK(repository.forgotten().size() == 1);
}

TEST_CASE("a name far beyond the log is one record that cannot be read", "[store][log][security]") {
  Fixture fixture;
  const std::string last = fixture.records.back();
  const std::string far = last.substr(0, last.size() - 16) + "9999999999999999";
  fixture.backend.plant(far, base::Bytes(200));
  fixture.lose_index();
  const std::string lost = fixture.repair().lost;
  CHECK(lost.find(far) != std::string::npos);
  CHECK(lost.find(" more") == std::string::npos);
  CHECK(fixture.shown(fixture.store.reopen()).size() == 3);
}

TEST_CASE("strangers in the log are set aside, whatever their names", "[store][log][security]") {
  Fixture fixture;
  const std::string longest = "log/" + std::string(251, 'x');
  for (const std::string& name : {longest, std::string{"log/a/b"}, std::string{"log/a.b"}}) {
    fixture.backend.plant(name, base::to_bytes(base::as_bytes(name)));
  }
  fixture.repair();
  CHECK(fixture.shown(fixture.store.reopen()).size() == 3);
  std::set<std::string> kept;
  for (const std::string& name : fixture.backend.names("trash/quarantine/")) {
    const base::Bytes bytes = fixture.backend.read(name, 0, *fixture.backend.size_bytes(name));
    kept.insert(std::string{base::as_text(bytes)});
  }
  CHECK(kept.contains(longest));
  CHECK(kept.contains("log/a/b"));
  CHECK(kept.contains("log/a.b"));
}

TEST_CASE("a repaired log says what the writer said last who knew the others, whatever the clocks",
          "[store][log]") {
  TwoWriters fixture;
  const auto damage = TwoWriters::Damage::record_of_the_first;
  fixture.do_damage(damage);
  fixture.index.lose();
  CHECK(fixture.repair().was_needed());
  CHECK(fixture.state() == fixture.expected(damage, false));
}

TEST_CASE("a repair of the log that dies anywhere is run again, and loses nothing by it",
          "[store][log][crash]") {
  struct PowerCut {};
  using Damage = TwoWriters::Damage;
  const auto damage = GENERATE(Damage::record_of_the_first, Damage::record_of_the_second,
                               Damage::gap, Damage::end_of_the_first, Damage::stranger);
  const bool index_is_there = GENERATE(true, false);
  CAPTURE(static_cast<int>(damage), index_is_there);
  TwoWriters fixture;
  fixture.do_damage(damage);
  const TwoWriters::Objects damaged = fixture.objects();
  const TwoWriters::State expected = fixture.expected(damage, index_is_there);
  bool died = true;
  for (int moment = 0; died; ++moment) {
    CAPTURE(moment);
    REQUIRE(moment < 500);
    fixture.put_back(damaged);
    if (!index_is_there) fixture.index.lose();
    int operations = 0;
    fixture.backend.set_hook([&](store::MemoryBackend::Operation, const std::string&) {
      if (operations++ == moment) throw PowerCut{};
    });
    died = false;
    try {
      static_cast<void>(fixture.repair());
    } catch (const PowerCut&) {
      died = true;
    }
    fixture.backend.set_hook({});
    fixture.check_opening(expected);
    // What the first one set aside is not lost.
    const bool is_lost = !index_is_there && damage != Damage::stranger;
    if (const store::LogRepair again = fixture.repair(); again.was_needed()) {
      CHECK(again.lost.empty() != is_lost);
    }
    fixture.index.lose();  // from here on the log alone has to tell
    CHECK(fixture.state() == expected);
    CHECK_FALSE(fixture.repair().was_needed());
  }
}
