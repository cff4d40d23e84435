#include "store/packs.h"

#include "store/internal/object_name.h"
#include "store/internal/pack_builder.h"
#include "store/internal/pack_cipher.h"
#include "store/internal/pack_format.h"
#include "store/internal/pack_reader.h"
#include "tests/support/catch.h"
#include "tests/support/small_store.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>

namespace store {
namespace {

using base::ErrorKind;
using test::failure_of;
using test::noise;
using test::prose;

// A store with one small pack of three chunks.
struct OnePack {
  OnePack() {
    for (const base::Bytes& plain : {prose(1, 300), noise(2, 100), prose(3, 70)}) {
      ids.push_back(store.chunks().put(ChunkClass::data, plain).id);
    }
    store.chunks().flush();
    name = store.pack_names().at(0);
    pack = store.packs().at(0);
  }
  [[nodiscard]] base::Bytes bytes() {
    return store.backend().read(name, 0, static_cast<std::size_t>(pack.size_bytes));
  }

  test::SmallStore store;
  std::vector<ChunkId> ids;
  std::string name;
  PackObject pack;
};

TEST_CASE("a table of contents tells what the index knows", "[store][packs]") {
  test::SmallStore store{{.pack_bytes = 300'000}};
  std::mt19937_64 sizes{1};
  std::set<ChunkId> ids;
  for (std::uint64_t i = 0; i < 200; ++i) {
    ids.insert(store.chunks().put(ChunkClass::data, noise(i, 1 + sizes() % 9000)).id);
  }
  store.chunks().flush();
  CHECK(store.packs().size() > 2);
  std::size_t seen = 0;
  read_contents_of_packs(
      store.backend(), store.keys(), store.packs(),
      [&](const PackContents& contents) {
        CHECK(contents.row.chunks == contents.chunks.size());
        for (const IndexedChunk& chunk : contents.chunks) {
          ++seen;
          CHECK(ids.contains(chunk.id));
          const auto location = store.index().find(contents.row.tenant_tag, chunk.id);
          REQUIRE(location);
          CHECK(location->offset == chunk.location.offset);
          CHECK(location->record_number == chunk.location.record_number);
          CHECK(location->sealed_bytes == chunk.location.sealed_bytes);
          CHECK(location->plain_bytes == chunk.location.plain_bytes);
          CHECK(store.index().pack(location->pack_number)->id == contents.row.id);
        }
      },
      [](const PackObject&, const base::Error& error) { FAIL(error.what()); }, {});
  CHECK(seen == 200);
}

TEST_CASE("a table of contents longer than the first read is read whole", "[store][packs]") {
  test::SmallStore store;
  for (std::uint64_t i = 0; i < 6000; ++i) store.chunks().put(ChunkClass::metadata, noise(i, 20));
  store.chunks().flush();
  const PackContents contents =
      read_pack_contents(store.backend(), store.keys(), store.packs().at(0));
  CHECK(contents.chunks.size() == 6000);
}

TEST_CASE("every flipped bit of a pack is found, and no read gives wrong bytes", "[store][packs]") {
  OnePack one;
  REQUIRE(one.store.verify(one.pack).errors.empty());
  const auto bits = static_cast<std::size_t>(one.pack.size_bytes) * 8;
  for (std::size_t bit = 0; bit < bits; ++bit) {
    const auto flip = [&](base::Bytes& pack) { pack[bit / 8] ^= std::byte{1} << (bit % 8); };
    one.store.backend().alter(one.name, flip);
    CAPTURE(bit);
    CHECK_FALSE(one.store.verify(one.pack).errors.empty());
    try {
      const PackContents contents =
          read_pack_contents(one.store.backend(), one.store.keys(), one.pack);
      CHECK(contents.chunks.size() == 3);
    } catch (const base::Error& error) {
      CHECK((error.kind() == ErrorKind::corrupt || error.kind() == ErrorKind::usage));
    }
    one.store.backend().alter(one.name, flip);
  }
  CHECK(one.store.verify(one.pack).errors.empty());
}

TEST_CASE("no flipped bit makes a chunk read differently", "[store][packs]") {
  OnePack one;
  const base::Bytes expected = prose(1, 300);
  const ChunkLocation location = *one.store.index().find(one.store.tenant().tag(), one.ids[0]);
  const PackRow row = *one.store.index().pack(location.pack_number);
  const auto end = static_cast<std::size_t>(location.offset) + 64 + location.sealed_bytes;
  for (std::size_t bit = 0; bit < end * 8; ++bit) {
    one.store.backend().alter(
        one.name, [&](base::Bytes& pack) { pack[bit / 8] ^= std::byte{1} << (bit % 8); });
    CAPTURE(bit);
    const auto read = [&] {
      const PackReader reader{one.store.backend(), row, one.store.keys().repository(),
                              one.store.tenant()};
      static_cast<void>(reader.read(one.ids[0], location));
    };
    // The pack's header is not in the way: its copy serves.
    if (bit >= location.offset * 8) {
      const auto kind = failure_of(read).kind;
      CHECK((kind == ErrorKind::corrupt || kind == ErrorKind::usage));
    } else {
      CHECK_NOTHROW(read());
    }
    one.store.backend().alter(
        one.name, [&](base::Bytes& pack) { pack[bit / 8] ^= std::byte{1} << (bit % 8); });
  }
}

TEST_CASE("a pack cut anywhere, or longer than it was, is found", "[store][packs]") {
  OnePack one;
  const base::Bytes whole = one.bytes();
  for (std::size_t size = 0; size <= whole.size() + 64; ++size) {
    if (size == whole.size()) continue;
    base::Bytes cut = whole;
    cut.resize(size);
    one.store.backend().plant(one.name, cut);
    PackObject pack = one.pack;
    pack.size_bytes = size;
    CAPTURE(size);
    CHECK_FALSE(one.store.verify(pack).errors.empty());
    CHECK(failure_of([&] {
            static_cast<void>(read_pack_contents(one.store.backend(), one.store.keys(), pack));
          }).kind == ErrorKind::corrupt);
  }
}

TEST_CASE("the findings name what is lost", "[store][packs]") {
  OnePack one;
  const PackContents contents = read_pack_contents(one.store.backend(), one.store.keys(), one.pack);
  SECTION("a record") {
    const auto at = static_cast<std::size_t>(contents.chunks[1].location.offset) + 70;
    one.store.backend().alter(one.name, [&](base::Bytes& pack) { pack[at] ^= std::byte{8}; });
    const PackFindings findings = one.store.verify(one.pack);
    CHECK(findings.damaged_chunks == std::vector{contents.chunks[1].id});
    CHECK(findings.chunks_verified == 2);
    CHECK_FALSE(findings.contents_lost);
  }
  SECTION("the trailer: the records are found without it") {
    one.store.backend().alter(one.name, [](base::Bytes& pack) { pack.back() ^= std::byte{8}; });
    const PackFindings findings = one.store.verify(one.pack);
    CHECK(findings.damaged_chunks.empty());
    CHECK(findings.chunks_verified == 3);
    CHECK(findings.contents_lost);
  }
  SECTION("the header: its copy serves") {
    one.store.backend().alter(one.name, [](base::Bytes& pack) { pack[60] ^= std::byte{8}; });
    const PackFindings findings = one.store.verify(one.pack);
    CHECK(findings.chunks_verified == 3);
    CHECK_FALSE(findings.errors.empty());
  }
  SECTION("everything") {
    one.store.backend().alter(one.name, [](base::Bytes& pack) {
      for (std::byte& byte : pack) byte ^= std::byte{0x55};
    });
    const PackFindings findings = one.store.verify(one.pack);
    CHECK(findings.chunks_verified == 0);
    CHECK(findings.contents_lost);
  }
  SECTION("gone") {
    one.store.backend().remove(one.name);
    CHECK(one.store.verify(one.pack).contents_lost);
  }
}

TEST_CASE("a damaged pack does not keep the others from being read", "[store][packs]") {
  test::SmallStore store;
  for (std::uint64_t i = 0; i < 3; ++i) {
    store.chunks().put(ChunkClass::data, noise(i, 500));
    store.chunks().flush();
  }
  const std::string victim = store.pack_names().at(1);
  store.backend().alter(victim, [](base::Bytes& pack) { pack[pack.size() - 20] ^= std::byte{1}; });
  std::size_t read = 0;
  std::vector<std::string> damaged;
  read_contents_of_packs(
      store.backend(), store.keys(), store.packs(), [&](const PackContents&) { ++read; },
      [&](const PackObject& pack, const base::Error& error) {
        CHECK(error.kind() == ErrorKind::corrupt);
        damaged.push_back(pack_name(pack.chunk_class, pack.id));
      },
      {});
  CHECK(read == 2);
  CHECK(damaged == std::vector{victim});

  std::stop_source stop;
  stop.request_stop();
  CHECK(failure_of([&] {
          read_contents_of_packs(
              store.backend(), store.keys(), store.packs(), [](const PackContents&) {},
              [](const PackObject&, const base::Error&) {}, stop.get_token());
        }).kind == ErrorKind::cancelled);
}

TEST_CASE("packs of another repository, tenant, class or place are refused", "[store][packs]") {
  OnePack one;
  const auto contents_of = [&](const PackObject& pack) {
    return failure_of([&] {
      static_cast<void>(read_pack_contents(one.store.backend(), one.store.keys(), pack));
    });
  };
  SECTION("repository") {
    OnePack other;
    PackObject pack = other.pack;
    one.store.backend().plant(other.name, other.bytes());
    CHECK(contents_of(pack).kind == ErrorKind::corrupt);
    CHECK_FALSE(one.store.verify(pack).errors.empty());
  }
  SECTION("class") {
    PackObject pack = one.pack;
    pack.chunk_class = ChunkClass::metadata;
    one.store.backend().plant(pack_name(ChunkClass::metadata, pack.id), one.bytes());
    CHECK(contents_of(pack).kind == ErrorKind::corrupt);
  }
  SECTION("tenant") {
    PackRow row = *one.store.index().pack(0);
    const auto open = [&] {
      const PackReader reader{one.store.backend(), row, one.store.keys().repository(),
                              one.store.keys().tenant({"fabrikam.com"})};
    };
    CHECK(failure_of(open).kind == ErrorKind::corrupt);
  }
  SECTION("name") {
    PackObject pack = one.pack;
    pack.id.bytes[0] ^= std::byte{1};
    one.store.backend().plant(pack_name(pack.chunk_class, pack.id), one.bytes());
    CHECK_FALSE(one.store.verify(pack).errors.empty());
  }
}

TEST_CASE("a record moved to another place or pack does not open", "[store][packs]") {
  test::SmallStore store;
  std::vector<ChunkId> ids;
  for (std::uint64_t i = 0; i < 2; ++i) {
    for (std::uint64_t j = 0; j < 2; ++j) {
      ids.push_back(store.chunks().put(ChunkClass::data, noise(i * 2 + j, 200)).id);
    }
    store.chunks().flush();
  }
  const base::Bytes tag = base::to_bytes(store.tenant().tag());
  const auto location = [&](std::size_t i) { return *store.index().find(tag, ids[i]); };
  const auto name = [&](std::size_t i) {
    return pack_name(ChunkClass::data, store.index().pack(location(i).pack_number)->id);
  };
  const std::size_t bytes = 64 + 216;
  const auto overwrite = [&](std::size_t to, const base::Bytes& record) {
    store.backend().alter(name(to), [&](base::Bytes& pack) {
      std::ranges::copy(record, pack.begin() + static_cast<std::ptrdiff_t>(location(to).offset));
    });
  };
  for (std::size_t from = 0; from < ids.size(); ++from) {
    for (std::size_t to = 0; to < ids.size(); ++to) {
      if (from == to) continue;
      CAPTURE(from, to);
      const base::Bytes before = store.backend().read(name(to), location(to).offset, bytes);
      overwrite(to, store.backend().read(name(from), location(from).offset, bytes));
      CHECK(failure_of([&] { static_cast<void>(store.chunks().get(ids[to])); }).kind ==
            ErrorKind::corrupt);
      overwrite(to, before);
      CHECK(store.chunks().get(ids[to]));
    }
  }
}

TEST_CASE("headers with impossible fields are refused", "[store][packs]") {
  PackHeader valid;
  valid.salt = new_salt();
  const auto encoded = encode_header(valid);
  REQUIRE_NOTHROW(decode_header(encoded, "x"));
  struct Row {
    const char* what;
    std::size_t at;
    int value;
    ErrorKind kind;
  };
  const auto row = GENERATE(values<Row>({{"magic", 3, 0, ErrorKind::corrupt},
                                         {"CR LF turned into LF", 8, 0x0a, ErrorKind::corrupt},
                                         {"newer format", 12, 2, ErrorKind::usage},
                                         {"cipher", 14, 9, ErrorKind::corrupt},
                                         {"hash", 15, 9, ErrorKind::corrupt},
                                         {"class", 16, 2, ErrorKind::corrupt},
                                         {"reserved", 18, 1, ErrorKind::corrupt},
                                         {"generation", 23, 0xff, ErrorKind::corrupt}}));
  CAPTURE(row.what);
  auto changed = encoded;
  changed.at(row.at) = static_cast<std::byte>(row.value);
  CHECK(failure_of([&] { static_cast<void>(decode_header(changed, "x")); }).kind == row.kind);
}

TEST_CASE("the worked example of the format is what is written", "[store][packs]") {
  test::SmallStore store;
  store.chunks().put(ChunkClass::data, noise(1, 100));
  store.chunks().put(ChunkClass::data, noise(2, 200));
  store.chunks().flush();
  const PackObject pack = store.packs().at(0);
  CHECK(pack.size_bytes == 1092);
  const PackContents contents = read_pack_contents(store.backend(), store.keys(), pack);
  REQUIRE(contents.chunks.size() == 2);
  CHECK(contents.chunks[0].location.offset == 128);
  CHECK(contents.chunks[1].location.offset == 320);
  const PackLayout layout{640, 2};
  CHECK(layout.header_copy_offset == 832);
  CHECK(layout.checksums_offset == 960);
  CHECK(layout.trailer_offset == 964);
  CHECK(layout.pack_bytes == 1092);
}

TEST_CASE("tables of contents with impossible entries are refused", "[store][packs]") {
  ContentsEntry good;
  good.offset = 128;
  good.header.sealed_bytes = 116;
  good.header.plain_bytes = 100;
  ContentsEntry next = good;
  next.offset = 128 + 192;
  const std::uint64_t end = next.offset + 192;
  const auto decode = [&](const std::vector<ContentsEntry>& entries) {
    return decode_contents(encode_contents(entries), end, "x");
  };
  CHECK(decode({good, next}).size() == 2);
  const auto refused = [&](auto change) {
    ContentsEntry bad = next;
    change(bad);
    return failure_of([&] { static_cast<void>(decode({good, bad})); }).kind == ErrorKind::corrupt;
  };
  CHECK(refused([](ContentsEntry& e) { e.offset = 128; }));
  CHECK(refused([](ContentsEntry& e) { e.offset += 64; }));
  CHECK(refused([](ContentsEntry& e) { e.offset = std::uint64_t{0xffffffff} * 64; }));
  CHECK(refused([](ContentsEntry& e) { e.header.sealed_bytes = 0xffffffff; }));
  CHECK(refused([](ContentsEntry& e) { e.header.sealed_bytes = 16; }));
  CHECK(refused([](ContentsEntry& e) { e.header.plain_bytes = 0; }));
  CHECK(refused([](ContentsEntry& e) { e.header.plain_bytes = 0xffffffff; }));
  CHECK(refused([](ContentsEntry& e) { e.header.plain_bytes = 99; }));
  CHECK(refused([](ContentsEntry& e) { e.header.flags = 2; }));
  CHECK(refused([](ContentsEntry& e) { e.header.flags = 1; }));  // compressed, yet no shorter
  CHECK(refused([](ContentsEntry& e) { e.header.dictionary = 1; }));
  CHECK(refused([](ContentsEntry& e) { e.header.type = RecordType::contents; }));
  const base::Bytes odd(49);
  CHECK_THROWS_AS(decode_contents(odd, end, "x"), base::Error);
}

TEST_CASE("strangers among the packs are named", "[store][packs]") {
  OnePack one;
  const std::string hex = one.pack.id.hex();
  const std::set<std::string> strangers{"pack/d/ab/abcd", "pack/x", "pack/d/00/" + hex + "0",
                                        "pack/d/" + hex};
  for (const std::string& name : strangers) one.store.backend().plant(name, {});
  std::set<std::string> named;
  const auto packs =
      list_packs(one.store.backend(), [&](const std::string& name) { named.insert(name); });
  CHECK(packs.size() == 1);
  CHECK(named == strangers);
}

}  // namespace
}  // namespace store
