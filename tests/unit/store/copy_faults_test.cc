#include "store/copy.h"
#include "tests/support/catch.h"
#include "tests/support/small_store.h"
#include "tests/unit/store/second_store.h"

namespace {

using test::SecondStore;
using test::Streams;
using Operation = store::MemoryBackend::Operation;

constexpr const char* kAnna = "anna@contoso.com";
constexpr const char* kBoris = "boris@contoso.com";

bool changes_something(Operation operation) {
  return operation != Operation::read && operation != Operation::size &&
         operation != Operation::list;
}

void flip_bits(base::Bytes& bytes, std::size_t end, std::size_t step) {
  for (std::size_t i = 200; i < end; i += step) bytes[i] ^= std::byte{1};
}

}  // namespace

TEST_CASE("a copy that dies before any of its writes is ended by the next one",
          "[store][copy][crash]") {
  SecondStore at;
  at.back_up(kAnna, 1, 5);
  at.back_up(kBoris, 2, 5);
  const Streams again = test::random_streams(1, 4, 60'000);
  at.truth.emplace_back(at.first.back_up(kAnna, again), again);
  at.first.repository().add_hold(test::hold_on(at.truth.front().first, "a-hold"));
  at.settings.parity = true;
  store::CopyOptions options;
  options.group_points = 2;

  std::uint64_t writes = 0;
  for (std::uint64_t deadly = 1;; ++deadly) {
    CAPTURE(deadly);
    at.begin_anew();
    writes = 0;
    bool died = false;
    at.backend->set_hook([&](Operation operation, const std::string&) {
      if (changes_something(operation)) ++writes;
      // What has died does nothing more, also not on other threads or while it is taken down.
      if (writes >= deadly) throw base::Error{base::ErrorKind::disk, "killed"};
    });
    try {
      at.copy(options);
    } catch (const base::Error&) {
      died = true;
    }
    at.backend->set_hook({});
    if (!died) break;

    REQUIRE(at.copy(options).problems.empty());

    const auto second = at.open(store::Access::read);
    REQUIRE(test::ids(second->snapshots()) == test::ids(at.first.repository().snapshots()));
    REQUIRE(second->holds().size() == 1);
    for (const auto& [point, streams] : at.truth) {
      REQUIRE(test::restore(*second, point) == streams);
    }
    REQUIRE(second->check(store::CheckLevel::full, {}, {}).errors.empty());
  }
  CHECK(writes > 20);
  at.check();
}

TEST_CASE("a copy that is stopped keeps what is done, and the next one goes on", "[store][copy]") {
  SecondStore at;
  at.back_up(kAnna, 1);
  at.back_up(kBoris, 2);
  std::stop_source stop;
  std::uint64_t packs = 0;
  at.backend->set_hook([&](Operation operation, const std::string& name) {
    if (operation == Operation::put && name.starts_with("pack/d/")) ++packs;
    if (packs == 2) stop.request_stop();
  });
  CHECK(test::failure_of([&] { at.copy({}, stop.get_token()); }).kind ==
        base::ErrorKind::cancelled);
  at.backend->set_hook({});
  CHECK(test::ids(at.open()->snapshots()) == std::vector{at.truth.front().first.id});
  const store::CopyReport report = at.copy();
  CHECK(report.snapshots == 1);
  CHECK(report.skipped == 1);
  at.check();
}

TEST_CASE("a second store that is full says so, and the next copy goes on", "[store][copy]") {
  SecondStore at;
  at.back_up(kAnna, 1);
  at.back_up(kBoris, 2);
  std::uint64_t packs = 0;
  at.backend->set_hook([&](Operation operation, const std::string& name) {
    if (operation != Operation::put || !name.starts_with("pack/")) return;
    if (++packs > 1) throw base::Error{base::ErrorKind::full, "no space left"};
  });
  CHECK(test::failure_of([&] { at.copy(); }).kind == base::ErrorKind::full);
  const auto arrived = at.backend->names("pack/");
  at.backend->set_hook({});
  CHECK(arrived.size() == 1);
  CHECK(at.copy().snapshots == 2);
  at.check();
}

TEST_CASE("damage in the first store costs the restore points that it hits", "[store][copy]") {
  const bool metadata = GENERATE(false, true);
  CAPTURE(metadata);
  SecondStore at;
  const store::Snapshot anna = at.back_up(kAnna, 1, 20);
  const std::string pack = test::largest_pack(at.first_backend, metadata ? "pack/m/" : "pack/d/");
  at.back_up(kBoris, 2);
  if (metadata) {
    test::damage_chunk(at.first_backend, at.first, *anna.roots.items);  // folders look alike
  } else {
    at.first_backend.alter(pack,
                           [](base::Bytes& bytes) { flip_bits(bytes, bytes.size() / 2, 1000); });
  }

  const store::CopyReport report = at.copy();

  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems.front().snapshot == anna.id);
  CHECK(report.problems.front().mailbox == kAnna);
  CHECK(report.snapshots == 1);
  CHECK_FALSE(at.backend->size_bytes(pack));
  at.truth.erase(at.truth.begin());
  at.check();
}

