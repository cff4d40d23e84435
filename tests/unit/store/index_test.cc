#include "store/index.h"

#include "src/base/file.h"
#include "store/internal/index_place.h"
#include "tests/support/catch.h"
#include "tests/support/memory_index.h"
#include "tests/support/small_store.h"
#include "tests/support/temporary_directory.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <sys/resource.h>

namespace store {
namespace {

using base::ErrorKind;
using test::failure_of;

RepositoryId repository(std::uint64_t seed) { return RepositoryId::from(test::noise(seed, 16)); }

IndexedChunk chunk(std::uint64_t seed) {
  IndexedChunk row;
  row.id = ChunkId::from(test::noise(seed, 32));
  row.location.record_number = static_cast<std::uint16_t>(seed);
  row.location.offset = 128 + 64 * seed;
  row.location.sealed_bytes = static_cast<std::uint32_t>(100 + seed);
  row.location.plain_bytes = static_cast<std::uint32_t>(200 + seed);
  return row;
}

PackRow pack(std::uint64_t seed, std::uint32_t chunks) {
  PackRow row;
  row.id = PackId::from(test::noise(1000 + seed, 32));
  row.chunk_class = seed % 2 == 0 ? ChunkClass::data : ChunkClass::metadata;
  row.tenant_tag = test::noise(9, 16);
  row.size_bytes = 5000 + seed;
  row.chunks = chunks;
  return row;
}

// Where an index lies; what is promised of one is promised of both.
class Place {
 public:
  enum class Kind : std::uint8_t { directory, memory };
  explicit Place(Kind kind) : kind_(kind) {}

  std::unique_ptr<Index> open(Index::Mode mode, std::uint64_t seed = 1) {
    if (kind_ == Kind::memory) return memory_.open(mode, repository(seed));
    return Index::open(directory_ / "i", repository(seed), mode);
  }

 private:
  Kind kind_;
  test::TemporaryDirectory directory_;
  test::MemoryIndex memory_;
};

// Two packs with chunks 0 to 9 and 10 to 19, a commit with two snapshots.
void fill(Index& index) {
  for (std::uint64_t number = 0; number < 2; ++number) {
    std::vector<IndexedChunk> chunks;
    for (std::uint64_t i = 0; i < 10; ++i) chunks.push_back(chunk(number * 10 + i));
    index.add_pack(pack(number, 10), chunks);
  }
  LogCursor cursor;
  cursor.writer = index.writer();
  cursor.sequence = 7;
  cursor.hash = base::Sha256::from(test::noise(5, 32));
  const std::vector<StateRow> rows{{Table::snapshot, "b/2", test::noise(2, 10)},
                                   {Table::snapshot, "a/1", test::noise(1, 10)},
                                   {Table::tombstone, "b/2", test::noise(3, 10)},
                                   {Table::hold, "c", test::noise(4, 10)},
                                   {Table::hold, "c", std::nullopt}};
  index.apply_commit(cursor, rows);
}

void check_filled(const Index& index) {
  const base::Bytes tag = test::noise(9, 16);
  for (std::uint64_t i = 0; i < 20; ++i) {
    const auto found = index.find(tag, chunk(i).id);
    REQUIRE(found);
    CHECK(found->offset == chunk(i).location.offset);
    CHECK(found->record_number == i);
    CHECK(found->sealed_bytes == 100 + i);
    CHECK(found->plain_bytes == 200 + i);
    const auto row = index.pack(found->pack_number);
    REQUIRE(row);
    CHECK(row->id == pack(i / 10, 10).id);
    CHECK(row->chunk_class == pack(i / 10, 10).chunk_class);
    CHECK(row->tenant_tag == tag);
    CHECK(row->size_bytes == 5000 + i / 10);
    CHECK(index.pack_number(row->id) == found->pack_number);
  }
  CHECK_FALSE(index.find(tag, chunk(20).id));
  CHECK_FALSE(index.find(test::noise(10, 16), chunk(1).id));
  CHECK(index.chunk_count() == 20);
  const auto cursors = index.cursors();
  REQUIRE(cursors.size() == 1);
  CHECK(cursors[0].writer == index.writer());
  CHECK(cursors[0].sequence == 7);
  CHECK(cursors[0].hash == base::Sha256::from(test::noise(5, 32)));
  std::vector<std::string> keys;
  const auto note_key = [&](const std::string& key, base::ByteView) { keys.push_back(key); };
  index.rows(Table::snapshot, "", note_key);
  CHECK(keys == std::vector<std::string>{"a/1", "b/2"});
  index.rows(Table::snapshot, "b/", [&](const std::string&, base::ByteView value) {
    CHECK(base::to_bytes(value) == test::noise(2, 10));
  });
  keys.clear();
  index.rows(Table::tombstone, "", note_key);
  CHECK(keys == std::vector<std::string>{"b/2"});
  index.rows(Table::hold, "", note_key);
  CHECK(keys.size() == 1);
}

// While it lives, nothing can be written to files: what a failing disk does.
class NoFileTakesMore {
 public:
  NoFileTakesMore() {
    base::check(::getrlimit(RLIMIT_FSIZE, &before_) == 0, "the limit is known");
    const rlimit none{0, before_.rlim_max};
    base::check(::setrlimit(RLIMIT_FSIZE, &none) == 0, "the limit can be lowered");
  }
  ~NoFileTakesMore() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, disposition_);
  }
  NoFileTakesMore(const NoFileTakesMore&) = delete;
  NoFileTakesMore& operator=(const NoFileTakesMore&) = delete;

