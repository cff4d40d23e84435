#include "src/base/error.h"
#include "store/index.h"
#include "store/internal/entries.h"
#include "store/keys.h"
#include "store/memory_backend.h"
#include "store/packs.h"
#include "store/repository.h"
#include "tests/support/catch.h"
#include "tests/support/small_repository.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace {

using test::damage_chunk;
using test::SmallRepository;
using test::Streams;

constexpr const char* kAnna = "anna@contoso.com";

// The index knows the packs still, and nothing of what lies in them.
void forget_chunks_of_packs(const store::MemoryBackend& backend, const SmallRepository& store) {
  const auto keys = store::KeyRing::open(backend, store.passphrase());
  const auto index =
      store::Index::open(store.settings().index, keys->repository(), store::Index::Mode::write);
  std::map<std::uint32_t, store::PackRow> packs;
  index->for_each_pack(
      [&](std::uint32_t number, const store::PackRow& row) { packs.emplace(number, row); });
  for (auto& [number, row] : packs) {
    index->remove_pack(number, index->chunks_in({&number, 1}).at(number));
    row.chunks = 0;
    index->add_pack(row, {});
  }
}

store::ItemEntry nth_item(SmallRepository& store, const store::Snapshot& snapshot, std::size_t n) {
  std::vector<store::ItemEntry> items;
  store.tenant().open_snapshot(snapshot)->items([&](const store::ItemEntry& item) {
    items.push_back(item);
    return true;
  });
  return items.at(n);
}

std::set<std::string> affected_items(const store::CheckReport& report) {
  std::set<std::string> items;
  for (const store::AffectedItem& affected : report.affected) items.insert(affected.item);
  return items;
}

// Damage may cost an item, but never gives other bytes.
bool is_right_or_refused(store::Repository& repository, const store::Snapshot& snapshot,
                         const std::pair<std::string, std::string>& name,
                         const base::Bytes& stream) {
  store::TenantStore& tenant = repository.tenant(snapshot.tenant);
  try {
    const auto item = tenant.open_snapshot(snapshot)->find(name.first, name.second);
    return item && tenant.read_content(item->content) == stream;
  } catch (const base::Error& error) {
    return error.kind() == base::ErrorKind::corrupt;
  }
}

}  // namespace

TEST_CASE("a damaged item is named with its mailbox, folder and restore points", "[store][check]") {
  store::MemoryBackend backend;
  SmallRepository store{backend};
  const Streams streams = test::random_streams(1, 50);
  const store::Snapshot first = store.back_up(kAnna, streams);
  const store::Snapshot second = store.back_up(kAnna, test::random_streams(2, 5), &first);
  const store::ItemEntry victim = nth_item(store, first, 20);
  damage_chunk(backend, store, victim.content.chunk);
  store::Repository& repository = store.reopen();

  const store::CheckReport report = repository.check(store::CheckLevel::full, {}, {});

  REQUIRE_FALSE(report.errors.empty());
  REQUIRE(report.affected.size() == 1);
  CHECK(report.affected[0].mailbox == kAnna);
  CHECK(report.affected[0].folder == "Name of " + victim.folder_id);
  CHECK(report.affected[0].item == victim.id);
  CHECK(report.affected[0].snapshots == std::vector<std::string>{first.id, second.id});
  // And no wrong bytes are given out.
  CHECK_THROWS_AS(store.tenant().read_content(victim.content), base::Error);
}

TEST_CASE("chunks that the index lacks count if a restore point needs them", "[store][check]") {
  store::MemoryBackend backend;
  SmallRepository store{backend};
  const bool needed = GENERATE(true, false);
  CAPTURE(needed);
  const store::Snapshot snapshot = store.prepare(kAnna, test::random_streams(1, 6));
  store.repository().commit({});  // what was put is published, and nothing names it
  if (needed) store.repository().commit(std::vector{snapshot});
  store.close();
  forget_chunks_of_packs(backend, store);
  store.reopen();

  const store::CheckReport report = store.repository().check(
      GENERATE(store::CheckLevel::structure, store::CheckLevel::full), {}, {});

  CHECK(report.affected.empty() == !needed);
  if (!needed) {
    CHECK(report.errors.empty());
    return;
  }
  REQUIRE_FALSE(report.errors.empty());
  CHECK_THAT(report.errors.front(),
             test::contains_text("the index lacks chunk") && test::contains_text("rebuild-index"));
}

