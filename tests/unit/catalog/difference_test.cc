#include "src/catalog/difference.h"

#include "src/base/digest.h"
#include "src/base/error.h"
#include "store/internal/snapshot_maps.h"
#include "tests/support/catch.h"
#include "tests/support/memory_chunk_store.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using What = catalog::ItemDifference::What;
using FolderWhat = catalog::FolderDifference::What;

struct PlainItem {
  std::string content;
  std::string change_key = "1";
};
using Place = std::pair<std::string, std::string>;  // folder, id

// What a mailbox holds, as plainly as can be.
struct Model {
  std::map<std::string, store::FolderEntry> folders;
  std::map<Place, PlainItem> items;

  void add_folder(const std::string& id, const std::string& parent, const std::string& name) {
    folders[id] = {id, parent, name, "IPF.Note", ""};
  }
};

Model mailbox() {
  Model model;
  model.add_folder("root", "", "");
  model.add_folder("in", "root", "Inbox");
  model.add_folder("old", "in", "Old/2025");
  model.add_folder("sent", "root", "Sent");
  return model;
}

std::string subject_of(const PlainItem& item) {
  return "About " + item.content + ", " + item.change_key;
}

store::ItemEntry entry_of(const Place& place, const PlainItem& item) {
  store::ItemEntry entry;
  entry.folder_id = place.first;
  entry.id = place.second;
  entry.change_key = item.change_key;
  entry.content.sha256 = base::sha256(base::as_bytes(item.content));
  entry.content.chunk = store::ChunkId::from(entry.content.sha256.view());
  return entry;
}

// A restore point in a store.
class Point {
 public:
  Point(test::MemoryChunkStore& chunks, const Model& model, const std::string& tenant = "contoso") {
    const auto writer = store::write_snapshot(chunks, {});
    for (const auto& [id, folder] : model.folders) writer->put_folder(folder);
    for (const auto& [place, item] : model.items) {
      store::ItemDisplay display;
      display.subject = subject_of(item);
      writer->put_item(entry_of(place, item), display);
    }
    const store::SnapshotWriter::Built built = writer->finish();
    store::Snapshot snapshot;
    snapshot.tenant = {tenant};
    snapshot.roots = built.roots;
    snapshot.items = built.items;
    reader_ = store::read_snapshot(chunks, snapshot);
    paths_.emplace(reader_->folders());
  }

  [[nodiscard]] catalog::ComparedPoint compared() const { return {*reader_, *paths_}; }

 private:
  std::unique_ptr<store::SnapshotReader> reader_;
  std::optional<catalog::FolderPaths> paths_;
};

// A difference as its kind, both places, whether it is known by content alone, and the subject.
using Told = std::tuple<What, Place, Place, bool, std::string>;
using ToldFolder = std::tuple<FolderWhat, std::string, std::string>;  // path, path before

struct Seen {
  std::multiset<Told> items;
  std::vector<ToldFolder> folders;
  catalog::DifferenceCounts counts;
  std::vector<std::string> folder_order;  // of items, each folder once in a row
};

Place place_of(const std::optional<store::ItemEntry>& item) {
  return item ? Place{item->folder_id, item->id} : Place{};
}

Seen compare(const Point& from, const Point& to, std::stop_token stop = {}) {
  Seen seen;
  const catalog::OnDifference on_difference{
      [&](const catalog::FolderDifference& folder) {
        seen.folders.emplace_back(folder.what, folder.path, folder.path_before);
      },
      [&](const catalog::ItemDifference& item) {
        seen.items.emplace(item.what, place_of(item.before), place_of(item.after),
                           item.is_known_by_content, item.display.subject);
        const std::string& folder = (item.after ? item.after : item.before)->folder_id;
        if (seen.folder_order.empty() || seen.folder_order.back() != folder) {
          seen.folder_order.push_back(folder);
        }
      }};
  seen.counts = catalog::compare(from.compared(), to.compared(), on_difference, std::move(stop));
  return seen;
}

Seen compare(const Model& from, const Model& to) {
  test::MemoryChunkStore chunks;
  return compare(Point{chunks, from}, Point{chunks, to});
}