 private:
  rlimit before_{};
  void (*disposition_)(int) = ::signal(SIGXFSZ, SIG_IGN);
};

TEST_CASE("an index that cannot be written says so, and the process goes on", "[store][index]") {
  const test::TemporaryDirectory directory;
  {
    const auto index = Index::open(directory / "i", repository(1), Index::Mode::create);
    fill(*index);
    const NoFileTakesMore failing;
    const std::vector<IndexedChunk> more{chunk(30)};
    for (int attempt = 0; attempt < 3; ++attempt) {
      CHECK(failure_of([&] { index->add_pack(pack(3, 1), more); }).kind == ErrorKind::disk);
    }
  }
  {
    const NoFileTakesMore failing;
    const auto open = [&] { Index::open(directory / "i", repository(1), Index::Mode::write); };
    CHECK(failure_of(open).kind == ErrorKind::disk);
  }
  check_filled(*Index::open(directory / "i", repository(1), Index::Mode::write));
}

TEST_CASE("a lock that cannot be taken is not one that somebody holds", "[store][index]") {
  const test::TemporaryDirectory directory;
  fill(*Index::open(directory / "i", repository(1), Index::Mode::create));
  std::filesystem::remove(directory / "i" / "LOCK");
  std::filesystem::create_directory(directory / "i" / "LOCK");
  const auto open = [&] { Index::open(directory / "i", repository(1), Index::Mode::write); };
  CHECK(failure_of(open).kind == ErrorKind::disk);
}

TEST_CASE("a pack leaves the index with the chunks that lie in it, and no others",
          "[store][index]") {
  Place place{GENERATE(Place::Kind::directory, Place::Kind::memory)};
  const auto index = place.open(Index::Mode::create);
  const base::Bytes tag = test::noise(9, 16);
  fill(*index);
  // A third pack holds chunk 3, too, and is the one that is read from now on.
  const std::vector<IndexedChunk> again{chunk(3), chunk(30)};
  index->add_pack(pack(2, 2), again);
  const std::uint32_t first = index->pack_number(pack(0, 10).id).value();
  const std::uint32_t third = index->pack_number(pack(2, 2).id).value();
  const Index::ChunksOfPacks chunks = index->chunks_in(std::vector{first, third});
  CHECK(chunks.size() == 2);
  CHECK(chunks.at(third).size() == 2);
  std::vector<ChunkId> in_first = chunks.at(first);
  CHECK(in_first.size() == 9);
  in_first.push_back(chunk(3).id);

  index->remove_pack(first, in_first);

  CHECK_FALSE(index->pack(first));
  CHECK_FALSE(index->pack_number(pack(0, 10).id));
  CHECK(index->chunk_count() == 12);
  CHECK(index->chunks_in(std::vector{first}).at(first).empty());
  CHECK_FALSE(index->find(tag, chunk(0).id));
  CHECK(index->find(tag, chunk(3).id)->pack_number == third);
  CHECK(index->find(tag, chunk(10).id));
  index->remove_pack(first, in_first);
  CHECK(index->chunk_count() == 12);

  // What another pack holds, too, is found there; what has its place keeps it.
  const std::uint32_t second = index->pack_number(pack(1, 10).id).value();
  const std::vector<IndexedChunk> others{chunk(3), chunk(4)};
  index->add_missing_chunks(second, others);
  CHECK(index->find(tag, chunk(3).id)->pack_number == third);
  CHECK(index->find(tag, chunk(4).id)->pack_number == second);
  CHECK(index->chunk_count() == 12);
}