TEST_CASE("damage to what nodes are a difference from is told and healed",
          "[store][check][difference]") {
  store::MemoryBackend backend;
  SmallRepository store{backend};
  store.reopen_with_parity();
  const Streams streams = test::random_streams(5, 80, 2'000);
  const store::Snapshot first = store.back_up(kAnna, streams);
  Streams changed;
  changed[streams.begin()->first] = base::Bytes(100);
  const store::Snapshot second = store.back_up(kAnna, changed, &first);
  // Nothing else needs the root of the first any more.
  store.repository().forget(std::vector<store::Forgetting>{{first, "test"}});
  store.reopen();
  CHECK(store.repository().prune({}, {}, {}).purged.size() == 1);
  damage_chunk(backend, store, *first.roots.items);
  store::Repository& repository = store.reopen();

  const store::CheckReport report = repository.check(store::CheckLevel::structure, {}, {});
  CHECK_FALSE(report.errors.empty());
  REQUIRE_FALSE(report.affected.empty());
  CHECK(report.affected[0].mailbox == kAnna);
  CHECK(report.affected[0].snapshots == std::vector<std::string>{second.id});
  CHECK(repository.repair(store::CheckLevel::structure, {}, {}).errors.empty());
  Streams expected = changed;
  expected.insert(streams.begin(), streams.end());
  CHECK(test::restore(repository, second) == expected);
}

TEST_CASE("a missing pack hits exactly the items that need it", "[store][check]") {
  store::MemoryBackend backend;
  SmallRepository store{backend};
  const Streams old_streams = test::random_streams(3, 40);
  const store::Snapshot first = store.back_up(kAnna, old_streams);
  const std::vector<std::string> before = backend.names("pack/d/");
  const Streams new_streams = test::random_streams(4, 15);
  const store::Snapshot second = store.back_up(kAnna, new_streams, &first);
  for (const std::string& name : backend.names("pack/d/")) {
    if (std::find(before.begin(), before.end(), name) == before.end()) backend.remove(name);
  }
  const bool reopened = GENERATE(false, true);
  CAPTURE(reopened);
  if (reopened) store.reopen();

  const store::CheckReport report = store.repository().check(
      GENERATE(store::CheckLevel::structure, store::CheckLevel::full), {}, {});

  std::set<std::string> expected;
  for (const auto& [name, stream] : new_streams) expected.insert(name.second);
  CHECK(affected_items(report) == expected);
  for (const store::AffectedItem& affected : report.affected) {
    CHECK(affected.snapshots == std::vector<std::string>{second.id});
  }
}

TEST_CASE("a damaged listing is named by its folders", "[store][check]") {
  store::MemoryBackend backend;
  SmallRepository store{backend};
  const store::Snapshot snapshot = store.back_up(kAnna, test::random_streams(5, 300, 2'000));
  SECTION("the root of the items") { damage_chunk(backend, store, *snapshot.roots.items); }
  SECTION("the root of the folders") { damage_chunk(backend, store, *snapshot.roots.folders); }
  SECTION("the root of the metadata") { damage_chunk(backend, store, *snapshot.roots.display); }
  store::Repository& repository = store.reopen();

  const store::CheckReport report = repository.check(store::CheckLevel::structure, {}, {});
  CHECK_FALSE(report.errors.empty());
  REQUIRE_FALSE(report.affected.empty());
  CHECK(report.affected[0].mailbox == kAnna);
  CHECK(report.affected[0].item.empty());
}

TEST_CASE("a large item is named when one of its chunks is damaged", "[store][check]") {
  store::MemoryBackend backend;
  SmallRepository store{backend};
  Streams streams = test::random_streams(6, 10);
  base::Bytes large(3'000'000);
  std::mt19937_64 random{7};
  for (std::byte& byte : large) byte = static_cast<std::byte>(random());
  streams[{"folder-1", "large"}] = large;
  const store::Snapshot snapshot = store.back_up(kAnna, streams);
  const auto keys = store::KeyRing::open(backend, store.passphrase());
  const std::string pack = backend.names("pack/d/").at(0);
  // The largest chunk of the data can only be one of the large item's.
  store::IndexedChunk largest;
  for (const store::PackObject& object : store::list_packs(backend, {})) {
    for (const store::IndexedChunk& chunk :
         store::read_pack_contents(backend, *keys, object).chunks) {
      if (chunk.location.plain_bytes > largest.location.plain_bytes) largest = chunk;
    }
  }
  damage_chunk(backend, store, largest.id);
  store::Repository& repository = store.reopen();

  const store::CheckReport report = repository.check(store::CheckLevel::full, {}, {});
  CHECK(affected_items(report) == std::set<std::string>{"large"});
  // Below that level every name is in its place.
  CHECK(repository.check(store::CheckLevel::structure, {}, {}).affected.empty());
}

TEST_CASE("damaged notes for the next backup are told, and are no affected item",
          "[store][check]") {
  store::MemoryBackend backend;
  SmallRepository store{backend};
  const Streams streams = test::random_streams(8, 5);
  const store::Snapshot first = store.back_up_with_notes(kAnna, streams, "cursors of the first");
  const store::Snapshot last =
      store.back_up_with_notes(kAnna, streams, "cursors of the last", &first);
  const bool of_the_last = GENERATE(true, false);
  CAPTURE(of_the_last);
  damage_chunk(backend, store, (of_the_last ? last : first).state->chunk);

  const store::CheckReport report = store.reopen().check(store::CheckLevel::full, {}, {});

  CHECK_FALSE(report.errors.empty());  // the chunk
  CHECK(report.affected.empty());
  // Every backup starts from the last one.
  const auto tells = [&](const std::string& error) {
    return error.find("the notes for the next backup in ") != std::string::npos &&
           error.find(last.id) != std::string::npos;
  };
  CHECK(std::ranges::any_of(report.errors, tells) == of_the_last);
}

TEST_CASE("a check goes on where the disk gives nothing back", "[store][check]") {
  store::MemoryBackend backend;
  SmallRepository store{backend};
  const store::Snapshot snapshot = store.back_up(kAnna, test::random_streams(9, 5));
  store.back_up("boris@contoso.com", test::random_streams(10, 5));
  store.reopen();
  const auto level = GENERATE(store::CheckLevel::structure, store::CheckLevel::full);
  const std::string pack = backend.names("pack/m/").at(0);
  backend.set_hook([&](store::MemoryBackend::Operation operation, const std::string& name) {
    if (operation == store::MemoryBackend::Operation::read && name == pack) {
      throw base::Error{base::ErrorKind::disk, "input/output error"};
    }
  });

  const store::CheckReport report = store.repository().check(level, {}, {});

  backend.set_hook({});
  CHECK_FALSE(report.errors.empty());
  CHECK_FALSE(report.affected.empty());
}

TEST_CASE("random damage never passes a full check unseen", "[store][check]") {
  store::MemoryBackend backend;
  SmallRepository store{backend};
  const Streams streams = test::random_streams(9, 30, 8'000);
  const store::Snapshot snapshot = store.back_up(kAnna, streams);
  store.close();
  std::mt19937_64 random{GENERATE(range(std::uint64_t{0}, std::uint64_t{60}))};
  const std::vector<std::string> names = backend.names();
  const std::string& name = names[random() % names.size()];
  CAPTURE(name);
  backend.alter(name, [&](base::Bytes& bytes) {
    bytes[random() % bytes.size()] ^= static_cast<std::byte>(1U << (random() % 8));
  });

  bool noticed = false;
  try {
    // Reading: opening for writing heals copies of the configuration.
    store::Repository& repository = store.reopen(store::Access::read);
    noticed = !repository.check(store::CheckLevel::full, {}, {}).errors.empty();
    for (const auto& [key, stream] : streams) {
      CHECK(is_right_or_refused(repository, snapshot, key, stream));
    }
  } catch (const base::Error&) {
    noticed = true;
  }
  CHECK(noticed);
}

TEST_CASE("a check can be stopped and tells how far it is", "[store][check]") {
  store::MemoryBackend backend;
  SmallRepository store{backend};
  store.back_up(kAnna, test::random_streams(10, 10));
  std::vector<store::Progress> steps;
  const auto note = [&](const store::Progress& progress) { steps.push_back(progress); };
  static_cast<void>(store.repository().check(store::CheckLevel::full, note, {}));
  REQUIRE_FALSE(steps.empty());
  CHECK(steps.back().done_bytes == steps.back().total_bytes);

  std::stop_source stop;
  stop.request_stop();
  try {
    static_cast<void>(store.repository().check(store::CheckLevel::full, {}, stop.get_token()));
    FAIL("the check went on");
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::cancelled);
  }
}