// The same by looking at every item of both; no two of its items have equal content.
std::multiset<Told> expected(const Model& from, const Model& to) {
  std::multiset<Told> told;
  std::map<std::string, Place> went_by_id;
  std::map<std::string, Place> went_by_content;
  std::map<Place, PlainItem> went;
  for (const auto& [place, item] : from.items) {
    if (to.items.contains(place)) continue;
    went[place] = item;
    went_by_id[place.second] = place;
    went_by_content[item.content] = place;
  }
  for (const auto& [place, item] : to.items) {
    const auto same = from.items.find(place);
    if (same != from.items.end()) {
      if (subject_of(same->second) != subject_of(item)) {
        told.emplace(What::changed, place, place, false, subject_of(item));
      }
    } else if (const auto id = went_by_id.find(place.second); id != went_by_id.end()) {
      told.emplace(What::moved, id->second, place, false, subject_of(item));
      went.erase(id->second);
    } else if (const auto content = went_by_content.find(item.content);
               content != went_by_content.end() && content->second.first != place.first) {
      told.emplace(What::moved, content->second, place, true, subject_of(item));
      went.erase(content->second);
    } else {
      told.emplace(What::added, Place{}, place, false, subject_of(item));
    }
  }
  for (const auto& [place, item] : went) {
    told.emplace(What::removed, place, Place{}, false, subject_of(item));
  }
  return told;
}

std::uint64_t count_of(const std::multiset<Told>& told, What what) {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      told, [what](const Told& difference) { return std::get<What>(difference) == what; }));
}

void live(Model& model, std::mt19937_64& random, std::uint64_t& number) {
  const std::vector<std::string> folders{"in", "old", "sent"};
  for (int act = 0; act < 60; ++act) {
    const std::string& folder = folders[random() % folders.size()];
    const std::string fresh = "item-" + std::to_string(++number);
    auto chosen = model.items.begin();
    std::advance(chosen, static_cast<std::ptrdiff_t>(random() % model.items.size()));
    const auto [place, item] = *chosen;
    switch (random() % 5) {
      case 0:
        model.items[{folder, fresh}] = {"content of " + fresh};
        break;
      case 1:
        model.items.erase(place);
        break;
      case 2:
        model.items[place].change_key += "'";
        break;
      case 3:  // with its id
        model.items.erase(place);
        model.items[{folder, place.second}] = item;
        break;
      default:  // with another one
        model.items.erase(place);
        model.items[{folder, fresh}] = item;
    }
  }
}

}  // namespace