TEST_CASE("rows of lost items come and go without a commit", "[store][index]") {
  Place place{GENERATE(Place::Kind::directory, Place::Kind::memory)};
  const auto index = place.open(Index::Mode::create);
  const auto keys = [&] {
    std::vector<std::string> found;
    index->rows(Table::lost, "a/",
                [&](const std::string& key, base::ByteView) { found.push_back(key); });
    return found;
  };
  const std::vector<StateRow> rows{{Table::lost, "a/1", test::noise(1, 10)},
                                   {Table::lost, "a/2", test::noise(2, 10)},
                                   {Table::lost, "b/3", test::noise(3, 10)}};
  index->apply(rows);
  CHECK(keys() == std::vector<std::string>{"a/1", "a/2"});
  const std::vector<StateRow> settled{{Table::lost, "a/1", std::nullopt}};
  index->apply(settled);
  CHECK(keys() == std::vector<std::string>{"a/2"});
  CHECK(index->cursors().empty());
}

TEST_CASE("rows are noted, found by their key, and go together by what their keys begin with",
          "[store][index]") {
  Place place{GENERATE(Place::Kind::directory, Place::Kind::memory)};
  const auto index = place.open(Index::Mode::create);
  std::vector<StateRow> rows;
  for (const std::string key : {"aa.", "aa/", "aa/1", "aa/2", "aa0", "ab/1"}) {
    rows.push_back({Table::exported, key, test::noise(rows.size(), 10)});
  }
  rows.push_back({Table::lost, "aa/1", test::noise(7, 10)});
  index->note(rows);
  for (const StateRow& row : rows) CHECK(index->row(row.table, row.key) == row.value);
  CHECK_FALSE(index->row(Table::exported, "aa"));

  const StateRow gone{Table::exported, "aa/", std::nullopt, true};
  index->apply({&gone, 1});
  for (const StateRow& row : rows) {
    const bool goes = row.table == Table::exported && row.key.starts_with("aa/");
    CHECK(index->row(row.table, row.key).has_value() != goes);
  }
  index->note({&rows[2], 1});
  CHECK(index->row(Table::exported, "aa/1") == rows[2].value);
}

TEST_CASE("an index holds what was put in it, also when opened again", "[store][index]") {
  Place place{GENERATE(Place::Kind::directory, Place::Kind::memory)};
  WriterId writer;
  {
    const auto index = place.open(Index::Mode::create);
    fill(*index);
    check_filled(*index);
    writer = index->writer();
  }
  const auto index = place.open(Index::Mode::write);
  check_filled(*index);
  CHECK(index->writer() == writer);
  CHECK(index->size_bytes() > 0);
  std::uint32_t packs = 0;
  index->for_each_pack([&](std::uint32_t number, const PackRow& row) {
    CHECK(number == packs);
    CHECK(row.id == pack(packs++, 10).id);
  });
  CHECK(packs == 2);
}

TEST_CASE("adding a pack again changes nothing", "[store][index]") {
  Place place{GENERATE(Place::Kind::directory, Place::Kind::memory)};
  const auto index = place.open(Index::Mode::create);
  fill(*index);
  const std::vector<IndexedChunk> other{chunk(77)};
  index->add_pack(pack(0, 10), other);
  check_filled(*index);
}

// One bit makes a whole record (type 1) a recyclable one (5), which RocksDB takes for the end.
TEST_CASE("a log record of an impossible type is damage, not the log's end", "[store][index]") {
  const test::TemporaryDirectory directory;
  const std::filesystem::path path = directory / "i";
  fill(*Index::open(path, repository(1), Index::Mode::create));
  check_filled(*Index::open(path, repository(1), Index::Mode::read));
  for (const auto& entry : std::filesystem::directory_iterator{path}) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("MANIFEST-") && !name.ends_with(".log")) continue;
    base::Bytes bytes = base::read_file(entry.path());
    if (bytes.size() < 7) continue;
    CAPTURE(name);
    bytes[6] ^= std::byte{4};
    base::replace_file(entry.path(), bytes);
    for (const Index::Mode mode : {Index::Mode::read, Index::Mode::write}) {
      CHECK(failure_of([&] { Index::open(path, repository(1), mode); }).kind == ErrorKind::corrupt);
    }
    bytes[6] ^= std::byte{4};
    base::replace_file(entry.path(), bytes);
  }
  check_filled(*Index::open(path, repository(1), Index::Mode::read));
}

