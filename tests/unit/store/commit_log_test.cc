#include "store/internal/commit_log.h"

#include "src/base/error.h"
#include "src/base/random.h"
#include "tests/support/catch.h"
#include "tests/support/small_store.h"

#include <random>

namespace {

store::Snapshot snapshot(const std::string& id) {
  store::Snapshot snapshot;
  snapshot.id = id;
  snapshot.tenant = {"contoso.com"};
  snapshot.mailbox_id = "5f1d-mailbox";
  snapshot.address = "a@contoso.com";
  snapshot.display_name = "Ä. Person";
  snapshot.purpose = "shared";
  snapshot.policy = "nightly";
  snapshot.time = base::from_milliseconds(1'775'000'000'123);
  snapshot.complete = true;
  snapshot.items = 12;
  snapshot.bytes = 3'456;
  snapshot.counts = {12, 3, 7, 1, 1};
  snapshot.roots.items = store::ChunkId::from(base::sha256(base::as_bytes(id)).view());
  snapshot.state = store::ContentRef{*snapshot.roots.items, true, 77, base::sha256({})};
  return snapshot;
}

store::WriterId writer(std::uint8_t number) {
  store::WriterId id;
  id.bytes.fill(static_cast<std::byte>(number));
  return id;
}

// A log of two writers with three records each, on a repository of its own.
class LogFixture {
 public:
  LogFixture() : log(backend, *keys) {
    for (std::uint8_t number : {std::uint8_t{1}, std::uint8_t{2}}) {
      store::LogCursor head{writer(number), 0, {}};
      std::vector<store::LogCursor> others;
      if (number == 2) others.push_back(heads.front());
      for (int i = 1; i <= 3; ++i) {
        store::CommitRecord record;
        record.time = base::from_milliseconds(i);
        record.others = others;
        record.snapshots = {snapshot("w" + std::to_string(number) + "-" + std::to_string(i))};
        head = log.append(head, std::move(record));
      }
      heads.push_back(head);
    }
  }

  std::vector<std::string> read_all() {
    std::vector<std::string> ids;
    log.read_on({}, log.chains(), [&](const store::CommitRecord& record, const store::LogCursor&) {
      for (const store::Snapshot& each : record.snapshots) ids.push_back(each.id);
    });
    return ids;
  }

  std::vector<std::string> verify() {
    std::vector<std::string> errors;
    log.verify([](const store::CommitRecord&, const store::LogCursor&) {},
               [&](const base::Error& error) { errors.emplace_back(error.what()); });
    return errors;
  }

  base::Bytes object(const std::string& name) {
    return backend.read(name, 0, *backend.size_bytes(name));
  }

  store::MemoryBackend backend;
  std::unique_ptr<store::KeyRing> keys = make_keys(backend);
  store::CommitLog log;
  std::vector<store::LogCursor> heads;

  static std::unique_ptr<store::KeyRing> make_keys(store::MemoryBackend& backend) {
    const base::Secret passphrase{std::string_view{"open sesame"}};
    store::KeyRing::create(backend, passphrase, test::kCheapKdf);
    return store::KeyRing::open(backend, passphrase);
  }
};

std::string name(std::uint8_t number, std::uint64_t sequence) {
  return store::commit_name(writer(number), sequence);
}

}  // namespace

TEST_CASE("a snapshot comes back from its encoding field by field", "[store][log]") {
  const store::Snapshot before = snapshot("one");
  const store::Snapshot after = store::decode_snapshot(store::encode(before));
  CHECK(after.id == before.id);
  CHECK(after.tenant == before.tenant);
  CHECK(after.mailbox_id == before.mailbox_id);
  CHECK(after.address == before.address);
  CHECK(after.display_name == before.display_name);
  CHECK(after.purpose == before.purpose);
  CHECK(after.policy == before.policy);
  CHECK(after.time == before.time);
  CHECK(after.complete == before.complete);
  CHECK(after.items == before.items);
  CHECK(after.bytes == before.bytes);
  CHECK(after.counts.listed == 12);
  CHECK(after.counts.stored == 3);
  CHECK(after.counts.unchanged == 7);
  CHECK(after.counts.skipped == 1);
  CHECK(after.counts.failed == 1);
  CHECK(after.roots == before.roots);
  CHECK(after.state == before.state);
}

TEST_CASE("a log is read back in order", "[store][log]") {
  LogFixture fixture;
  CHECK(fixture.read_all() ==
        std::vector<std::string>{"w1-1", "w1-2", "w1-3", "w2-1", "w2-2", "w2-3"});
  CHECK(fixture.verify().empty());
  CHECK(fixture.log.holds(fixture.heads[0]));
}

