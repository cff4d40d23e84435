#include "store/copy.h"

#include "store/key_management.h"
#include "tests/support/catch.h"
#include "tests/support/small_store.h"
#include "tests/unit/store/second_store.h"

#include <optional>

namespace {

using test::SecondStore;
using test::SmallRepository;
using test::Streams;

constexpr const char* kAnna = "anna@contoso.com";
constexpr const char* kBoris = "boris@contoso.com";

bool opens(const store::Backend& backend, const base::Secret& key) {
  try {
    static_cast<void>(store::KeyRing::open(backend, key));
    return true;
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::wrong_key);
    return false;
  }
}

}  // namespace

TEST_CASE("a copy brings every restore point to a store of its own", "[store][copy]") {
  SecondStore at;
  at.back_up(kAnna, 1);
  at.back_up(kBoris, 2);

  const store::CopyReport report = at.copy();

  CHECK(report.created);
  CHECK(report.snapshots == 2);
  CHECK(report.skipped == 0);
  CHECK(report.packs > 0);
  CHECK(report.bytes > 0);
  CHECK(report.problems.empty());
  at.check();
  // Packs lie there as they are; the log is the second store's own.
  for (const std::string& name : at.first_backend.names("log/")) {
    CHECK_FALSE(at.backend->size_bytes(name));
  }
  const std::string pack = test::largest_pack(at.first_backend, "pack/d/");
  CHECK(at.backend->size_bytes(pack) == at.first_backend.size_bytes(pack));
  CHECK(opens(*at.backend, at.first.recovery_key()));
}