// A power cut may keep the name CURRENT and lose that of the new MANIFEST which it names: RocksDB
// syncs the directory for both at once.
TEST_CASE("an index without its MANIFEST is damaged, for writers and for readers",
          "[store][index]") {
  const test::TemporaryDirectory directory;
  const std::filesystem::path path = directory / "i";
  fill(*Index::open(path, repository(1), Index::Mode::create));
  std::string manifest{base::as_text(base::read_file(path / "CURRENT"))};
  manifest.pop_back();  // a line end
  REQUIRE(std::filesystem::remove(path / manifest));
  for (const Index::Mode mode : {Index::Mode::write, Index::Mode::read}) {
    CHECK(failure_of([&] { Index::open(path, repository(1), mode); }).kind == ErrorKind::corrupt);
  }
}

TEST_CASE("an index is opened only if it is one, and of this repository", "[store][index]") {
  Place place{GENERATE(Place::Kind::directory, Place::Kind::memory)};
  const auto open = [&](Index::Mode mode, std::uint64_t seed = 1) {
    return failure_of([&] { static_cast<void>(place.open(mode, seed)); }).kind;
  };
  CHECK(open(Index::Mode::write) == ErrorKind::not_found);
  CHECK(open(Index::Mode::read) == ErrorKind::not_found);
  { fill(*place.open(Index::Mode::create)); }
  CHECK(open(Index::Mode::write, 2) == ErrorKind::corrupt);
  CHECK(open(Index::Mode::read, 2) == ErrorKind::corrupt);
  CHECK(open(Index::Mode::create) == ErrorKind::corrupt);  // it is there already
}

TEST_CASE("an empty directory is no index", "[store][index]") {
  const test::TemporaryDirectory directory;
  CHECK(failure_of([&] {
          Index::open(directory.path(), repository(1), Index::Mode::write);
        }).kind == ErrorKind::not_found);
}

TEST_CASE("an index in memory is cut short, lost and put back", "[store][index]") {
  test::MemoryIndex place;
  const auto open = [&] { return place.open(Index::Mode::write, repository(1)); };
  { fill(*place.open(Index::Mode::create, repository(1))); }
  const test::MemoryIndex::Batches whole = place.written();
  CHECK(place.packs() == std::set<PackId>{pack(0, 10).id, pack(1, 10).id});
  test::MemoryIndex::Batches cut = whole;
  cut.pop_back();  // the commit

  place.put_back(cut);
  CHECK(open()->cursors().empty());
  place.lose();
  CHECK(place.packs().empty());
  CHECK(failure_of([&] { static_cast<void>(open()); }).kind == ErrorKind::not_found);
  place.put_back(whole);
  check_filled(*open());
}

TEST_CASE("one writes, others read beside it", "[store][index]") {
  Place place{GENERATE(Place::Kind::directory, Place::Kind::memory)};
  const auto writing = place.open(Index::Mode::create);
  fill(*writing);
  const auto reading = place.open(Index::Mode::read);
  check_filled(*reading);
  CHECK(failure_of([&] { place.open(Index::Mode::write); }).kind == ErrorKind::in_use);
  const std::vector<IndexedChunk> more{chunk(30)};
  writing->add_pack(pack(3, 1), more);
  check_filled(*reading);
  const auto later = place.open(Index::Mode::read);
  CHECK(later->find(test::noise(9, 16), chunk(30).id));
  CHECK_THROWS_AS(reading->add_pack(pack(4, 1), more), base::Error);
}

TEST_CASE("an index moved aside makes room, and only the last one is kept", "[store][index]") {
  const test::TemporaryDirectory directory;
  Index::move_aside(directory / "i");
  for (int round = 0; round < 3; ++round) {
    { fill(*Index::open(directory / "i", repository(1), Index::Mode::create)); }
    Index::move_aside(directory / "i");
    CHECK_FALSE(std::filesystem::exists(directory / "i"));
  }
  std::size_t entries = 0;
  for (const auto& entry : std::filesystem::directory_iterator{directory.path()}) {
    CHECK(entry.is_directory());
    ++entries;
  }
  CHECK(entries == 1);
}

