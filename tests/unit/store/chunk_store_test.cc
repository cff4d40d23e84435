#include "store/chunk_store.h"

#include "store/internal/pack_format.h"
#include "tests/support/catch.h"
#include "tests/support/small_store.h"

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>

namespace store {
namespace {

using base::ErrorKind;
using test::failure_of;
using test::noise;
using test::prose;

// A compressor that is right until told otherwise.
class BrokenCodec final : public Codec {
 public:
  [[nodiscard]] std::optional<std::size_t> compress(base::ByteView plain,
                                                    base::MutableByteView target) const override {
    if (!broken) return codec_->compress(plain, target);
    base::Bytes wrong = base::to_bytes(plain);
    wrong[wrong.size() / 2] ^= std::byte{1};
    return codec_->compress(wrong, target);
  }
  [[nodiscard]] bool decompress(base::ByteView compressed,
                                base::MutableByteView target) const override {
    return codec_->decompress(compressed, target);
  }

  bool broken = true;

 private:
  std::unique_ptr<Codec> codec_ = make_zstd_codec();
};

TEST_CASE("a chunk comes back, before and after it is flushed", "[store][chunks]") {
  test::SmallStore store;
  std::map<ChunkId, base::Bytes> chunks;
  for (const std::size_t size : {1U, 2U, 63U, 64U, 65U, 4096U, 70'000U, 1U << 20}) {
    for (const bool compressible : {false, true}) {
      const base::Bytes plain = compressible ? prose(size, size) : noise(size, size);
      const auto result = store.chunks().put(ChunkClass::data, plain);
      CHECK(result.is_new);
      CHECK(result.stored_bytes >= 112);
      chunks.emplace(result.id, plain);
      CHECK(store.chunks().get(result.id) == plain);
      CHECK(store.chunks().contains(result.id));
    }
  }
  CHECK(store.pack_names().empty());
  store.chunks().flush();
  CHECK(store.pack_names().size() == 1);
  for (const auto& [id, plain] : chunks) CHECK(store.chunks().get(id) == plain);
  store.reopen();
  for (const auto& [id, plain] : chunks) CHECK(store.chunks().get(id) == plain);
  CHECK(store.index().chunk_count() == chunks.size());
  CHECK(store.verify(store.packs().at(0)).errors.empty());
}

TEST_CASE("the largest chunk fits", "[store][chunks]") {
  test::SmallStore store;
  const base::Bytes plain = noise(1, kMostChunkBytes);
  const ChunkId id = store.chunks().put(ChunkClass::data, plain).id;
  store.chunks().flush();
  CHECK(store.chunks().get(id) == plain);
}

TEST_CASE("what was never put is not there", "[store][chunks]") {
  test::SmallStore store;
  CHECK_FALSE(store.chunks().get(ChunkId{}));
  CHECK_FALSE(store.chunks().contains(ChunkId{}));
  store.chunks().flush();
  CHECK(store.pack_names().empty());
}

TEST_CASE("unflushed chunks do not survive, and can be put again", "[store][chunks]") {
  test::SmallStore store;
  const ChunkId id = store.chunks().put(ChunkClass::data, prose(1, 1000)).id;
  store.reopen();
  CHECK_FALSE(store.chunks().get(id));
  CHECK(store.chunks().put(ChunkClass::data, prose(1, 1000)).is_new);
}

TEST_CASE("a chunk is stored once, wherever the first one is", "[store][chunks]") {
  test::SmallStore store;
  const base::Bytes plain = prose(1, 5000);
  const auto first = store.chunks().put(ChunkClass::data, plain);
  const auto put_again = [&] {
    const auto again = store.chunks().put(ChunkClass::data, plain);
    CHECK(again.id == first.id);
    CHECK_FALSE(again.is_new);
    CHECK(again.stored_bytes == 0);
  };
  put_again();
  store.chunks().flush();
  put_again();
  store.reopen();
  put_again();
  store.chunks().flush();
  CHECK(store.pack_names().size() == 1);
}

TEST_CASE("data and metadata lie in packs of their own", "[store][chunks]") {
  test::SmallStore store;
  const auto data = store.chunks().put(ChunkClass::data, prose(1, 500));
  const auto metadata = store.chunks().put(ChunkClass::metadata, prose(1, 500));
  CHECK(data.id != metadata.id);
  CHECK(metadata.is_new);
  store.chunks().flush();
  CHECK(store.backend().names("pack/d/").size() == 1);
  CHECK(store.backend().names("pack/m/").size() == 1);
  CHECK(store.chunks().get(data.id) == store.chunks().get(metadata.id));
}

TEST_CASE("packs close at their size, their count and their age", "[store][chunks]") {
  SECTION("size") {
    test::SmallStore store{{.pack_bytes = 100'000}};
    for (std::uint64_t i = 0; i < 20; ++i) store.chunks().put(ChunkClass::data, noise(i, 20'000));
    store.chunks().flush();
    CHECK(store.pack_names().size() == 5);
    for (const PackObject& pack : store.packs()) CHECK(pack.size_bytes <= 100'000);
  }
  SECTION("count") {
    test::SmallStore store{{.pack_records = 10}};
    for (std::uint64_t i = 0; i < 25; ++i) store.chunks().put(ChunkClass::data, noise(i, 100));
    store.chunks().flush();
    CHECK(store.pack_names().size() == 3);
  }
  SECTION("age") {
    test::SmallStore store;
    store.chunks().put(ChunkClass::data, noise(1, 100));
    store.clock().advance(std::chrono::minutes{4});
    store.chunks().put(ChunkClass::data, noise(2, 100));
    store.clock().advance(std::chrono::minutes{1});
    store.chunks().put(ChunkClass::data, noise(3, 100));
    store.chunks().flush();
    CHECK(store.pack_names().size() == 2);
  }
}

TEST_CASE("threads that put the same chunks store each once", "[store][chunks]") {
  test::SmallStore store{{.pack_bytes = 200'000}};
  constexpr std::uint64_t kChunks = 120;
  std::atomic<std::uint64_t> stored{0};
  std::atomic<std::uint64_t> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (std::uint64_t i = 0; i < kChunks; ++i) {
          const base::Bytes plain = prose(i, 3000 + i);
          const auto result = store.chunks().put(ChunkClass::data, plain);
          if (result.is_new) ++stored;
          if (store.chunks().get(result.id) != plain) ++wrong;
          if (i % 40 == 39) store.chunks().flush();
        }
      });
    }
  }
  store.chunks().flush();
  CHECK(stored == kChunks);
  CHECK(wrong == 0);
  CHECK(store.index().chunk_count() == kChunks);
  for (const PackObject& pack : store.packs()) CHECK(store.verify(pack).errors.empty());
}

TEST_CASE("a broken compressor cannot store garbage", "[store][chunks]") {
  auto owned = std::make_unique<BrokenCodec>();
  BrokenCodec& codec = *owned;
  test::SmallStore store;
  store.reopen_with(std::move(owned));
  const base::Bytes plain = prose(1, 5000);
  CHECK(failure_of([&] { store.chunks().put(ChunkClass::data, plain); }).kind ==
        ErrorKind::corrupt);
  store.chunks().flush();
  CHECK(store.pack_names().empty());

  // The same chunk is not taken for stored, and its neighbours are not hurt.
  codec.broken = false;
  const auto good = store.chunks().put(ChunkClass::data, plain);
  CHECK(good.is_new);
  codec.broken = true;
  CHECK_THROWS_AS(store.chunks().put(ChunkClass::data, prose(2, 5000)), base::Error);
  codec.broken = false;
  const auto neighbour = store.chunks().put(ChunkClass::data, prose(3, 5000));
  store.chunks().flush();
  CHECK(store.chunks().get(good.id) == plain);
  CHECK(store.chunks().get(neighbour.id) == prose(3, 5000));
  const PackFindings findings = store.verify(store.packs().at(0));
  CHECK(findings.errors.empty());
  CHECK(findings.chunks_verified == 2);
}

// Makes puts of packs fail with `kind`, the first `times` times.
void fail_puts(test::SmallStore& store, ErrorKind kind, int times,
               std::vector<std::string>& tried) {
  store.backend().set_hook(
      [&tried, kind, times](MemoryBackend::Operation operation, const std::string& name) mutable {
        if (operation != MemoryBackend::Operation::put) return;
        tried.push_back(name);
        if (times-- > 0) throw base::Error{kind, "the disk says no"};
      });
}

TEST_CASE("a pack whose sync fails is written again under another name", "[store][chunks]") {
  test::SmallStore store;
  std::vector<std::string> tried;
  std::map<ChunkId, base::Bytes> chunks;
  for (std::uint64_t i = 0; i < 10; ++i) {
    const base::Bytes plain = i % 2 == 0 ? prose(i, 1000 + i) : noise(i, 1000 + i);
    chunks.emplace(store.chunks().put(ChunkClass::data, plain).id, plain);
  }
  fail_puts(store, ErrorKind::disk, 1, tried);
  store.chunks().flush();
  REQUIRE(tried.size() == 2);
  CHECK(tried[0] != tried[1]);
  CHECK(store.pack_names() == std::vector{tried[1]});
  store.reopen();
  for (const auto& [id, plain] : chunks) CHECK(store.chunks().get(id) == plain);
  CHECK(store.verify(store.packs().at(0)).errors.empty());
}

TEST_CASE("writing stops for good when it fails", "[store][chunks]") {
  struct Row {
    const char* what;
    ErrorKind kind;
    std::size_t tries;
  };
  const auto row = GENERATE(values<Row>(
      {{"two failed syncs in a row", ErrorKind::disk, 2}, {"a full disk", ErrorKind::full, 1}}));
  CAPTURE(row.what);
  test::SmallStore store;
  const auto kept = store.chunks().put(ChunkClass::data, prose(1, 1000));
  store.chunks().flush();
  const auto lost = store.chunks().put(ChunkClass::data, prose(2, 1000));
  std::vector<std::string> tried;
  fail_puts(store, row.kind, 2, tried);

  CHECK(failure_of([&] { store.chunks().flush(); }).kind == row.kind);
  CHECK(tried.size() == row.tries);
  store.backend().set_hook({});
  CHECK(failure_of([&] { store.chunks().flush(); }).kind == row.kind);
  CHECK(failure_of([&] { store.chunks().put(ChunkClass::data, prose(3, 9)); }).kind == row.kind);
  CHECK(failure_of([&] { store.chunks().put(ChunkClass::data, prose(2, 1000)); }).kind == row.kind);
  CHECK(store.chunks().get(kept.id) == prose(1, 1000));

  store.reopen();
  CHECK(store.chunks().get(kept.id) == prose(1, 1000));
  CHECK_FALSE(store.chunks().contains(lost.id));
  CHECK(store.chunks().put(ChunkClass::data, prose(2, 1000)).is_new);
  store.chunks().flush();
  CHECK(store.chunks().get(lost.id) == prose(2, 1000));
}

TEST_CASE("writers that wait for a publisher that fails are all told", "[store][chunks]") {
  test::SmallStore store{{.pack_bytes = 20'000}};
  std::vector<std::string> tried;
  fail_puts(store, ErrorKind::full, 1000, tried);
  std::atomic<int> told{0};
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        try {
          for (std::uint64_t i = 0; i < 200; ++i) {
            store.chunks().put(ChunkClass::data, noise(thread * 1000 + i, 9000));
          }
        } catch (const base::Error& error) {
          if (error.kind() == ErrorKind::full) ++told;
        }
      });
    }
  }
  CHECK(told == 4);
}

TEST_CASE("a damaged, missing or swapped pack is never read as something else", "[store][chunks]") {
  test::SmallStore store;
  const auto id = store.chunks().put(ChunkClass::data, prose(1, 3000)).id;
  store.chunks().flush();
  const std::string name = store.pack_names().at(0);
  const auto other = store.chunks().put(ChunkClass::data, prose(2, 3000)).id;
  store.chunks().flush();
  std::vector<std::string> names = store.pack_names();
  const std::string other_name = names[0] == name ? names[1] : names[0];
  store.reopen();
  const auto get = [&] { static_cast<void>(store.chunks().get(id)); };
  SECTION("a flipped bit in the record") {
    store.backend().alter(name, [](base::Bytes& pack) { pack[300] ^= std::byte{1}; });
    CHECK(failure_of(get).kind == ErrorKind::corrupt);
  }
  SECTION("missing") {
    store.backend().remove(name);
    CHECK(failure_of(get).kind == ErrorKind::corrupt);
  }
  SECTION("cut") {
    store.backend().alter(name, [](base::Bytes& pack) { pack.resize(200); });
    CHECK(failure_of(get).kind == ErrorKind::corrupt);
  }
  SECTION("another pack in its place") {
    const auto size = static_cast<std::size_t>(*store.backend().size_bytes(other_name));
    store.backend().plant(name, store.backend().read(other_name, 0, size));
    CHECK(failure_of(get).kind == ErrorKind::corrupt);
    CHECK(store.chunks().get(other) == prose(2, 3000));
  }
}

TEST_CASE("readers and a writer work side by side", "[store][chunks]") {
  test::SmallStore store{{.pack_bytes = 60'000}};
  std::vector<ChunkId> known;
  for (std::uint64_t i = 0; i < 50; ++i) {
    known.push_back(store.chunks().put(ChunkClass::data, prose(i, 2000)).id);
  }
  store.chunks().flush();
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 3; ++thread) {
      threads.emplace_back([&] {
        for (std::uint64_t i = 0; i < known.size(); ++i) {
          if (store.chunks().get(known[i]) != prose(i, 2000)) ++wrong;
        }
      });
    }
    threads.emplace_back([&] {
      for (std::uint64_t i = 100; i < 200; ++i)
        store.chunks().put(ChunkClass::data, noise(i, 2000));
      store.chunks().flush();
    });
  }
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace store