TEST_CASE("each way in which an item differs is told as what it is", "[catalog][difference]") {
  struct Row {
    const char* name;
    std::map<Place, PlainItem> from;
    std::map<Place, PlainItem> to;
    std::multiset<Told> told;
  };
  const Place none;
  const std::vector<Row> table{{"added",
                                {},
                                {{{"in", "a"}, {"x"}}},
                                {{What::added, none, {"in", "a"}, false, "About x, 1"}}},
                               {"removed",
                                {{{"in", "a"}, {"x"}}},
                                {},
                                {{What::removed, {"in", "a"}, none, false, "About x, 1"}}},
                               {"another change key",
                                {{{"in", "a"}, {"x"}}},
                                {{{"in", "a"}, {"x", "2"}}},
                                {{What::changed, {"in", "a"}, {"in", "a"}, false, "About x, 2"}}},
                               {"another stream under the same change key",
                                {{{"in", "a"}, {"x"}}},
                                {{{"in", "a"}, {"y"}}},
                                {{What::changed, {"in", "a"}, {"in", "a"}, false, "About y, 1"}}},
                               {"moved with its id, and changed",
                                {{{"in", "a"}, {"x"}}},
                                {{{"old", "a"}, {"y", "2"}}},
                                {{What::moved, {"in", "a"}, {"old", "a"}, false, "About y, 2"}}},
                               {"moved with another id",
                                {{{"in", "a"}, {"x"}}},
                                {{{"sent", "b"}, {"x", "2"}}},
                                {{What::moved, {"in", "a"}, {"sent", "b"}, true, "About x, 2"}}},
                               {"equal content that came anew in the same folder is no move",
                                {{{"in", "a"}, {"x"}}},
                                {{{"in", "b"}, {"x"}}},
                                {{What::removed, {"in", "a"}, none, false, "About x, 1"},
                                 {What::added, none, {"in", "b"}, false, "About x, 1"}}},
                               {"a copy of what is still there is no move",
                                {{{"in", "a"}, {"x"}}},
                                {{{"in", "a"}, {"x"}}, {{"sent", "b"}, {"x"}}},
                                {{What::added, none, {"sent", "b"}, false, "About x, 1"}}},
                               {"the same id says more than equal content",
                                {{{"in", "a"}, {"x"}}, {{"in", "b"}, {"y"}}},
                                {{{"sent", "a"}, {"y"}}, {{"sent", "c"}, {"x"}}},
                                {{What::moved, {"in", "a"}, {"sent", "a"}, false, "About y, 1"},
                                 {What::removed, {"in", "b"}, none, false, "About y, 1"},
                                 {What::added, none, {"sent", "c"}, false, "About x, 1"}}},
                               {"one that went is the origin of one only",
                                {{{"in", "a"}, {"x"}}},
                                {{{"sent", "b"}, {"x"}}, {{"sent", "c"}, {"x"}}},
                                {{What::moved, {"in", "a"}, {"sent", "b"}, true, "About x, 1"},
                                 {What::added, none, {"sent", "c"}, false, "About x, 1"}}},
                               {"of two that went, one was moved",
                                {{{"in", "a"}, {"x"}}, {{"in", "b"}, {"x"}}},
                                {{{"sent", "c"}, {"x"}}},
                                {{What::moved, {"in", "a"}, {"sent", "c"}, true, "About x, 1"},
                                 {What::removed, {"in", "b"}, none, false, "About x, 1"}}}};
  for (const Row& row : table) {
    CAPTURE(row.name);
    Model from = mailbox();
    Model to = mailbox();
    from.items = row.from;
    to.items = row.to;
    const Seen seen = compare(from, to);
    CHECK(seen.items == row.told);
    CHECK(seen.folders.empty());
  }
}

TEST_CASE("a living mailbox differs as its plain lists do, in both directions and under two names",
          "[catalog][difference]") {
  const auto seed = GENERATE(range(std::uint64_t{0}, std::uint64_t{25}));
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  std::uint64_t number = 0;
  Model before = mailbox();
  for (int i = 0; i < 300; ++i) {
    const std::string id = "item-" + std::to_string(++number);
    before.items[{i % 3 == 0 ? "in" : "old", id}] = {"content of " + id};
  }
  Model after = before;
  live(after, random, number);

  test::MemoryChunkStore chunks;
  test::MemoryChunkStore other_chunks;
  const Point earlier{chunks, before};
  const Point later{chunks, after};
  const Point later_elsewhere{other_chunks, after, "fabrikam"};
  const std::multiset<Told> told = expected(before, after);
  CHECK(compare(earlier, later).items == told);
  CHECK(compare(earlier, later_elsewhere).items == told);
  CHECK(compare(later, earlier).items == expected(after, before));

  const catalog::DifferenceCounts::Items counts = compare(earlier, later).counts.items;
  CHECK(counts.added == count_of(told, What::added));
  CHECK(counts.removed == count_of(told, What::removed));
  CHECK(counts.changed == count_of(told, What::changed));
  CHECK(counts.moved == count_of(told, What::moved));
  CHECK(counts.added + counts.changed + counts.moved + counts.unchanged == after.items.size());
  CHECK(counts.removed + counts.changed + counts.moved + counts.unchanged == before.items.size());
}

TEST_CASE("folders are told by their paths, those below a renamed one too",
          "[catalog][difference]") {
  const Model from = mailbox();
  Model to = from;
  to.folders["in"].display_name = "Eingang";
  to.folders.erase("sent");
  to.add_folder("new", "root", "New");
  const Seen seen = compare(from, to);
  CHECK(seen.folders ==
        std::vector<ToldFolder>{{FolderWhat::renamed, "Eingang", "Inbox"},
                                {FolderWhat::renamed, "Eingang/Old\\/2025", "Inbox/Old\\/2025"},
                                {FolderWhat::added, "New", ""},
                                {FolderWhat::removed, "Sent", ""}});
  CHECK(seen.counts.folders.added == 1);
  CHECK(seen.counts.folders.removed == 1);
  CHECK(seen.counts.folders.renamed == 2);
}