TEST_CASE("what a reader opened stays whole, however the writer goes on", "[store][index]") {
  const test::TemporaryDirectory directory;
  const std::filesystem::path path = directory / "i";
  { fill(*Index::open(path, repository(1), Index::Mode::create)); }
  const auto before = Index::open(path, repository(1), Index::Mode::read);
  // Each opening turns the log into tables, and some tables into others.
  for (std::uint64_t round = 0; round < 12; ++round) {
    const auto writing = Index::open(path, repository(1), Index::Mode::write);
    writing->add_pack(pack(10 + 2 * round, 1), std::vector{chunk(100 + round)});
    const auto reading = Index::open(path, repository(1), Index::Mode::read);
    CHECK(reading->find(test::noise(9, 16), chunk(100 + round).id));
    CHECK(reading->chunk_count() == 21 + round);
  }
  check_filled(*before);
  CHECK_FALSE(before->find(test::noise(9, 16), chunk(100).id));
  const auto after = Index::open(path, repository(1), Index::Mode::read);
  for (std::uint64_t round = 0; round < 12; ++round) {
    CHECK(after->find(test::noise(9, 16), chunk(100 + round).id));
  }
}

TEST_CASE("damage within a table is found at opening, and remembered", "[store][index]") {
  const test::TemporaryDirectory directory;
  const std::filesystem::path path = directory / "i";
  { fill(*Index::open(path, repository(1), Index::Mode::create)); }
  { Index::open(path, repository(1), Index::Mode::write); }
  const auto mode = GENERATE(Index::Mode::write, Index::Mode::read);
  int tables = 0;
  int salvaged = 0;
  for (const auto& entry : std::filesystem::directory_iterator{path}) {
    if (entry.path().extension() != ".sst") continue;
    base::Bytes bytes = base::read_file(entry.path());
    const auto flip = [&] {
      bytes.at(10) ^= std::byte{1};  // the first block of rows
      base::replace_file(entry.path(), bytes);
    };
    flip();
    CHECK(failure_of([&] { Index::open(path, repository(1), mode); }).kind == ErrorKind::corrupt);
    try {
      Index::open(path, repository(1), Index::Mode::salvage);
      ++salvaged;
    } catch (const base::Error& error) {
      CHECK(error.kind() == ErrorKind::corrupt);
    }
    ++tables;
    flip();
    const auto remembered =
        failure_of([&] { Index::open(path, repository(1), Index::Mode::write); });
    CHECK(remembered.kind == ErrorKind::corrupt);
    CHECK_THAT(remembered.what, test::contains_text("damaged when it was used last"));
    // Readers see for themselves.
    CHECK_NOTHROW(Index::open(path, repository(1), Index::Mode::read));
    std::filesystem::remove(path / "DAMAGED");
  }
  CHECK(salvaged == tables - 1);  // the one that says whose index it is has to be read
  check_filled(*Index::open(path, repository(1), Index::Mode::read));
}

TEST_CASE("whatever file of an index is damaged, it is noticed or does not matter",
          "[store][index]") {
  const test::TemporaryDirectory directory;
  { fill(*Index::open(directory / "i", repository(1), Index::Mode::create)); }
  // Opened again, the write-ahead log has become table files.
  { check_filled(*Index::open(directory / "i", repository(1), Index::Mode::write)); }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{directory / "i"}) {
    files.push_back(entry.path().filename());
  }
  REQUIRE(files.size() > 5);
  const auto damage = GENERATE(0, 1, 2);
  const auto mode = GENERATE(Index::Mode::write, Index::Mode::read);
  for (const auto& file : files) {
    CAPTURE(file, damage, mode);
    std::filesystem::remove_all(directory / "copy");
    std::filesystem::copy(directory / "i", directory / "copy");
    const auto path = directory / "copy" / file;
    base::Bytes bytes = base::read_file(path);
    if (damage == 0) std::filesystem::remove(path);
    if (damage == 1) {
      for (std::size_t at = bytes.size() / 3; at < bytes.size(); at += 97)
        bytes[at] ^= std::byte{0x10};
      base::replace_file(path, bytes);
    }
    if (damage == 2) base::replace_file(path, base::ByteView{bytes}.first(bytes.size() / 2));
    try {
      check_filled(*Index::open(directory / "copy", repository(1), mode));
    } catch (const base::Error& error) {
      CHECK((error.kind() == ErrorKind::corrupt || error.kind() == ErrorKind::not_found));
    }
  }
}

}  // namespace
}  // namespace store