TEST_CASE("a record can be read on from any that is known", "[store][log]") {
  LogFixture fixture;
  std::vector<store::LogCursor> cursors;
  const store::CommitLog::Chains first{{writer(1), 3}};
  fixture.log.read_on(
      {}, first, [&](const auto&, const store::LogCursor& cursor) { cursors.push_back(cursor); });
  REQUIRE(cursors.size() == 3);
  std::vector<store::LogCursor> rest;
  fixture.log.read_on({{writer(1), cursors[1]}}, first,
                      [&](const auto&, const store::LogCursor& cursor) { rest.push_back(cursor); });
  REQUIRE(rest.size() == 1);
  CHECK(rest[0].hash == fixture.heads[0].hash);
}

TEST_CASE("no record is told before one that its writer knew", "[store][log]") {
  // The second chain's name comes first, and its records take turns with those of the first one.
  LogFixture fixture;
  store::MemoryBackend backend;
  const auto keys = LogFixture::make_keys(backend);
  const store::CommitLog log{backend, *keys};
  const store::WriterId low = writer(3);
  const store::WriterId high = writer(9);
  std::map<store::WriterId, store::LogCursor> heads{{low, {low, 0, {}}}, {high, {high, 0, {}}}};
  std::vector<std::string> written;
  for (const store::WriterId& turn : {high, low, low, high, high, low}) {
    store::CommitRecord record;
    for (const auto& [id, head] : heads) {
      if (id != turn && head.sequence > 0) record.others.push_back(head);
    }
    written.push_back("point " + std::to_string(written.size()));
    record.snapshots = {snapshot(written.back())};
    heads[turn] = log.append(heads[turn], std::move(record));
  }
  std::vector<std::string> told;
  log.read_on({}, log.chains(), [&](const store::CommitRecord& record, const auto&) {
    told.push_back(record.snapshots.front().id);
  });
  CHECK(told == written);
}

TEST_CASE("events come back from a record as they were written", "[store][log]") {
  store::MemoryBackend backend;
  const auto keys = LogFixture::make_keys(backend);
  const store::CommitLog log{backend, *keys};
  store::Hold hold;
  hold.id = "01jd";
  hold.tenant = {"contoso.com"};
  hold.mailbox_id = "5f1d";
  hold.subject = "a@contoso.com";
  hold.reason = "Case 12";
  hold.time = base::from_milliseconds(-5);
  store::CommitRecord record;
  record.events = {store::SnapshotForgotten{"key 1", "policy"}, store::SnapshotRecalled{"key 2"},
                   store::SnapshotPurged{"key 3"}, store::HoldAdded{hold},
                   store::HoldRemoved{"01jc", "over"}};
  log.append({writer(1), 0, {}}, std::move(record));

  std::vector<store::LogEvent> events;
  log.read_on({}, log.chains(),
              [&](const store::CommitRecord& read, const auto&) { events = read.events; });
  REQUIRE(events.size() == 5);
  CHECK(std::get<store::SnapshotForgotten>(events[0]).key == "key 1");
  CHECK(std::get<store::SnapshotForgotten>(events[0]).reason == "policy");
  CHECK(std::get<store::SnapshotRecalled>(events[1]).key == "key 2");
  CHECK(std::get<store::SnapshotPurged>(events[2]).key == "key 3");
  CHECK(std::get<store::HoldAdded>(events[3]).hold.reason == "Case 12");
  CHECK(std::get<store::HoldAdded>(events[3]).hold.time == hold.time);
  CHECK(std::get<store::HoldAdded>(events[3]).hold.snapshot_id.empty());
  CHECK(std::get<store::HoldRemoved>(events[4]).id == "01jc");
}

TEST_CASE("two writers of one chain do not overwrite each other", "[store][log]") {
  LogFixture fixture;
  const store::LogCursor second{writer(1), 2, {}};
  const test::Failure failure = test::failure_of([&] { fixture.log.append(second, {}); });
  CHECK(failure.kind == base::ErrorKind::in_use);
  CHECK(fixture.verify().empty());
}

