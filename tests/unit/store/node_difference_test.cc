#include "store/internal/node_difference.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "store/internal/node_entry.h"
#include "store/internal/reachability.h"
#include "store/internal/tree_cursor.h"
#include "store/internal/tree_update.h"
#include "tests/support/catch.h"
#include "tests/support/memory_chunk_store.h"

#include <functional>
#include <set>

namespace {

using store::ChunkId;
using store::FieldWriter;
using store::MapKind;
using store::TreeNode;

base::Bytes value(int number, std::size_t size_bytes = 80) {
  FieldWriter fields;
  fields.number(static_cast<std::uint64_t>(number));
  base::Bytes bytes = fields.take();
  bytes.resize(size_bytes, static_cast<std::byte>(number));
  return bytes;
}

std::string key(int number) { return base::text("item ", 1000 + number); }

store::TreeEdits edit(int number, std::optional<base::Bytes> payload) {
  store::TreeEdits edits;
  edits.entries[key(number)] = std::move(payload);
  return edits;
}

// A map of one leaf with entries 0, 2, 4, ...
ChunkId put_leaf(store::ChunkStore& chunks, MapKind kind, int entries = 10) {
  store::TreeEdits edits;
  for (int i = 0; i < entries; ++i) edits.entries[key(2 * i)] = value(1);
  return *store::update_tree(chunks, kind, std::nullopt, std::move(edits));
}

std::uint64_t stored_bytes(const test::MemoryChunkStore& chunks) { return chunks.figures().bytes; }

// The head of a difference from `base`.
FieldWriter head(const ChunkId& base, MapKind kind = MapKind::items, std::uint8_t level = 0) {
  FieldWriter fields;
  fields.octet(static_cast<std::uint8_t>(kind));
  fields.octet(store::kDifferenceVersion);
  fields.octet(level);
  fields.raw(base.view());
  return fields;
}

ChunkId put(store::ChunkStore& chunks, FieldWriter fields) {
  return chunks.put(store::ChunkClass::metadata, fields.take()).id;
}

}  // namespace

TEST_CASE("a changed entry costs about itself", "[store][tree][difference]") {
  const MapKind kind = GENERATE(MapKind::folders, MapKind::items);
  const int number = GENERATE(0, 6, 18, 1, 7, 99);
  CAPTURE(kind, number);
  test::MemoryChunkStore chunks;
  const ChunkId first = put_leaf(chunks, kind);
  const std::uint64_t before = stored_bytes(chunks);

  const auto second = store::update_tree(chunks, kind, first, edit(number, value(2)));

  CHECK(stored_bytes(chunks) - before < 200);
  const TreeNode node = store::read_node(chunks, kind, *second);
  REQUIRE(node.base());
  CHECK(node.base()->id == first);
  CHECK(node.totals() == store::TreeTotals{number % 2 == 0 && number < 20 ? 10U : 11U,
                                           kind == MapKind::items ? node.totals().bytes : 0});
  CHECK(*store::find_in_tree(chunks, kind, second, key(number)) == value(2));
  CHECK(*store::find_in_tree(chunks, kind, second, key(4)) == value(1));
}

TEST_CASE("a removed entry costs almost nothing, and the last one leaves no node",
          "[store][tree][difference]") {
  test::MemoryChunkStore chunks;
  std::optional<ChunkId> root = put_leaf(chunks, MapKind::items);
  const std::uint64_t before = stored_bytes(chunks);
  root = store::update_tree(chunks, MapKind::items, root, edit(4, std::nullopt));
  CHECK(stored_bytes(chunks) - before < 60);
  CHECK_FALSE(store::find_in_tree(chunks, MapKind::items, root, key(4)));
  for (int i = 0; i < 10; ++i) {
    root = store::update_tree(chunks, MapKind::items, root, edit(2 * i, std::nullopt));
  }
  CHECK_FALSE(root);
}

TEST_CASE("what a node is a difference from is always stored as it is",
          "[store][tree][difference]") {
  test::MemoryChunkStore chunks;
  const ChunkId first = put_leaf(chunks, MapKind::items);
  std::optional<ChunkId> root = first;
  std::set<ChunkId> bases;
  int whole = 0;
  for (int i = 0; i < 30; ++i) {
    root = store::update_tree(chunks, MapKind::items, root, edit(2 * (i % 10), value(2 + i)));
    const TreeNode node = store::read_node(chunks, MapKind::items, *root);
    if (!node.base()) {
      ++whole;
      continue;
    }
    CHECK_FALSE(node.base()->node->base());
    bases.insert(node.base()->id);
  }
  // The differences grow until they are not worth it, and then all begins again.
  CHECK(whole >= 2);
  CHECK(bases.size() >= 2);
  CHECK(bases.contains(first));
}

TEST_CASE("a node that comes out as it was is the old one", "[store][tree][difference]") {
  test::MemoryChunkStore chunks;
  const ChunkId first = put_leaf(chunks, MapKind::items);
  const std::uint64_t before = stored_bytes(chunks);
  CHECK(store::update_tree(chunks, MapKind::items, first, edit(4, value(1))) == first);
  CHECK(stored_bytes(chunks) == before);
  const auto second = store::update_tree(chunks, MapKind::items, first, edit(4, value(2)));
  CHECK(store::update_tree(chunks, MapKind::items, second, edit(4, value(2))) == second);
}