TEST_CASE("items of a folder that was renamed have not moved", "[catalog][difference]") {
  Model from = mailbox();
  from.items[{"in", "a"}] = {"x"};
  Model to = from;
  to.folders["in"].display_name = "Eingang";
  const Seen seen = compare(from, to);
  CHECK(seen.items.empty());
  CHECK(seen.counts.items.unchanged == 1);
}

TEST_CASE("a restore point does not differ from itself", "[catalog][difference]") {
  Model model = mailbox();
  for (int i = 0; i < 50; ++i) model.items[{"in", std::to_string(i)}] = {std::to_string(i)};
  const Seen seen = compare(model, model);
  CHECK(seen.items.empty());
  CHECK(seen.folders.empty());
  CHECK(seen.counts.items.unchanged == 50);
}

TEST_CASE("an item that only lies elsewhere in the store is unchanged", "[catalog][difference]") {
  test::MemoryChunkStore chunks;
  Model model = mailbox();
  model.items[{"in", "a"}] = {"x"};
  const auto writer = store::write_snapshot(chunks, {});
  store::ItemEntry moved_in_store = entry_of({"in", "a"}, {"x"});
  moved_in_store.content.chunk = {};
  moved_in_store.content.is_recipe = true;
  for (const auto& [id, folder] : model.folders) writer->put_folder(folder);
  writer->put_item(moved_in_store, {});
  store::Snapshot snapshot;
  snapshot.tenant = {"contoso"};
  const store::SnapshotWriter::Built built = writer->finish();
  snapshot.roots = built.roots;
  snapshot.items = built.items;
  const auto reader = store::read_snapshot(chunks, snapshot);
  const catalog::FolderPaths paths{reader->folders()};
  const Point from{chunks, model};
  std::size_t told = 0;
  const catalog::DifferenceCounts counts =
      catalog::compare(from.compared(), {*reader, paths},
                       {[&](const auto&) { ++told; }, [&](const auto&) { ++told; }}, {});
  CHECK(told == 0);
  CHECK(counts.items.unchanged == 1);
}

TEST_CASE("more differences than wait at a time all have their subjects, folder after folder",
          "[catalog][difference]") {
  Model from = mailbox();
  Model to = mailbox();
  for (int i = 0; i < 12'000; ++i) {
    const std::string id = std::to_string(i);
    if (i % 3 == 0) from.items[{"in", id}] = {"c" + id};
    to.items[{i % 5 == 0 ? "sent" : "in", id}] = {"c" + id, i % 2 == 0 ? "1" : "2"};
  }
  const Seen seen = compare(from, to);
  CHECK(seen.items == expected(from, to));
  std::vector<std::string> folders = seen.folder_order;
  std::ranges::sort(folders);
  CHECK(std::ranges::adjacent_find(folders) == folders.end());
}

TEST_CASE("what is equal is not read", "[catalog][difference]") {
  test::MemoryChunkStore chunks;
  Model from = mailbox();
  for (int i = 0; i < 20'000; ++i) from.items[{"in", std::to_string(i)}] = {std::to_string(i)};
  Model to = from;
  to.items[{"old", "new"}] = {"new"};
  const Point earlier{chunks, from};
  const Point later{chunks, to};
  const std::uint64_t before = chunks.figures().gets;
  const Seen seen = compare(earlier, later);
  CHECK(seen.counts.items.added == 1);
  CHECK(chunks.figures().gets - before < chunks.figures().chunks / 4);
}

TEST_CASE("a comparison ends when it is asked to", "[catalog][difference]") {
  test::MemoryChunkStore chunks;
  Model model = mailbox();
  const Point from{chunks, model};
  model.items[{"in", "a"}] = {"x"};
  std::stop_source stop;
  stop.request_stop();
  try {
    compare(from, Point{chunks, model}, stop.get_token());
    FAIL("it went on");
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::cancelled);
  }
}