TEST_CASE("notes for the next backup that are lost cost no restore point", "[store][copy]") {
  SecondStore at;
  const Streams streams = test::random_streams(1, 20, 60'000);
  const store::Snapshot point = at.first.back_up_with_notes(kAnna, streams, "cursors");
  at.truth.emplace_back(point, streams);
  test::damage_chunk(at.first_backend, at.first, point.state->chunk);

  const store::CopyReport report = at.copy();

  CHECK(report.problems.empty());
  CHECK(report.snapshots == 1);
  at.check();
}

TEST_CASE("a disk of the first store that cannot read a pack is damage, too", "[store][copy]") {
  SecondStore at;
  const store::Snapshot anna = at.back_up(kAnna, 1);
  const std::string pack = test::largest_pack(at.first_backend, "pack/d/");
  at.back_up(kBoris, 2);
  at.first_backend.set_hook([&](Operation operation, const std::string& name) {
    if (operation == Operation::read && name == pack) {
      throw base::Error{base::ErrorKind::disk, "input/output error"};
    }
  });
  const store::CopyReport report = at.copy();
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems.front().snapshot == anna.id);
  at.truth.erase(at.truth.begin());
  at.check();
}

TEST_CASE("restore points that share what is damaged are all told", "[store][copy]") {
  SecondStore at;
  const Streams streams = test::random_streams(1, 20, 60'000);
  const store::Snapshot one = at.first.back_up(kAnna, streams);
  at.first.back_up(kAnna, streams, &one);
  at.first_backend.alter(test::largest_pack(at.first_backend, "pack/d/"),
                         [](base::Bytes& bytes) { flip_bits(bytes, bytes.size() / 2, 100); });
  const store::CopyReport report = at.copy();
  CHECK(report.problems.size() == 2);
  CHECK(report.snapshots == 0);
  CHECK(at.open()->snapshots().empty());
}

TEST_CASE("damage that hits no chunk costs nothing, and the pack is not copied as it is",
          "[store][copy]") {
  SecondStore at;
  at.back_up(kAnna, 1);
  const std::string pack = test::largest_pack(at.first_backend, "pack/d/");
  // The header, of which there is a copy.
  at.first_backend.alter(pack, [](base::Bytes& bytes) { bytes[8] ^= std::byte{1}; });
  const store::CopyReport report = at.copy();
  CHECK(report.problems.empty());
  CHECK(report.snapshots == 1);
  CHECK(report.chunks > 0);
  CHECK_FALSE(at.backend->size_bytes(pack));
  at.check();
}

TEST_CASE("what is healed in the first store is copied by the next run", "[store][copy]") {
  SecondStore at;
  at.first.reopen_with_parity();
  at.back_up(kAnna, 1);
  at.first_backend.alter(test::largest_pack(at.first_backend, "pack/d/"),
                         [](base::Bytes& bytes) { flip_bits(bytes, bytes.size() / 2, 100); });
  CHECK(at.copy().problems.size() == 1);
  at.first.reopen().repair(store::CheckLevel::full, {}, {});
  CHECK(at.copy().snapshots == 1);
  at.check();
}

TEST_CASE("what does not arrive as it was sent is not relied on", "[store][copy]") {
  SecondStore at;
  at.back_up(kAnna, 1);
  bool garbled = false;
  at.backend->set_hook([&](Operation operation, const std::string& name) {
    // The first look at a pack after it was put: the disk has lost a bit.
    if (operation != Operation::read || !name.starts_with("pack/d/") || garbled) return;
    garbled = true;
    at.backend->alter(name, [](base::Bytes& bytes) { bytes[500] ^= std::byte{1}; });
  });
  CHECK(test::failure_of([&] { at.copy(); }).kind == base::ErrorKind::disk);
  CHECK(at.backend->names("pack/d/").empty());
  at.backend->set_hook({});
  CHECK(at.copy().problems.empty());
  at.check();
}

TEST_CASE("a pack that lies damaged in the second store is copied by its chunks", "[store][copy]") {
  SecondStore at;
  const store::Snapshot anna = at.back_up(kAnna, 1);
  at.prepare();
  at.backend->plant(test::largest_pack(at.first_backend, "pack/d/"), test::noise(1, 1000));
  const store::CopyReport report = at.copy();
  CHECK(report.problems.empty());
  CHECK(report.chunks > 0);
  CHECK(test::restore(*at.open(), anna) == at.truth.front().second);
}
