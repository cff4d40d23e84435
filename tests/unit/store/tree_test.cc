#include "src/base/error.h"
#include "store/internal/tree_cursor.h"
#include "store/internal/tree_diff.h"
#include "store/internal/tree_update.h"
#include "tests/support/catch.h"
#include "tests/support/memory_chunk_store.h"
#include "tests/support/plain_tree.h"

#include <map>
#include <random>

namespace {

using Random = std::mt19937_64;
using Model = std::map<std::string, base::Bytes, std::less<>>;
using Root = std::optional<store::ChunkId>;
constexpr auto kKind = store::MapKind::items;

std::size_t below(Random& random, std::size_t end) {
  return std::uniform_int_distribution<std::size_t>{0, end - 1}(random);
}

// Few folders and a growing counter, as in a mailbox.
std::string random_key(Random& random, std::size_t range) {
  char text[64];
  std::snprintf(text, sizeof text, "folder-%zu/item-%08zu", below(random, 5), below(random, range));
  return text;
}

base::Bytes random_value(Random& random) {
  store::FieldWriter fields;
  fields.number(random() % 100'000);
  base::Bytes rest(below(random, 150));
  for (std::byte& byte : rest) byte = static_cast<std::byte>(random());
  fields.raw(rest);
  return fields.take();
}

store::TreeEdits all_of(const Model& model) {
  store::TreeEdits edits;
  for (const auto& [key, value] : model) edits.entries[key] = value;
  return edits;
}

Model contents(const store::ChunkStore& chunks, const Root& root) {
  Model model;
  store::TreeCursor cursor{chunks, kKind, root};
  for (bool more = cursor.seek(""); more; more = cursor.next()) {
    model.emplace(cursor.key(), base::to_bytes(cursor.payload()));
  }
  return model;
}

// Changes `model` and says how in a way a tree understands.
store::TreeEdits random_edits(Random& random, Model& model, std::size_t range) {
  store::TreeEdits edits;
  if (random() % 4 == 0) {
    std::string from = random_key(random, range);
    std::string to = random_key(random, range);
    if (to < from) std::swap(from, to);
    if (random() % 3 == 0) to = from.substr(0, 8) + "0";  // the whole folder from there on
    if (from < to) {
      model.erase(model.lower_bound(from), model.lower_bound(to));
      edits.removed_ranges.push_back({from, to});
    }
  }
  const std::size_t count = random() % 3 == 0 ? below(random, 400) : below(random, 6);
  for (std::size_t i = 0; i < count; ++i) {
    std::string key = random_key(random, range);
    if (random() % 2 == 0 && !model.empty()) {
      const auto near = model.lower_bound(key);
      if (near != model.end()) key = near->first;
    }
    if (random() % 2 == 0) {
      edits.entries[key] = model[key] = random_value(random);
    } else {
      edits.entries[key] = std::nullopt;
      model.erase(key);
    }
  }
  return edits;
}

}  // namespace

TEST_CASE("equal maps have equal nodes whatever their history", "[store][tree]") {
  const auto seed = GENERATE(range(std::uint64_t{0}, std::uint64_t{60}));
  CAPTURE(seed);
  Random random{seed};
  test::MemoryChunkStore chunks;
  const std::size_t range = std::size_t{1} << (2 + random() % 14);
  Model model;
  Root root;
  for (int step = 0; step < 40; ++step) {
    CAPTURE(step);
    root = store::update_tree(chunks, kKind, root, random_edits(random, model, range));

    REQUIRE(test::plain_root(chunks, kKind, root) ==
            store::update_tree(chunks, kKind, std::nullopt, all_of(model)));
    REQUIRE(root.has_value() == !model.empty());
  }
  CHECK(contents(chunks, root) == model);
}

TEST_CASE("large maps shrink and grow to the same nodes", "[store][tree]") {
  const auto seed = GENERATE(range(std::uint64_t{0}, std::uint64_t{6}));
  CAPTURE(seed);
  Random random{seed};
  test::MemoryChunkStore chunks;
  Model model;
  for (int i = 0; i < 20'000; ++i) model[random_key(random, 100'000)] = random_value(random);
  Root root = store::update_tree(chunks, kKind, std::nullopt, all_of(model));
  REQUIRE(store::read_node(chunks, kKind, *root).level() >= 2);

