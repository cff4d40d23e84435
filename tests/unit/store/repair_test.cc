#include "store/index.h"
#include "store/internal/codec.h"
#include "store/internal/entries.h"
#include "store/internal/leases.h"
#include "store/internal/object_name.h"
#include "store/internal/parity_objects.h"
#include "store/internal/sealed_chunk_store.h"
#include "store/internal/tree_node.h"
#include "store/memory_backend.h"
#include "store/packs.h"
#include "store/repository.h"
#include "tests/support/catch.h"
#include "tests/support/small_repository.h"
#include "tests/support/small_store.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

namespace {

using store::CheckLevel;
using store::MemoryBackend;
using test::SmallRepository;
using test::Streams;

constexpr const char* kAnna = "anna@contoso.com";

std::set<std::string> affected_items(const store::CheckReport& report) {
  std::set<std::string> items;
  for (const store::AffectedItem& affected : report.affected) items.insert(affected.item);
  return items;
}

// A store with parity, and damage on demand.
struct Subject {
  Subject() {
    store.reopen_with_parity();
    streams = test::random_streams(1, 30);
    snapshot = store.back_up(kAnna, streams);
  }

  [[nodiscard]] std::string data_pack() const { return backend.names("pack/d/").at(0); }
  [[nodiscard]] static std::string hex_of(const std::string& pack) {
    return pack.substr(pack.rfind('/') + 1);
  }
  [[nodiscard]] base::Bytes bytes_of(const std::string& name) const {
    return backend.read(name, 0, static_cast<std::size_t>(backend.size_bytes(name).value()));
  }
  void lose_parity_of(const std::string& pack) { backend.remove("par/" + hex_of(pack)); }
  // Flips a bit in the middle of a chunk of this item.
  void damage(const std::pair<std::string, std::string>& item) {
    damage_chunk(store.tenant()
                     .open_snapshot(snapshot)
                     ->find(item.first, item.second)
                     .value()
                     .content.chunk);
  }
  void damage_chunk(const store::ChunkId& id) { test::damage_chunk(backend, store, id); }
  // An item of one chunk, which lies in a data pack.
  [[nodiscard]] std::pair<std::string, std::string> small_item() {
    for (const auto& [name, stream] : streams) {
      if (!stream.empty() && stream.size() <= 4096) return name;
    }
    throw std::logic_error{"there is a small item"};
  }
  // A leaf of the listing, but not the one that names this item.
  [[nodiscard]] store::ChunkId listing_without(const std::pair<std::string, std::string>& item) {
    const auto keys = store::KeyRing::open(backend, store.passphrase());
    const auto index =
        store::Index::open(store.settings().index, keys->repository(), store::Index::Mode::read);
    const auto codec = store::make_zstd_codec();
    store::Leases leases;
    const auto chunks = store::open_chunk_store(backend, *index, keys->repository(),
                                                keys->tenant(SmallRepository::kTenant), *codec,
                                                store.clock(), leases, {});
    const store::TreeNode root =
        store::read_node(*chunks, store::MapKind::items, *snapshot.roots.items);
    const std::size_t naming = root.lower_bound(store::item_key(item.first, item.second));
    return store::decode_node_ref(root.entries().at(naming == 0 ? 1 : 0).payload).id;
  }
  [[nodiscard]] std::vector<store::LostItem> lost() {
    return store.repository().lost_items(SmallRepository::kTenant, snapshot.mailbox_id);
  }
  store::CheckReport repair(CheckLevel level) { return store.reopen().repair(level, {}, {}); }
  [[nodiscard]] store::CheckReport check() {
    return store.repository().check(CheckLevel::full, {}, {});
  }

  MemoryBackend backend;
  SmallRepository store{backend};
  Streams streams;
  store::Snapshot snapshot;
};

}  // namespace

TEST_CASE("a damaged pack heals bit-equal, and its damaged bytes are kept", "[store][repair]") {
  Subject subject;
  const std::string pack = subject.data_pack();
  const base::Bytes whole = subject.bytes_of(pack);
  subject.damage(subject.small_item());
  const base::Bytes damaged = subject.bytes_of(pack);

  const store::CheckReport report = subject.repair(GENERATE(CheckLevel::scrub, CheckLevel::full));

  CHECK(report.errors.empty());
  CHECK(report.affected.empty());
  CHECK(report.healed == 1);
  CHECK(subject.bytes_of(pack) == whole);
  CHECK(subject.bytes_of("trash/quarantine/" + Subject::hex_of(pack)) == damaged);
  CHECK(subject.check().errors.empty());
  CHECK(test::restore(subject.store.repository(), subject.snapshot) == subject.streams);
}

