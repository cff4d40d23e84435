// What every chunk store promises, told of the real one and of the one in memory; and that what
// stands on chunks comes out the same on both.
#include "store/chunk_store.h"
#include "store/internal/snapshot_maps.h"
#include "store/internal/stream_content.h"
#include "tests/support/catch.h"
#include "tests/support/memory_chunk_store.h"
#include "tests/support/small_store.h"

#include <string>

namespace {

struct AnyChunkStore {
  explicit AnyChunkStore(bool real) : real_store(real) {}

  store::ChunkStore& chunks() {
    if (!real_store) return memory;
    if (!small) small = std::make_unique<test::SmallStore>();
    return small->chunks();
  }

  bool real_store;
  test::MemoryChunkStore memory;
  std::unique_ptr<test::SmallStore> small;
};

}  // namespace

TEST_CASE("a chunk is stored once and read at once", "[store][contract]") {
  AnyChunkStore any{GENERATE(false, true)};
  store::ChunkStore& chunks = any.chunks();
  const base::Bytes chunk = test::noise(1, 5'000);

  const auto first = chunks.put(store::ChunkClass::data, chunk);
  CHECK(first.is_new);
  CHECK(first.stored_bytes > 0);
  CHECK(chunks.contains(first.id));
  CHECK(chunks.get(first.id) == chunk);
  const auto again = chunks.put(store::ChunkClass::data, chunk);
  CHECK(again.id == first.id);
  CHECK_FALSE(again.is_new);
  CHECK(again.stored_bytes == 0);

  chunks.flush();
  CHECK(chunks.get(first.id) == chunk);
  CHECK_FALSE(chunks.put(store::ChunkClass::data, chunk).is_new);
  CHECK(chunks.put(store::ChunkClass::data, test::noise(2, 5'000)).id != first.id);
  CHECK_FALSE(chunks.contains(store::ChunkId{}));
  CHECK(chunks.get(store::ChunkId{}) == std::nullopt);
}

TEST_CASE("contents and snapshots stand on any chunk store", "[store][contract]") {
  AnyChunkStore any{GENERATE(false, true)};
  store::ChunkStore& chunks = any.chunks();
  const store::GearTable gear{test::noise(3, 32)};
  const base::Bytes stream = test::prose(4, 700'000);
  // Small buffers make the writer read back trees that no flush has published yet.
  const auto writer = store::write_snapshot(chunks, {}, 10'000);
  for (int i = 0; i < 500; ++i) {
    const auto content = store::write_content(chunks, gear);
    content->append(base::ByteView{stream}.first(static_cast<std::size_t>(i + 1) * 1'000));
    store::ItemEntry item;
    item.folder_id = "inbox";
    item.id = "item " + std::to_string(1000 + i);
    item.content = content->finish().ref;
    writer->put_item(item, {});
  }
  store::Snapshot snapshot;
  snapshot.roots = writer->finish().roots;
  chunks.flush();

  std::size_t seen = 0;
  store::read_snapshot(chunks, snapshot)->items([&](const store::ItemEntry& item) {
    base::Bytes whole(item.content.size_bytes + 1);
    const auto reader = store::read_content(chunks, item.content);
    REQUIRE(reader->read(whole) == item.content.size_bytes);
    whole.pop_back();
    REQUIRE(std::equal(whole.begin(), whole.end(), stream.begin()));
    return ++seen > 0;
  });
  CHECK(seen == 500);
}