  for (int step = 0; step < 12; ++step) {
    root = store::update_tree(chunks, kKind, root, random_edits(random, model, 100'000));
    if (step % 4 == 3) {
      const std::string from = "folder-" + std::to_string(step / 4);
      model.erase(model.lower_bound(from), model.lower_bound(from + "0"));
      store::TreeEdits edits;
      edits.removed_ranges.push_back({from, from + "0"});
      root = store::update_tree(chunks, kKind, root, std::move(edits));
    }
    REQUIRE(test::plain_root(chunks, kKind, root) ==
            store::update_tree(chunks, kKind, std::nullopt, all_of(model)));
  }
  store::TreeEdits everything;
  everything.removed_ranges.push_back({"", "~"});
  CHECK(store::update_tree(chunks, kKind, root, std::move(everything)) == std::nullopt);
}

TEST_CASE("several removed ranges at once", "[store][tree]") {
  const auto seed = GENERATE(range(std::uint64_t{0}, std::uint64_t{40}));
  CAPTURE(seed);
  Random random{seed};
  test::MemoryChunkStore chunks;
  Model model;
  for (int i = 0; i < 5'000; ++i) model[random_key(random, 20'000)] = random_value(random);
  const Root root = store::update_tree(chunks, kKind, std::nullopt, all_of(model));

  store::TreeEdits edits;
  std::vector<std::string> bounds;
  for (int i = 0; i < 8; ++i) bounds.push_back(random_key(random, 20'000));
  std::sort(bounds.begin(), bounds.end());
  bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
  for (std::size_t i = 0; i + 1 < bounds.size(); i += 2) {
    edits.removed_ranges.push_back({bounds[i], bounds[i + 1]});
    model.erase(model.lower_bound(bounds[i]), model.lower_bound(bounds[i + 1]));
  }
  // New entries in and around the ranges.
  for (int i = 0; i < 20; ++i) {
    const std::string key = random_key(random, 20'000);
    edits.entries[key] = model[key] = random_value(random);
  }

  const Root changed = store::update_tree(chunks, kKind, root, std::move(edits));
  CHECK(test::plain_root(chunks, kKind, changed) ==
        store::update_tree(chunks, kKind, std::nullopt, all_of(model)));
}

TEST_CASE("totals and single entries need no walk", "[store][tree]") {
  Random random{1};
  test::MemoryChunkStore chunks;
  Model model;
  for (int i = 0; i < 20'000; ++i) model[random_key(random, 100'000)] = random_value(random);
  const Root root = store::update_tree(chunks, kKind, std::nullopt, all_of(model));
  std::uint64_t bytes = 0;
  for (const auto& [key, value] : model) bytes += store::FieldReader{value, "a value"}.number();

  const std::uint64_t gets_before = chunks.figures().gets;
  CHECK(store::tree_totals(chunks, kKind, root) == store::TreeTotals{model.size(), bytes});
  CHECK(chunks.figures().gets == gets_before + 1);

  const auto& [key, value] = *std::next(model.begin(), 7'777);
  CHECK(store::find_in_tree(chunks, kKind, root, key) == value);
  CHECK(store::find_in_tree(chunks, kKind, root, key + "x") == std::nullopt);
  CHECK(store::find_in_tree(chunks, kKind, root, "~") == std::nullopt);
  CHECK(store::find_in_tree(chunks, kKind, std::nullopt, key) == std::nullopt);
  CHECK(chunks.figures().gets < gets_before + 20);
}

TEST_CASE("a change reads and writes the way to it only", "[store][tree]") {
  Random random{2};
  test::MemoryChunkStore chunks;
  Model model;
  for (int i = 0; i < 50'000; ++i) model[random_key(random, 200'000)] = random_value(random);
  const Root root = store::update_tree(chunks, kKind, std::nullopt, all_of(model));
  const auto before = chunks.figures();

  SECTION("one entry") {
    store::TreeEdits edits;
    edits.entries[std::next(model.begin(), 20'000)->first] = random_value(random);
    REQUIRE(store::update_tree(chunks, kKind, root, std::move(edits)) != root);
    CHECK(chunks.figures().gets - before.gets < 20);
    CHECK(chunks.figures().chunks - before.chunks < 8);
  }
  SECTION("a folder of 10,000") {
    store::TreeEdits edits;
    edits.removed_ranges.push_back({"folder-2", "folder-3"});
    REQUIRE(store::update_tree(chunks, kKind, root, std::move(edits)) != root);
    CHECK(chunks.figures().gets - before.gets < 40);
    CHECK(chunks.figures().chunks - before.chunks < 16);
  }
  SECTION("what changes nothing") {
    store::TreeEdits edits;
    edits.entries[model.begin()->first] = model.begin()->second;
    edits.entries["folder-1/nothing"] = std::nullopt;
    edits.removed_ranges.push_back({"folder-9", "folder-99"});
    CHECK(store::update_tree(chunks, kKind, root, std::move(edits)) == root);
    CHECK(chunks.figures().chunks == before.chunks);
  }
}

TEST_CASE("nodes stay small, whatever the entries", "[store][tree]") {
  Random random{3};
  test::MemoryChunkStore chunks;
  store::TreeEdits edits;
  const std::size_t key_bytes = GENERATE(std::size_t{12}, std::size_t{4000});
  for (int i = 0; i < 3'000; ++i) {
    std::string key = random_key(random, 100'000);
    key.insert(below(random, 2) * key.size(), std::string(key_bytes, 'k'));
    key.resize(std::min(key.size(), store::kLongestKeyBytes));
    edits.entries[key] = random_value(random);
  }
  const Root root = store::update_tree(chunks, kKind, std::nullopt, edits);
  CHECK(store::read_node(chunks, kKind, *root).level() <= 12);
  std::size_t largest = 0;
  chunks.for_each([&](const store::ChunkId&, base::ByteView bytes) {
    largest = std::max(largest, bytes.size());
  });
  CHECK(largest < 64 * 1024);
  CHECK(store::tree_totals(chunks, kKind, root).entries == edits.entries.size());
}

TEST_CASE("a difference is what changed, and reads what changed only", "[store][tree]") {
  const auto seed = GENERATE(range(std::uint64_t{0}, std::uint64_t{60}));
  CAPTURE(seed);
  Random random{seed};
  test::MemoryChunkStore chunks;
  const std::size_t range = std::size_t{1} << (4 + random() % 12);
  Model left;
  for (std::size_t i = random() % range; i > 0; --i)
    left[random_key(random, range)] = random_value(random);
  const Root left_root = store::update_tree(chunks, kKind, std::nullopt, all_of(left));
  Model right = left;
  const Root right_root =
      store::update_tree(chunks, kKind, left_root, random_edits(random, right, range));

  Model only_left;
  Model only_right;
  std::string last;
  store::diff_trees(chunks, kKind, left_root, right_root,
                    [&](const std::string& key, const std::optional<base::ByteView>& old_value,
                        const std::optional<base::ByteView>& new_value) {
                      CHECK(last < key);
                      last = key;
                      if (old_value) only_left[key] = base::to_bytes(*old_value);
                      if (new_value) only_right[key] = base::to_bytes(*new_value);
                    });

  Model expected_left;
  Model expected_right;
  for (const auto& [key, value] : left) {
    const auto found = right.find(key);
    if (found == right.end() || found->second != value) expected_left[key] = value;
  }
  for (const auto& [key, value] : right) {
    const auto found = left.find(key);
    if (found == left.end() || found->second != value) expected_right[key] = value;
  }
  CHECK(only_left == expected_left);
  CHECK(only_right == expected_right);
}

TEST_CASE("few changes of a large map are found with few reads", "[store][tree]") {
  Random random{4};
  test::MemoryChunkStore chunks;
  Model model;
  for (int i = 0; i < 50'000; ++i) model[random_key(random, 200'000)] = random_value(random);
  const Root root = store::update_tree(chunks, kKind, std::nullopt, all_of(model));
  store::TreeEdits edits;
  for (int i = 0; i < 3; ++i) {
    edits.entries[std::next(model.begin(), static_cast<long>(below(random, model.size())))->first] =
        std::nullopt;
  }
  const Root changed = store::update_tree(chunks, kKind, root, edits);

  const std::uint64_t gets_before = chunks.figures().gets;
  std::size_t found = 0;
  store::diff_trees(chunks, kKind, root, changed, [&](auto&&...) { ++found; });
  CHECK(found == edits.entries.size());
  CHECK(chunks.figures().gets - gets_before < 60);
}

TEST_CASE("hostile nodes are refused", "[store][tree]") {
  Random random{5};
  test::MemoryChunkStore chunks;
  Model model;
  for (int i = 0; i < 3'000; ++i) model[random_key(random, 10'000)] = random_value(random);
  REQUIRE(store::update_tree(chunks, kKind, std::nullopt, all_of(model)));
  std::vector<base::Bytes> nodes;
  chunks.for_each(
      [&](const store::ChunkId&, base::ByteView bytes) { nodes.push_back(base::to_bytes(bytes)); });
  std::size_t refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    base::Bytes altered = nodes[below(random, nodes.size())];
    for (auto flips = random() % 3 + 1; flips > 0; --flips) {
      const std::size_t reach = random() % 2 == 0 ? std::size_t{20} : altered.size();
      altered[below(random, std::min(reach, altered.size()))] = static_cast<std::byte>(random());
    }
    if (random() % 4 == 0) altered.resize(below(random, altered.size()));
    try {
      const store::TreeNode node = store::TreeNode::decode(altered, kKind);
      CHECK(node.totals().entries >= 1);
    } catch (const base::Error& error) {
      if (error.kind() != base::ErrorKind::corrupt) FAIL("another kind of error");
      ++refused;
    }
  }
  CHECK(refused > 5'000);
}

TEST_CASE("a node of another map or another place is refused", "[store][tree]") {
  Random random{6};
  test::MemoryChunkStore chunks;
  Model model;
  for (int i = 0; i < 3'000; ++i) model[random_key(random, 10'000)] = random_value(random);
  const Root root = store::update_tree(chunks, kKind, std::nullopt, all_of(model));
  const store::TreeNode top = store::read_node(chunks, kKind, *root);
  REQUIRE(top.level() >= 1);

  CHECK_THROWS_AS(store::read_node(chunks, store::MapKind::display, *root), base::Error);
  const store::ChunkId first = store::decode_node_ref(top.entries()[0].payload).id;
  const store::ChunkId second = store::decode_node_ref(top.entries()[1].payload).id;
  const base::Bytes other = *chunks.get(second);
  chunks.alter(first, [&](base::Bytes& bytes) { bytes = other; });
  CHECK_THROWS_AS(contents(chunks, root), base::Error);
}