TEST_CASE("a pack that is gone comes back, whatever the level", "[store][repair]") {
  Subject subject;
  const std::string pack =
      GENERATE(true, false) ? subject.data_pack() : subject.backend.names("pack/m/").at(0);
  const base::Bytes whole = subject.bytes_of(pack);
  subject.backend.remove(pack);

  const store::CheckReport report =
      subject.repair(GENERATE(CheckLevel::structure, CheckLevel::scrub, CheckLevel::full));

  CHECK(report.errors.empty());
  CHECK(report.healed == 1);
  CHECK(subject.bytes_of(pack) == whole);
  CHECK(subject.check().errors.empty());
  CHECK(test::restore(subject.store.repository(), subject.snapshot) == subject.streams);
}

TEST_CASE("damage that a check of the structure finds is healed by it", "[store][repair]") {
  Subject subject;
  const std::string pack = subject.backend.names("pack/m/").at(0);
  const base::Bytes whole = subject.bytes_of(pack);
  SECTION("in a tree") { subject.damage_chunk(*subject.snapshot.roots.items); }
  SECTION("in a recipe") {
    subject.store.tenant()
        .open_snapshot(subject.snapshot)
        ->items([&](const store::ItemEntry& item) {
          if (item.content.is_recipe) subject.damage_chunk(item.content.chunk);
          return true;
        });
  }
  REQUIRE((subject.bytes_of(pack) != whole));

  const store::CheckReport report = subject.repair(CheckLevel::structure);

  CHECK(report.healed == 1);
  CHECK(report.errors.empty());
  CHECK(report.affected.empty());
  CHECK((subject.bytes_of(pack) == whole));
  CHECK(subject.check().errors.empty());
}