TEST_CASE("attacks on the log are noticed", "[store][log]") {
  LogFixture fixture;
  std::string expected;
  SECTION("a record in the middle is removed") {
    fixture.backend.remove(name(1, 2));
    expected = "is missing";
  }
  SECTION("the first record is removed") {
    fixture.backend.remove(name(2, 1));
    expected = "is missing";
  }
  SECTION("a record is cut short") {
    fixture.backend.alter(name(1, 2), [](base::Bytes& bytes) { bytes.resize(bytes.size() / 2); });
    expected = "is not what was written";
  }
  SECTION("a record is emptied") {
    fixture.backend.alter(name(1, 2), [](base::Bytes& bytes) { bytes.clear(); });
    expected = "is cut short";
  }
  SECTION("a record is longer") {
    fixture.backend.alter(name(1, 2), [](base::Bytes& bytes) { bytes.push_back({}); });
    expected = "is not what was written";
  }
  SECTION("a record is put in the place of another of its chain") {
    fixture.backend.plant(name(1, 2), fixture.object(name(1, 1)));
    expected = "was made for another place";
  }
  SECTION("a record is put in the place of another writer's") {
    fixture.backend.plant(name(1, 2), fixture.object(name(2, 2)));
    expected = "was made for another place";
  }
  SECTION("an older record is played again at the end") {
    fixture.backend.plant(name(1, 4), fixture.object(name(1, 3)));
    expected = "was made for another place";
  }
  SECTION("a record of another repository") {
    LogFixture other;
    fixture.backend.plant(name(1, 2), other.object(name(1, 2)));
    expected = "belongs to another store";
  }
  SECTION("a fork: a record that follows another one") {
    LogFixture fork;
    store::CommitLog log{fork.backend, *fixture.keys};
    fork.backend.remove(name(1, 3));
    const store::LogCursor elsewhere{writer(1), 2, base::sha256(base::as_bytes("elsewhere"))};
    log.append(elsewhere, {});
    fixture.backend.plant(name(1, 3), fork.object(name(1, 3)));
    expected = "does not follow the one before it";
  }
  SECTION("something that is no record") {
    fixture.backend.plant("log/readme", base::to_bytes(base::as_bytes("hello")));
    expected = "is no commit record";
  }
  const test::Failure failure = test::failure_of([&] { fixture.read_all(); });
  CHECK(failure.kind == base::ErrorKind::corrupt);
  CHECK_THAT(failure.what, Catch::Contains(expected));
  CHECK_FALSE(fixture.verify().empty());
}

TEST_CASE("the end or the whole of a chain does not vanish unseen by the others", "[store][log]") {
  LogFixture fixture;
  fixture.backend.remove(name(1, 3));
  SECTION("the end") {}
  SECTION("all of it") {
    fixture.backend.remove(name(1, 2));
    fixture.backend.remove(name(1, 1));
  }
  const std::vector<std::string> errors = fixture.verify();
  REQUIRE_FALSE(errors.empty());
  CHECK_THAT(errors.front(), Catch::Contains(name(1, 3)));
}

TEST_CASE("a known record that was replaced is not held", "[store][log]") {
  LogFixture fixture;
  fixture.backend.alter(name(1, 3), [](base::Bytes& bytes) { bytes.back() ^= std::byte{1}; });
  CHECK_FALSE(fixture.log.holds(fixture.heads[0]));
  fixture.backend.remove(name(2, 3));
  CHECK_FALSE(fixture.log.holds(fixture.heads[1]));
}

TEST_CASE("each flipped bit of a record is found", "[store][log]") {
  LogFixture fixture;
  const std::string victim = name(1, 2);
  const std::size_t bits = fixture.object(victim).size() * 8;
  for (std::size_t bit = 0; bit < bits; ++bit) {
    const auto flip = [&](base::Bytes& bytes) {
      bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    };
    fixture.backend.alter(victim, flip);
    CAPTURE(bit);
    try {
      fixture.read_all();
      FAIL("a flipped bit was not noticed");
    } catch (const base::Error& error) {
      // In the format's version it looks like a newer program's.
      if (error.kind() != base::ErrorKind::corrupt) REQUIRE(error.kind() == base::ErrorKind::usage);
    }
    fixture.backend.alter(victim, flip);
  }
  CHECK(fixture.verify().empty());
}

TEST_CASE("damage in one record leaves the others readable for a check", "[store][log]") {
  LogFixture fixture;
  fixture.backend.alter(name(1, 1), [](base::Bytes& bytes) { bytes.back() ^= std::byte{1}; });
  std::vector<std::string> ids;
  std::vector<std::string> errors;
  fixture.log.verify([&](const store::CommitRecord& record,
                         const auto&) { ids.push_back(record.snapshots[0].id); },
                     [&](const base::Error& error) { errors.emplace_back(error.what()); });
  CHECK(ids == std::vector<std::string>{"w1-2", "w1-3", "w2-1", "w2-2", "w2-3"});
  CHECK(errors.size() == 1);
}

TEST_CASE("hostile encodings of snapshots are refused", "[store][log]") {
  std::mt19937_64 random{1};
  const base::Bytes whole = store::encode(snapshot("one"));
  for (int i = 0; i < 20'000; ++i) {
    base::Bytes altered = whole;
    for (auto flips = random() % 3; flips > 0; --flips) {
      altered[random() % altered.size()] = static_cast<std::byte>(random());
    }
    if (random() % 2 == 0) altered.resize(random() % altered.size());
    try {
      store::decode_snapshot(altered);
    } catch (const base::Error& error) {
      if (error.kind() != base::ErrorKind::corrupt) REQUIRE(error.kind() == base::ErrorKind::usage);
    }
  }
}