TEST_CASE("a copy brings what nodes are a difference from", "[store][copy][difference]") {
  SecondStore at;
  const bool night_by_night = GENERATE(true, false);
  CAPTURE(night_by_night);
  Streams streams = test::random_streams(1, 30, 20'000);
  store::Snapshot point = at.first.back_up(kAnna, streams);
  if (night_by_night) {
    at.truth.emplace_back(point, streams);
    CHECK(at.copy().problems.empty());
    at.first.reopen();
  } else {
    at.first.repository().forget(std::vector<store::Forgetting>{{point, "test"}});
  }
  for (int night = 0; night < 3; ++night) {
    Streams changed;
    changed[std::next(streams.begin(), night)->first] =
        base::Bytes(100 + static_cast<std::size_t>(night));
    point = at.first.back_up(kAnna, changed, &point);
    for (auto& [name, stream] : changed) streams[name] = std::move(stream);
    at.truth.emplace_back(point, streams);
    if (!night_by_night) continue;
    CHECK(at.copy().problems.empty());
    at.first.reopen();
  }
  if (!night_by_night) CHECK(at.copy().problems.empty());
  at.check();
}

TEST_CASE("a restore point keeps all that the log told of it", "[store][copy]") {
  SecondStore at;
  store::Snapshot point = at.first.prepare(kAnna, test::random_streams(1, 3));
  point.complete = false;
  point.policy = "nightly";
  point.counts.failed = 7;
  const auto notes = at.first.tenant().new_content();
  notes->append(test::noise(9, 300'000));
  point.state = notes->finish().ref;
  at.first.repository().commit(std::vector{point});
  at.copy();

  const auto second = at.open();
  REQUIRE(second->snapshots().size() == 1);
  const store::Snapshot copied = second->snapshots().front();
  CHECK(copied.id == point.id);
  CHECK(copied.time == point.time);
  CHECK_FALSE(copied.complete);
  CHECK(copied.policy == "nightly");
  CHECK(copied.counts.failed == 7);
  CHECK(copied.roots == point.roots);
  REQUIRE(copied.state);
  CHECK(second->tenant(point.tenant).read_content(*copied.state) == test::noise(9, 300'000));
}

TEST_CASE("a second run copies what is new, and nothing again", "[store][copy]") {
  SecondStore at;
  at.back_up(kAnna, 1);
  at.copy();
  const auto names = at.backend->names();

  const store::CopyReport idle = at.copy();
  CHECK_FALSE(idle.created);
  CHECK(idle.snapshots == 0);
  CHECK(idle.skipped == 1);
  CHECK(idle.bytes == 0);
  CHECK(at.backend->names() == names);

  at.first.reopen();
  at.back_up(kBoris, 2);
  const store::CopyReport report = at.copy();
  CHECK(report.snapshots == 1);
  CHECK(report.skipped == 1);
  at.check();
}

TEST_CASE("a pack of which little is needed is not copied, but its chunks", "[store][copy]") {
  SecondStore at;
  // One pack of two mailboxes' streams, one of which is forgotten.
  const Streams annas = test::random_streams(1, 4, 60'000);
  const store::Snapshot anna = at.first.prepare(kAnna, annas);
  const store::Snapshot boris = at.first.prepare(kBoris, test::random_streams(2, 30, 60'000));
  at.first.repository().commit(std::vector{anna, boris});
  at.first.repository().forget(std::vector<store::Forgetting>{{boris, "test"}});
  at.truth.emplace_back(anna, annas);

  const store::CopyReport report = at.copy();

  CHECK(report.packs == 0);
  CHECK(report.chunks > 4);
  CHECK_FALSE(at.backend->size_bytes(test::largest_pack(at.first_backend, "pack/d/")));
  at.check();
}

TEST_CASE("restore points are committed in groups", "[store][copy]") {
  SecondStore at;
  for (std::uint64_t seed = 0; seed < 5; ++seed) at.back_up(kAnna, seed, 3);
  store::CopyOptions options;
  SECTION("of so many") { options.group_points = 2; }
  SECTION("of so many bytes") { options.group_bytes = 150'000; }
  at.copy(options);
  const std::size_t records = at.backend->names("log/").size();
  CHECK(records > 1);
  CHECK(records < 5);
  at.check();
}

TEST_CASE("what the second store lets go is not brought back", "[store][copy]") {
  SecondStore at;
  const store::Snapshot old = at.back_up(kAnna, 1);
  at.back_up(kAnna, 2);
  at.copy();
  at.open()->forget(std::vector<store::Forgetting>{{old, "own retention"}});
  CHECK(at.copy().snapshots == 0);
  CHECK(at.open()->prune({}, {}, {}).purged == std::vector{old.id});
  SECTION("as its log tells") {}
  SECTION("as its log tells after it was damaged and written anew") {
    at.backend->alter(at.backend->names("log/").front(),
                      [](base::Bytes& bytes) { bytes.back() ^= std::byte{1}; });
    CHECK(store::Repository::repair_log(*at.backend, at.settings, at.first.passphrase(),
                                        at.first.clock())
              .was_needed());
  }
  const store::CopyReport report = at.copy();
  CHECK(report.snapshots == 0);
  CHECK(report.skipped == 2);
  CHECK(report.bytes == 0);
  CHECK(at.first.repository().snapshots().size() == 2);
  at.truth.erase(at.truth.begin());
  at.check();
}

TEST_CASE("what the first store lets go stays in the second", "[store][copy]") {
  SecondStore at;
  const store::Snapshot old = at.back_up(kAnna, 1);
  at.back_up(kAnna, 2);
  at.copy();
  at.first.reopen();
  at.first.repository().forget(std::vector<store::Forgetting>{{old, "retention"}});
  at.first.reopen();
  CHECK(at.first.repository().prune({}, {}, {}).packs_deleted > 0);
  at.back_up(kBoris, 3);
  CHECK(at.copy().snapshots == 1);
  at.check();
}

TEST_CASE("what the first store had forgotten before is not copied", "[store][copy]") {
  SecondStore at;
  const store::Snapshot old = at.back_up(kAnna, 1);
  at.back_up(kAnna, 2);
  at.first.repository().forget(std::vector<store::Forgetting>{{old, "retention"}});
  at.truth.erase(at.truth.begin());
  CHECK(at.copy().snapshots == 1);
  at.check();
}

TEST_CASE("holds are added there once, and removed by nobody but the second store",
          "[store][copy]") {
  SecondStore at;
  const store::Snapshot point = at.back_up(kAnna, 1);
  at.first.repository().add_hold(test::hold_on(point, "first"));
  CHECK(at.copy().holds == 1);
  CHECK(at.open()->holds().front().reason == "a lawsuit");
  at.first.reopen();
  at.first.repository().remove_hold("first", "over");
  at.first.repository().add_hold(test::hold_on(point, "second"));
  CHECK(at.copy().holds == 1);
  CHECK(at.open()->holds().size() == 2);
  at.open()->remove_hold("second", "over there");
  CHECK(at.copy().holds == 0);
  CHECK(at.open()->holds().size() == 1);
}

TEST_CASE("packs get parity where the second store wants it", "[store][copy]") {
  SecondStore at;
  at.back_up(kAnna, 1);
  at.settings.parity = true;
  at.copy();
  CHECK(at.first_backend.names("par/").empty());
  CHECK(at.backend->names("par/").size() == at.backend->names("pack/").size());
  CHECK(at.open()->check(store::CheckLevel::full, {}, {}).packs_without_parity == 0);
  at.check();
}

TEST_CASE("keys that were added are copied, and none is taken away", "[store][copy][keys]") {
  SecondStore at;
  at.back_up(kAnna, 1);
  at.copy();
  at.first.close();
  const base::Secret file{std::string_view{"0123456789abcdefghijklmnopqrstuvwxyz"}};
  {
    store::KeyManagement management{at.first_backend, at.first.passphrase()};
    management.add_key_file(file);
    management.replace_recovery_key([](const base::Secret&) {});
    CHECK(management.rotate() == 2);
  }
  at.first.reopen();
  at.back_up(kBoris, 2);
  at.copy();

  CHECK(opens(*at.backend, file));
  CHECK(opens(*at.backend, at.first.recovery_key()));
  CHECK_FALSE(opens(at.first_backend, at.first.recovery_key()));
  CHECK(store::read_key_state(*at.backend, file).generation == 2);
  at.check();
}

TEST_CASE("a key slot that is damaged is told and not copied", "[store][copy][keys]") {
  SecondStore at;
  at.back_up(kAnna, 1);
  at.first.close();
  const std::string slot =
      store::KeyManagement{at.first_backend, at.first.passphrase()}.add_key_file(
          base::Secret{std::string_view{"0123456789abcdefghijklmnopqrstuvwxyz"}});
  for (const char* copy : {".0", ".1", ".2"}) {
    at.first_backend.alter("keys/" + slot + copy,
                           [](base::Bytes& bytes) { bytes[70] ^= std::byte{1}; });
  }
  const auto prepared = at.prepare();
  REQUIRE(prepared.problems.size() == 1);
  CHECK(prepared.problems.front().find(slot) != std::string::npos);
  CHECK(at.backend->names("keys/" + slot).empty());
  CHECK(at.open()->snapshots().empty());
}

TEST_CASE("a place that holds something else is refused and left as it is", "[store][copy]") {
  SecondStore at;
  at.back_up(kAnna, 1);
  SECTION("another store") { const SmallRepository other{*at.backend}; }
  SECTION("anything") { at.backend->plant("somebody/elses", test::noise(1, 10)); }
  SECTION("parts of a store") { at.backend->plant("pack/d/00", test::noise(1, 10)); }
  const auto names = at.backend->names();
  REQUIRE_FALSE(names.empty());
  CHECK(test::failure_of([&] { at.copy(); }).kind == base::ErrorKind::usage);
  CHECK(at.backend->names() == names);
}