TEST_CASE("lost items are noted beside a part of the listing that cannot be read",
          "[store][repair]") {
  Subject subject;
  subject.streams = test::random_streams(5, 300, 2'000);
  subject.snapshot = subject.store.back_up(kAnna, subject.streams, &subject.snapshot);
  const auto victim = subject.small_item();
  subject.damage(victim);
  subject.damage_chunk(subject.listing_without(victim));
  for (const std::string& pack : subject.backend.names("pack/")) subject.lose_parity_of(pack);

  const store::CheckReport report = subject.repair(CheckLevel::full);

  CHECK(report.affected.size() > 1);
  CHECK(subject.lost() == std::vector<store::LostItem>{{victim.first, victim.second}});
}

TEST_CASE("lost items of a forgotten restore point are noted, as it may be recalled",
          "[store][repair]") {
  Subject subject;
  const Streams later = test::random_streams(6, 5, 4'000);
  const store::Snapshot newest = subject.store.back_up(kAnna, later, &subject.snapshot);
  subject.store.repository().forget(std::vector<store::Forgetting>{{newest, "test"}});
  subject.snapshot = newest;
  subject.streams = later;
  const auto victim = subject.small_item();
  subject.damage(victim);
  for (const std::string& pack : subject.backend.names("pack/d/")) subject.lose_parity_of(pack);
  subject.repair(CheckLevel::full);
  CHECK(subject.lost() == std::vector<store::LostItem>{{victim.first, victim.second}});
  // Another repair finds the same, and a later restore point without the item settles it.
  subject.repair(CheckLevel::full);
  CHECK(subject.lost().size() == 1);
  subject.store.back_up(kAnna, test::random_streams(7, 2));
  CHECK(subject.lost().empty());
}

TEST_CASE("damaged and missing parity is written anew", "[store][repair]") {
  Subject subject;
  const std::vector<std::string> parities = subject.backend.names("par/");
  REQUIRE(parities.size() >= 2);
  const base::Bytes first = subject.bytes_of(parities[0]);
  const base::Bytes second = subject.bytes_of(parities[1]);
  subject.backend.alter(parities[0], [](base::Bytes& bytes) { bytes[1] ^= std::byte{1}; });
  subject.backend.remove(parities[1]);

  const store::CheckReport report = subject.repair(CheckLevel::scrub);

  CHECK(report.healed == 1);
  CHECK(report.errors.empty());
  CHECK(report.packs_without_parity == 0);
  CHECK(subject.bytes_of(parities[0]) == first);
  CHECK(subject.bytes_of(parities[1]) == second);
}

TEST_CASE("copies of the configuration and of key slots are whole again, and so no error",
          "[store][repair]") {
  Subject subject;
  subject.backend.remove("conf/1");
  subject.backend.alter(subject.backend.names("keys/").at(0),
                        [](base::Bytes& bytes) { bytes.resize(40); });
  CHECK(subject.store.reopen(store::Access::read).check(CheckLevel::full, {}, {}).errors.size() ==
        2);

  CHECK(subject.repair(GENERATE(CheckLevel::structure, CheckLevel::full)).errors.empty());
  CHECK(subject.check().errors.empty());
}

TEST_CASE("what went with a pack that is gone is noted when the store is opened to write",
          "[store][repair]") {
  Subject subject;
  const bool with_index = GENERATE(true, false);
  CAPTURE(with_index);
  const std::string pack = subject.data_pack();
  subject.lose_parity_of(pack);
  subject.backend.remove(pack);
  if (!with_index) {
    subject.store.close();
    std::filesystem::remove_all(subject.store.settings().index);
  }

  subject.store.reopen();

  const std::vector<store::LostItem> lost = subject.lost();
  CHECK_FALSE(lost.empty());
  subject.store.reopen();
  CHECK(subject.lost() == lost);
  for (const store::LostItem& item : lost) {
    CHECK(subject.streams.contains({item.folder_id, item.item_id}));
  }
}

TEST_CASE("what cannot be healed costs the hit item alone, until it is backed up again",
          "[store][repair]") {
  Subject subject;
  const auto victim = subject.small_item();
  const std::string pack = subject.data_pack();
  subject.damage(victim);
  subject.lose_parity_of(pack);
  const base::Bytes damaged = subject.bytes_of(pack);

  const store::CheckReport report = subject.repair(CheckLevel::full);

  CHECK(report.healed == 0);
  CHECK(report.rescued_chunks > 0);
  CHECK(affected_items(report) == std::set<std::string>{victim.second});
  CHECK_FALSE(subject.backend.size_bytes(pack));
  CHECK(subject.bytes_of("trash/quarantine/" + Subject::hex_of(pack)) == damaged);
  const auto lost = [&] {
    return subject.store.repository().lost_items(SmallRepository::kTenant,
                                                 subject.snapshot.mailbox_id);
  };
  CHECK(lost() == std::vector<store::LostItem>{{victim.first, victim.second}});
  subject.store.reopen();
  CHECK(lost().size() == 1);
  // A commit that does not bring it back settles nothing.
  const Streams others = test::random_streams(2, 1);
  const store::Snapshot without = subject.store.back_up(kAnna, others, &subject.snapshot);
  CHECK(lost().size() == 1);

  const store::Snapshot again =
      subject.store.back_up(kAnna, {{victim, subject.streams.at(victim)}}, &without);

  CHECK(lost().empty());
  CHECK(subject.check().affected.empty());
  Streams expected = subject.streams;
  CHECK(test::restore(subject.store.repository(), subject.snapshot) == expected);
  for (const auto& [name, stream] : others) expected[name] = stream;
  CHECK(test::restore(subject.store.repository(), again) == expected);
}

TEST_CASE("records are rescued without table of contents and without header", "[store][repair]") {
  Subject subject;
  const std::string pack = subject.data_pack();
  subject.lose_parity_of(pack);
  const auto part = GENERATE(0, 1, 2);
  subject.backend.alter(pack, [&](base::Bytes& bytes) {
    if (part == 0) bytes.back() ^= std::byte{1};
    // The table of contents lies before the copy of the header, checksums (4) and trailer (128).
    if (part == 1) bytes.resize(bytes.size() - 300);
    if (part == 2) {
      bytes[5] ^= std::byte{1};
      bytes.back() ^= std::byte{1};
    }
  });
  CAPTURE(part);

  const store::CheckReport report = subject.repair(CheckLevel::structure);

  CHECK(report.rescued_chunks > 0);
  CHECK(report.affected.empty());
  CHECK(report.errors.empty());
  CHECK(test::restore(subject.store.repository(), subject.snapshot) == subject.streams);
  CHECK(subject.check().errors.empty());
}

TEST_CASE("chunks that another pack holds, too, are found there", "[store][repair]") {
  Subject subject;
  const std::string pack = subject.data_pack();
  const base::Bytes whole = subject.bytes_of(pack);
  subject.lose_parity_of(pack);
  subject.backend.alter(pack, [](base::Bytes& bytes) { bytes.back() ^= std::byte{1}; });
  REQUIRE(subject.repair(CheckLevel::structure).rescued_chunks > 0);
  const std::size_t packs = subject.backend.names("pack/d/").size();
  subject.store.close();
  subject.backend.plant(pack, whole);
  subject.store.reopen();  // from now on the index finds the chunks there
  subject.damage(subject.small_item());
  REQUIRE(subject.bytes_of(pack) != whole);

  const store::CheckReport report = subject.repair(CheckLevel::full);

  CHECK(report.rescued_chunks == 0);
  CHECK(subject.backend.names("pack/d/").size() == packs);
  CHECK(test::restore(subject.store.repository(), subject.snapshot).size() ==
        subject.streams.size());
}

// COFFER_KILL_STEP=1 kills at every operation; the suite at some.
TEST_CASE("a repair that is killed anywhere and run again ends alike", "[store][repair]") {
  Subject subject;
  // One pack to be healed, one to be given up, one lost, parity damaged and missing.
  const Streams more = test::random_streams(3, 8);
  const store::Snapshot second = subject.store.back_up("bert@contoso.com", more);
  const auto victim = subject.small_item();
  const std::vector<std::string> packs = subject.backend.names("pack/d/");
  REQUIRE(packs.size() == 2);
  const std::vector<std::string> metadata = subject.backend.names("pack/m/");
  REQUIRE(metadata.size() >= 2);
  subject.damage(victim);
  subject.store.close();
  const std::string other =
      subject.bytes_of(packs[0]).size() > subject.bytes_of(packs[1]).size() ? packs[1] : packs[0];
  const std::string hit = other == packs[0] ? packs[1] : packs[0];
  subject.lose_parity_of(hit);
  subject.backend.alter(other, [](base::Bytes& bytes) { bytes[300] ^= std::byte{1}; });
  subject.backend.remove(metadata[0]);
  subject.backend.alter("par/" + Subject::hex_of(metadata[1]),
                        [](base::Bytes& bytes) { bytes[400] ^= std::byte{1}; });
  std::map<std::string, base::Bytes> damaged;
  for (const std::string& name : subject.backend.names()) damaged[name] = subject.bytes_of(name);

  const auto start_over = [&] {
    subject.store.close();
    for (const std::string& name : subject.backend.names()) subject.backend.remove(name);
    for (const auto& [name, bytes] : damaged) subject.backend.plant(name, bytes);
    std::filesystem::remove_all(subject.store.settings().index);
  };
  const auto check_end_state = [&](const store::CheckReport& report) {
    CHECK(affected_items(report) == std::set<std::string>{victim.second});
    const store::CheckReport after = subject.check();
    CHECK(affected_items(after) == std::set<std::string>{victim.second});
    CHECK(after.errors.size() == report.errors.size());
    CHECK(after.packs_without_parity == 0);
    CHECK(test::restore(subject.store.repository(), second) == more);
    CHECK(subject.store.repository()
              .lost_items(SmallRepository::kTenant, subject.snapshot.mailbox_id)
              .size() == 1);
    CHECK(subject.backend.size_bytes("trash/quarantine/" + Subject::hex_of(hit)));
    CHECK(subject.backend.size_bytes("trash/quarantine/" + Subject::hex_of(other)));
  };

  std::uint64_t operations = 0;
  const auto count = [&](MemoryBackend::Operation, const std::string&) { ++operations; };
  start_over();
  subject.store.reopen();
  subject.backend.set_hook(count);
  const store::CheckReport undisturbed =
      subject.store.repository().repair(CheckLevel::full, {}, {});
  subject.backend.set_hook({});
  check_end_state(undisturbed);
  const std::uint64_t all = operations;
  REQUIRE(all > 50);

  const char* step_text = std::getenv("COFFER_KILL_STEP");
  const std::uint64_t step = step_text == nullptr ? 23 : std::strtoull(step_text, nullptr, 10);
  for (std::uint64_t kill_at = 1; kill_at <= all; kill_at += step) {
    CAPTURE(kill_at, all);
    start_over();
    subject.store.reopen();
    operations = 0;
    subject.backend.set_hook([&](MemoryBackend::Operation, const std::string&) {
      // From here on nothing gets through: the process is gone.
      if (++operations >= kill_at) throw base::Error{base::ErrorKind::failed, "killed"};
    });
    try {
      subject.store.repository().repair(CheckLevel::full, {}, {});
    } catch (const base::Error&) {
    }
    subject.store.close();
    subject.backend.set_hook({});
    check_end_state(subject.repair(CheckLevel::full));
  }
}
