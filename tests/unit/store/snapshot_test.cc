#include "store/snapshot.h"

#include "src/base/base64.h"
#include "src/base/error.h"
#include "store/internal/entries.h"
#include "store/fields.h"
#include "store/internal/snapshot_maps.h"
#include "tests/support/catch.h"
#include "tests/support/memory_chunk_store.h"
#include "tests/support/plain_tree.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <utility>

namespace {

using Random = std::mt19937_64;
using ItemName = std::pair<std::string, std::string>;  // folder, item
struct Shown {
  store::ItemEntry item;
  store::ItemDisplay display;
  bool operator==(const Shown&) const = default;
};
// What a mailbox holds, as plainly as can be.
struct Model {
  std::map<std::string, store::FolderEntry> folders;
  std::map<ItemName, Shown> items;
};

std::string folder_id(std::uint64_t number) { return "AQMkAGI1-folder_" + std::to_string(number); }

// Like the service's: base64url of bytes that share their beginning and end in a counter.
std::string item_id_of(std::uint64_t number) {
  base::Bytes bytes(46, std::byte{0x5a});
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<std::byte>(number >> shift));
  }
  return base::base64url_encode(bytes) + (bytes.size() % 3 == 0 ? "" : "==");
}

base::Sha256 any_digest(Random& random) {
  base::Sha256 digest;
  for (std::byte& byte : digest.bytes) byte = static_cast<std::byte>(random());
  return digest;
}

store::FolderEntry random_folder(Random& random, std::uint64_t number) {
  return {folder_id(number), random() % 2 == 0 ? "" : folder_id(random() % 10),
          "Folder " + std::to_string(random() % 100), "IPF.Note", random() % 9 == 0 ? "inbox" : ""};
}

store::ItemEntry random_item(Random& random, const std::string& folder, const std::string& id) {
  store::ItemEntry item;
  item.folder_id = folder;
  item.id = id;
  item.change_key = item_id_of(random());
  item.item_class = random() % 5 == 0 ? "IPM.Appointment" : "IPM.Note";
  if (random() % 8 != 0)
    item.created =
        base::from_milliseconds(static_cast<std::int64_t>(random() % 2'000'000'000'000) - 1000);
  if (random() % 8 != 0)
    item.modified =
        base::from_milliseconds(static_cast<std::int64_t>(random() % 2'000'000'000'000));
  item.size_bytes = random() % 1'000'000;
  item.content.chunk = store::ChunkId::from(any_digest(random).view());
  item.content.is_recipe = random() % 4 == 0;
  item.content.size_bytes = random() % 1'000'000;
  item.content.sha256 = any_digest(random);
  return item;
}

store::ItemDisplay random_display(Random& random) {
  store::ItemDisplay display;
  if (random() % 10 == 0) return display;
  display.subject = "Räksmörgås " + std::to_string(random());
  display.sender_name = "A. Person";
  display.sender_address = "a@example.com";
  if (random() % 2 == 0)
    display.received =
        base::from_milliseconds(static_cast<std::int64_t>(random() % 2'000'000'000'000));
  if (random() % 2 == 0)
    display.sent = base::from_milliseconds(static_cast<std::int64_t>(random() % 2'000'000'000'000));
  display.search_key = std::string("\0\1\2\xff", 4);
  display.has_attachments = random() % 2 == 0;
  return display;
}

void change(Random& random, Model& model, store::SnapshotWriter& writer) {
  const std::string folder = folder_id(random() % 12);
  const std::string id = item_id_of(random() % 300);
  switch (random() % 8) {
    case 0: {
      const store::FolderEntry entry = random_folder(random, random() % 12);
      model.folders[entry.id] = entry;
      writer.put_folder(entry);
      break;
    }
    case 1:
      if (random() % 6 != 0) break;
      model.folders.erase(folder);
      std::erase_if(model.items, [&](const auto& item) { return item.first.first == folder; });
      writer.remove_folder(folder);
      break;
    case 2:
    case 3:
      model.items.erase({folder, id});
      writer.remove_item(folder, id);
      break;
    default: {
      const Shown shown{random_item(random, folder, id), random_display(random)};
      model.items[{folder, id}] = shown;
      if (random() % 3 == 0) {
        writer.put_item(shown.item, {});
        writer.put_display(folder, id, shown.display);
      } else {
        writer.put_item(shown.item, shown.display);
      }
    }
  }
}

