#include "src/backup/change_set.h"

#include "src/backup/accounting.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <deque>
#include <map>

namespace {

using backup::ChangeSet;
using backup::RetryItems;
using backup::ToldItems;

graph::Item item(const std::string& id, const std::string& change_key) {
  return {id, change_key, "IPM.Note", std::nullopt, std::nullopt, 10};
}

// What is stored: one folder.
class StoredFolder final : public store::SnapshotReader {
 public:
  explicit StoredFolder(std::map<std::string, std::string> items) : items_(std::move(items)) {}

  [[nodiscard]] const store::Snapshot& snapshot() const override { return snapshot_; }
  [[nodiscard]] std::vector<store::FolderEntry> folders() const override { return {}; }
  void items(const OnItem& on_item) const override { items_of_folder("folder", on_item); }
  void items_of_folder(const std::string& folder_id, const OnItem& on_item) const override {
    for (const auto& [id, key] : items_) {
      if (!on_item(*find(folder_id, id))) return;
    }
  }
  void displayed_items(const std::optional<std::string>&, const OnDisplayedItem&) const override {}
  void displayed_items_behind(const store::ItemPlace&, bool,
                              const OnDisplayedItem&) const override {}
  [[nodiscard]] std::uint64_t count_items(const std::string&) const override {
    return items_.size();
  }
  [[nodiscard]] std::optional<store::ItemEntry> find(const std::string& folder_id,
                                                     const std::string& item_id) const override {
    const auto found = items_.find(item_id);
    if (found == items_.end()) return std::nullopt;
    store::ItemEntry entry;
    entry.folder_id = folder_id;
    entry.id = item_id;
    entry.change_key = found->second;
    return entry;
  }

  void changes_since(const store::SnapshotReader&, const OnChange&) const override {}