TEST_CASE("subjects do not live on in what leaves are a difference from",
          "[store][tree][difference]") {
  test::MemoryChunkStore chunks;
  const ChunkId first = put_leaf(chunks, MapKind::display);
  auto root = store::update_tree(chunks, MapKind::display, first, edit(6, value(2)));
  CHECK(store::read_node(chunks, MapKind::display, *root).base()->id == first);
  root = store::update_tree(chunks, MapKind::display, root, edit(4, std::nullopt));
  CHECK_FALSE(store::read_node(chunks, MapKind::display, *root).base());
}

TEST_CASE("who walks a map meets what its nodes are a difference from, and not what is below",
          "[store][tree][difference]") {
  test::MemoryChunkStore chunks;
  store::TreeEdits many;
  for (int i = 0; i < 500; ++i) many.entries[key(2 * i)] = value(1);
  store::Snapshot first;
  first.roots.folders = store::update_tree(chunks, MapKind::folders, std::nullopt, many);
  store::Snapshot second;
  second.roots.folders =
      store::update_tree(chunks, MapKind::folders, first.roots.folders, edit(400, value(2)));
  const auto met = [&](const store::Snapshot& snapshot) {
    std::pair<std::set<ChunkId>, std::set<ChunkId>> nodes_and_bases;
    store::walk_snapshot(chunks, snapshot,
                         {[&](const ChunkId& id) {
                            return nodes_and_bases.first.insert(id).second ? store::Reach::descend
                                                                           : store::Reach::pass_by;
                          },
                          [&](const ChunkId& id) { nodes_and_bases.second.insert(id); },
                          [](const ChunkId&) { FAIL("a folder has no stream"); }});
    return nodes_and_bases;
  };
  const auto [old_nodes, no_bases] = met(first);
  const auto [nodes, bases] = met(second);
  CHECK(no_bases.empty());
  CHECK(old_nodes.contains(*first.roots.folders));
  CHECK(bases.size() ==
        store::read_node(chunks, MapKind::folders, *second.roots.folders).level() + 1);
  for (const ChunkId& base : bases) {
    CHECK(old_nodes.contains(base));
    CHECK_FALSE(nodes.contains(base));
  }
}

TEST_CASE("a difference that cannot be one is damage", "[store][tree][difference][hostile]") {
  test::MemoryChunkStore chunks;
  const ChunkId base = put_leaf(chunks, MapKind::items);
  ChunkId id;
  const auto read = [&] { static_cast<void>(store::read_node(chunks, MapKind::items, id)); };
  const auto corrupt = [&](FieldWriter fields) {
    id = put(chunks, std::move(fields));
    try {
      read();
      FAIL_CHECK("it was read");
    } catch (const base::Error& error) {
      CHECK(error.kind() == base::ErrorKind::corrupt);
    }
  };
  FieldWriter fields = head(base);
  SECTION("nothing differs: that can be one") {
    fields.number(0);
    fields.number(0);
    id = put(chunks, std::move(fields));
    CHECK_NOTHROW(read());
  }
  SECTION("it ends early") { corrupt(std::move(fields)); }
  SECTION("it does not end") {
    fields.number(0);
    fields.number(0);
    fields.octet(0);
    corrupt(std::move(fields));
  }
  SECTION("it is from a node that is not there") {
    FieldWriter other = head(ChunkId{});
    other.number(0);
    other.number(0);
    corrupt(std::move(other));
  }
  SECTION("it is from a difference") {
    fields.number(0);
    fields.number(0);
    FieldWriter other = head(put(chunks, std::move(fields)));
    other.number(0);
    other.number(0);
    corrupt(std::move(other));
  }
  SECTION("it is from a node of another map") {
    FieldWriter other = head(put_leaf(chunks, MapKind::folders));
    other.number(0);
    other.number(0);
    corrupt(std::move(other));
  }
  SECTION("it is from a node of another level") {
    FieldWriter other = head(base, MapKind::items, 1);
    other.number(0);
    other.number(0);
    corrupt(std::move(other));
  }
  SECTION("it changes more entries than there are") {
    fields.number(11);
    corrupt(std::move(fields));
  }
  SECTION("it changes an entry behind the last") {
    fields.number(1);
    fields.number(10);
    fields.number(0);
    fields.number(0);
    corrupt(std::move(fields));
  }
  SECTION("it changes entries behind the last one that it changed") {
    fields.number(2);
    fields.number(9);
    fields.number(0);
    fields.number(0);
    fields.number(0);
    fields.number(0);
    corrupt(std::move(fields));
  }
  SECTION("it removes everything") {
    fields.number(10);
    for (int i = 0; i < 10; ++i) {
      fields.number(0);
      fields.number(0);
    }
    fields.number(0);
    corrupt(std::move(fields));
  }
  SECTION("it adds what is there") {
    fields.number(0);
    fields.number(1);
    store::write_entry(fields, "", key(4), value(7));
    corrupt(std::move(fields));
  }
  SECTION("it adds in a wrong order") {
    fields.number(0);
    fields.number(2);
    store::write_entry(fields, "", key(5), value(7));
    store::write_entry(fields, key(5), key(3), value(7));
    corrupt(std::move(fields));
  }
  SECTION("it gives an entry a value that is too long") {
    fields.number(1);
    fields.number(0);
    fields.number(store::kLongestPayloadBytes + 2);
    corrupt(std::move(fields));
  }
}