// What a snapshot holds besides what was put: the folders that only items name.
Model with_named_folders(Model model) {
  for (const auto& [name, shown] : model.items) {
    model.folders.try_emplace(name.first, store::FolderEntry{name.first, {}, {}, {}, {}});
  }
  return model;
}

store::Snapshot snapshot_of(const store::SnapshotWriter::Built& built) {
  store::Snapshot snapshot;
  snapshot.roots = built.roots;
  snapshot.items = built.items;
  snapshot.bytes = built.bytes;
  return snapshot;
}

Model read(const store::SnapshotReader& reader) {
  Model model;
  for (const store::FolderEntry& folder : reader.folders()) model.folders[folder.id] = folder;
  reader.displayed_items(
      std::nullopt, [&](const store::ItemEntry& item, const store::ItemDisplay& display) {
        CHECK(model.items.emplace(ItemName{item.folder_id, item.id}, Shown{item, display}).second);
        return true;
      });
  return model;
}

store::SnapshotWriter::Built build(store::ChunkStore& chunks, const Model& model) {
  const auto writer = store::write_snapshot(chunks, {});
  for (const auto& [id, folder] : model.folders) writer->put_folder(folder);
  for (const auto& [name, shown] : model.items) writer->put_item(shown.item, shown.display);
  return writer->finish();
}

Model random_model(Random& random, std::size_t items) {
  Model model;
  for (std::uint64_t i = 0; i < 12; ++i) model.folders[folder_id(i)] = random_folder(random, i);
  for (std::size_t i = 0; i < items; ++i) {
    const std::string folder = folder_id(random() % 12);
    const std::string id = item_id_of(i);
    model.items[{folder, id}] = {random_item(random, folder, id), random_display(random)};
  }
  return model;
}

// With each node stored as it is.
store::SnapshotRoots plain(store::ChunkStore& chunks, const store::SnapshotRoots& roots) {
  return {test::plain_root(chunks, store::MapKind::folders, roots.folders),
          test::plain_root(chunks, store::MapKind::items, roots.items),
          test::plain_root(chunks, store::MapKind::display, roots.display)};
}

}  // namespace

TEST_CASE("a snapshot holds what was said last, whatever the order", "[store][snapshot]") {
  const auto seed = GENERATE(range(std::uint64_t{0}, std::uint64_t{40}));
  CAPTURE(seed);
  Random random{seed};
  test::MemoryChunkStore chunks;
  Model model;
  store::SnapshotRoots roots;
  for (int run = 0; run < 4; ++run) {
    // Small buffers write the trees in the middle of a run.
    const std::size_t buffer = random() % 2 == 0 ? store::kSnapshotBufferBytes : random() % 20'000;
    const auto writer = store::write_snapshot(chunks, roots, buffer);
    for (auto changes = random() % 400; changes > 0; --changes) change(random, model, *writer);
    const store::SnapshotWriter::Built built = writer->finish();
    roots = built.roots;
    model = with_named_folders(std::move(model));

    const auto reader = store::read_snapshot(chunks, snapshot_of(built));
    const Model seen = read(*reader);
    REQUIRE(seen.folders == model.folders);
    REQUIRE(seen.items == model.items);
    std::uint64_t bytes = 0;
    for (const auto& [name, shown] : model.items) bytes += shown.item.content.size_bytes;
    CHECK(built.items == model.items.size());
    CHECK(built.bytes == bytes);
    REQUIRE(plain(chunks, built.roots) == build(chunks, model).roots);
  }
}