 private:
  store::Snapshot snapshot_;
  std::map<std::string, std::string> items_;
};

std::vector<std::string> ids_of(const std::deque<backup::Wanted>& wanted) {
  std::vector<std::string> ids;
  for (const backup::Wanted& each : wanted) ids.push_back(each.item.id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

ToldItems told(std::vector<graph::ItemChange> changes) {
  ToldItems items;
  for (graph::ItemChange& change : changes) items.tell(std::move(change));
  return items;
}

void check_closed(const ChangeSet& changes) {
  CHECK(changes.listed == changes.unchanged + changes.wanted.size() + changes.arrived.size());
}

RetryItems retry_of(const std::string& id, const std::string& key, std::uint32_t attempts) {
  return {{id, {item(id, key), attempts, "code"}}};
}

}  // namespace

TEST_CASE("an incremental round that tells nothing leaves everything unchanged", "[backup]") {
  const StoredFolder stored{{{"a", "1"}, {"b", "1"}}};
  const ChangeSet changes = backup::compare_incremental({}, &stored, "folder", 2, {});
  CHECK(changes.listed == 2);
  CHECK(changes.unchanged == 2);
  check_closed(changes);
}

TEST_CASE("an incremental round is compared with what is stored", "[backup]") {
  const StoredFolder stored{{{"same", "1"}, {"changed", "1"}, {"gone", "1"}, {"untold", "1"}}};
  const ChangeSet changes = backup::compare_incremental(
      told({item("same", "1"), item("changed", "2"), item("new", "1"), graph::ItemRemoved{"gone"},
            graph::ItemRemoved{"never known"}}),
      &stored, "folder", 4, {});
  CHECK(ids_of(changes.wanted) == std::vector<std::string>{"changed"});
  CHECK(ids_of(changes.arrived) == std::vector<std::string>{"new"});
  CHECK(changes.gone == std::vector<std::string>{"gone"});
  CHECK(changes.unchanged == 2);
  CHECK(changes.listed == 4);
  check_closed(changes);
}

TEST_CASE("what the store lost is wanted although it is unchanged", "[backup]") {
  const StoredFolder stored{{{"told", "1"}, {"untold", "1"}, {"removed", "1"}, {"kept", "1"}}};
  const backup::LostItems lost{"told", "untold", "removed", "not stored here"};
  const ChangeSet incremental = backup::compare_incremental(
      told({item("told", "1"), graph::ItemRemoved{"removed"}}), &stored, "folder", 4, {}, lost);
  CHECK(ids_of(incremental.wanted) == std::vector<std::string>{"told", "untold"});
  CHECK(incremental.gone == std::vector<std::string>{"removed"});
  CHECK(incremental.unchanged == 1);
  check_closed(incremental);

  const ChangeSet full =
      backup::compare_full(told({item("told", "1"), item("untold", "1"), item("kept", "1")}),
                           &stored, "folder", {}, lost);
  CHECK(ids_of(full.wanted) == std::vector<std::string>{"told", "untold"});
  CHECK(full.gone == std::vector<std::string>{"removed"});
  CHECK(full.unchanged == 1);
  check_closed(full);
  for (const ChangeSet* changes : {&incremental, &full}) {
    for (const backup::Wanted& wanted : changes->wanted) CHECK(wanted.stored_before);
  }
}

TEST_CASE("the last state told of an item wins", "[backup]") {
  const StoredFolder stored{{{"a", "1"}, {"b", "1"}}};
  const ChangeSet changes = backup::compare_incremental(
      told({graph::ItemRemoved{"a"}, item("a", "2"), item("a", "1"),  // back to what is stored
            item("b", "2"), graph::ItemRemoved{"b"}, graph::ItemRemoved{"b"}, item("c", "1"),
            item("c", "2"), graph::ItemRemoved{"c"}}),
      &stored, "folder", 2, {});
  CHECK(changes.wanted.empty());
  CHECK(changes.arrived.empty());
  CHECK(changes.gone == std::vector<std::string>{"b"});
  CHECK(changes.listed == 1);
  check_closed(changes);
}

TEST_CASE("a repeated item is told once, in its last state", "[backup]") {
  ToldItems items;
  for (int i = 0; i < 1000; ++i)
    items.tell(item("item " + std::to_string(i % 10), std::to_string(i)));
  REQUIRE(items.find("item 7") != nullptr);
  CHECK(items.find("item 7")->item.change_key == "997");
  CHECK(items.find("item 10") == nullptr);
  std::vector<std::string> told;
  items.consume([&](const ToldItems::Told& next) { told.push_back(next.item.change_key); });
  CHECK(told == std::vector<std::string>{"990", "991", "992", "993", "994", "995", "996", "997",
                                         "998", "999"});
  CHECK(items.find("item 7") == nullptr);
}

TEST_CASE("a full round exports only new change keys, and what it does not list is gone",
          "[backup]") {
  const StoredFolder stored{{{"same", "1"}, {"changed", "1"}, {"unlisted", "1"}, {"removed", "1"}}};
  const ChangeSet changes =
      backup::compare_full(told({item("same", "1"), item("changed", "2"), item("new", "1"),
                                 graph::ItemRemoved{"removed"}}),
                           &stored, "folder", {});
  CHECK(ids_of(changes.wanted) == std::vector<std::string>{"changed"});
  CHECK(ids_of(changes.arrived) == std::vector<std::string>{"new"});
  CHECK(changes.gone == std::vector<std::string>{"removed", "unlisted"});
  CHECK(changes.stored_before == 4);
  CHECK(changes.listed == 3);
  check_closed(changes);
}

TEST_CASE("items on the retry list are tried again although nothing is told of them", "[backup]") {
  const StoredFolder stored{{{"old", "1"}}};
  SECTION("never stored") {
    const auto changes =
        backup::compare_incremental({}, &stored, "folder", 1, retry_of("poison", "1", 3));
    REQUIRE(ids_of(changes.wanted) == std::vector<std::string>{"poison"});
    CHECK(changes.wanted.front().attempts == 3);
    CHECK_FALSE(changes.wanted.front().stored_before);
    CHECK(changes.listed == 2);
    check_closed(changes);
  }
  SECTION("stored in an older version") {
    const auto changes =
        backup::compare_incremental({}, &stored, "folder", 1, retry_of("old", "2", 1));
    REQUIRE(ids_of(changes.wanted) == std::vector<std::string>{"old"});
    CHECK(changes.wanted.front().stored_before);
    CHECK(changes.listed == 1);
    check_closed(changes);
  }
  SECTION("removed meanwhile") {
    const auto changes = backup::compare_incremental(told({graph::ItemRemoved{"poison"}}), &stored,
                                                     "folder", 1, retry_of("poison", "1", 3));
    CHECK(changes.wanted.empty());
    CHECK(changes.listed == 1);
  }
  SECTION("a new version has a clean record") {
    const auto changes = backup::compare_incremental(told({item("poison", "2")}), &stored, "folder",
                                                     1, retry_of("poison", "1", 3));
    REQUIRE(changes.arrived.size() == 1);
    CHECK(changes.arrived.front().attempts == 0);
  }
  SECTION("a full round lists them itself") {
    const auto changes = backup::compare_full(told({item("poison", "1"), item("old", "1")}),
                                              &stored, "folder", retry_of("poison", "1", 3));
    REQUIRE(changes.arrived.size() == 1);
    CHECK(changes.arrived.front().attempts == 3);
  }
  SECTION("and so tells that they are gone") {
    const auto changes = backup::compare_full(told({item("old", "1")}), &stored, "folder",
                                              retry_of("poison", "1", 3));
    CHECK(changes.wanted.empty());
    CHECK(changes.arrived.empty());
    CHECK(changes.listed == 1);
  }
}

TEST_CASE("notes that count fewer items than are gone break the account", "[backup]") {
  const StoredFolder stored{{{"a", "1"}, {"b", "1"}}};
  CHECK_THROWS_AS(
      backup::compare_incremental(told({graph::ItemRemoved{"a"}, graph::ItemRemoved{"b"}}), &stored,
                                  "folder", 1, {}),
      backup::BrokenAccount);
}