TEST_CASE("a folder's items are found alone", "[store][snapshot]") {
  Random random{1};
  test::MemoryChunkStore chunks;
  const Model model = random_model(random, 4'000);
  const auto reader = store::read_snapshot(chunks, snapshot_of(build(chunks, model)));

  const std::string folder = folder_id(5);
  std::map<ItemName, Shown> expected;
  for (const auto& [name, shown] : model.items) {
    if (name.first == folder) expected.emplace(name, shown);
  }
  std::map<ItemName, Shown> seen;
  reader->displayed_items(folder,
                          [&](const store::ItemEntry& item, const store::ItemDisplay& display) {
                            seen.emplace(ItemName{item.folder_id, item.id}, Shown{item, display});
                            return true;
                          });
  CHECK(seen == expected);

  std::size_t without_display = 0;
  reader->items_of_folder(folder, [&](const store::ItemEntry& item) {
    CHECK(item == expected.at({item.folder_id, item.id}).item);
    ++without_display;
    return true;
  });
  CHECK(without_display == expected.size());
  reader->items_of_folder("no such folder", [](const store::ItemEntry&) {
    FAIL("an item of a folder that is not there");
    return true;
  });
}

TEST_CASE("items lie in the order of folder and id, and visiting can end early",
          "[store][snapshot]") {
  Random random{2};
  test::MemoryChunkStore chunks;
  const auto reader =
      store::read_snapshot(chunks, snapshot_of(build(chunks, random_model(random, 3'000))));

  std::string last_key;
  std::size_t seen = 0;
  std::set<std::string> folders_done;
  std::string folder;
  reader->items([&](const store::ItemEntry& item) {
    const std::string key = store::item_key(item.folder_id, item.id);
    CHECK(last_key < key);
    last_key = key;
    if (item.folder_id != folder) {
      CHECK(folders_done.insert(item.folder_id).second);
      folder = item.folder_id;
    }
    return ++seen < 1'000;
  });
  CHECK(seen == 1'000);
}

TEST_CASE("single items are found by folder and id", "[store][snapshot]") {
  Random random{3};
  test::MemoryChunkStore chunks;
  const Model model = random_model(random, 2'000);
  const auto reader = store::read_snapshot(chunks, snapshot_of(build(chunks, model)));

  for (const auto& [name, shown] : model.items) {
    REQUIRE(reader->find(name.first, name.second) == shown.item);
  }
  CHECK(reader->find(folder_id(0), item_id_of(999'999)) == std::nullopt);
  CHECK(reader->find("elsewhere", item_id_of(0)) == std::nullopt);
}

TEST_CASE("changes between snapshots are the items that differ", "[store][snapshot]") {
  const auto seed = GENERATE(range(std::uint64_t{0}, std::uint64_t{20}));
  CAPTURE(seed);
  Random random{seed};
  test::MemoryChunkStore chunks;
  Model model = random_model(random, 1'500);
  const store::SnapshotWriter::Built before = build(chunks, model);
  const Model old_model = model;
  const auto writer = store::write_snapshot(chunks, before.roots);
  for (int i = 0; i < 100; ++i) change(random, model, *writer);
  const auto earlier = store::read_snapshot(chunks, snapshot_of(before));
  const auto later = store::read_snapshot(chunks, snapshot_of(writer->finish()));

  using Change = std::pair<std::optional<store::ItemEntry>, std::optional<store::ItemEntry>>;
  std::map<ItemName, Change> expected;
  const auto item_of = [](const Model& side,
                          const ItemName& name) -> std::optional<store::ItemEntry> {
    const auto found = side.items.find(name);
    if (found == side.items.end()) return std::nullopt;
    return found->second.item;
  };
  for (const Model* side : {&old_model, &std::as_const(model)}) {
    for (const auto& [name, shown] : side->items) {
      const Change both{item_of(old_model, name), item_of(model, name)};
      if (both.first != both.second) expected[name] = both;
    }
  }
  std::map<ItemName, Change> seen;
  later->changes_since(*earlier, [&](const auto& old_item, const auto& new_item) {
    const store::ItemEntry& any = old_item ? *old_item : *new_item;
    seen[{any.folder_id, any.id}] = {old_item, new_item};
  });
  CHECK(seen == expected);
}

TEST_CASE("an unchanged run writes nothing", "[store][snapshot]") {
  Random random{4};
  test::MemoryChunkStore chunks;
  const Model model = random_model(random, 2'000);
  const store::SnapshotWriter::Built first = build(chunks, model);
  const auto before = chunks.figures();

  CHECK(store::write_snapshot(chunks, first.roots)->finish().roots == first.roots);
  const auto same = store::write_snapshot(chunks, first.roots);
  for (const auto& [name, shown] : model.items) same->put_item(shown.item, shown.display);
  CHECK(same->finish().roots == first.roots);
  CHECK(chunks.figures().chunks == before.chunks);
}

TEST_CASE("an empty mailbox has no roots", "[store][snapshot]") {
  test::MemoryChunkStore chunks;
  const store::SnapshotWriter::Built built = store::write_snapshot(chunks, {})->finish();
  CHECK(built.roots == store::SnapshotRoots{});
  CHECK(built.items == 0);
  CHECK(read(*store::read_snapshot(chunks, snapshot_of(built))).items.empty());
}

TEST_CASE("metadata beyond all measure is refused, and names the item", "[store][snapshot]") {
  Random random{5};
  test::MemoryChunkStore chunks;
  const auto writer = store::write_snapshot(chunks, {});
  store::ItemDisplay display;
  display.subject.assign(std::size_t{2} << 20, 's');
  const store::ItemEntry item = random_item(random, folder_id(1), item_id_of(7));
  CHECK_THROWS_WITH(writer->put_item(item, display), Catch::Contains(item.id));
  CHECK(writer->finish().items == 0);
}

TEST_CASE("ids come back as they were, packed or not", "[store][snapshot]") {
  for (const std::string id :
       {"", "a", "AAMkAGI1AAA=", "AAMkAGI1AAAA", "AAMkAGI1AA==", "AAMkAGI1AA",
        "with space and more", "AAMkAGI1AAA", "====", "AAMk/GI1+AAA",
        "AAMkAGI1AAB=", "a=b=c=d=e=f=", "AAMkAGI1AAA==", "\xff\xfe\0bytes", "-_-_-_-_-_-_"}) {
    CAPTURE(id);
    CHECK(store::item_id(store::item_key("folder", id)) == id);
    store::FieldWriter fields;
    fields.packed_text(id);
    CHECK(store::FieldReader(fields.bytes(), "an id").packed_text() == id);
  }
  CHECK(store::pack_text("AAMkAGI1AAA=").bytes.size() == 8);
}

TEST_CASE("a folder's range ends before the next folder", "[store][snapshot]") {
  const std::string ff(store::kFolderKeyBytes, '\xff');
  CHECK(store::end_of_folder(std::string(15, 'a') + "b") == std::string(15, 'a') + "c");
  CHECK(store::end_of_folder("a" + std::string(15, '\xff')) == "b");
  CHECK(store::end_of_folder(ff) > ff + std::string("\x02zzz"));
}

TEST_CASE("numbers have one encoding each", "[store][snapshot]") {
  for (const std::uint64_t number :
       {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, ~std::uint64_t{0}}) {
    store::FieldWriter fields;
    fields.number(number);
    store::FieldReader reader{fields.bytes(), "a number"};
    CHECK(reader.number() == number);
    reader.finish();
  }
  for (const std::int64_t number :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{63}, INT64_MIN, INT64_MAX}) {
    store::FieldWriter fields;
    fields.signed_number(number);
    CHECK(store::FieldReader(fields.bytes(), "a number").signed_number() == number);
  }
  const auto read_hex = [](const char* hex) {
    const base::Bytes bytes = base::from_hex(hex);
    return store::FieldReader{bytes, "a number"}.number();
  };
  CHECK_THROWS_AS(read_hex("8000"), base::Error);                  // a longer zero
  CHECK_THROWS_AS(read_hex("ffffffffffffffffff02"), base::Error);  // 65 bits
  CHECK_THROWS_AS(read_hex("80"), base::Error);
  CHECK(read_hex("ffffffffffffffffff01") == ~std::uint64_t{0});
}
