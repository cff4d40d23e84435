#include "src/backup/folder_tree.h"

#include "tests/support/catch.h"

namespace {

graph::Folder folder(const std::string& id, const std::string& parent, const std::string& name,
                     const std::string& well_known = "", bool search = false) {
  return {id, parent, name, "IPF.Note", well_known, search, false};
}

backup::FolderMap map_of(std::vector<graph::Folder> folders) {
  backup::FolderMap map;
  for (graph::Folder& each : folders) map.emplace(each.id, each);
  return map;
}

}  // namespace

TEST_CASE("folders that no backup needs are skipped", "[backup]") {
  for (const char* name :
       {"searchfolders", "syncissues", "conflicts", "localfailures", "serverfailures", "outbox",
        "Outbox", "recoverableitemsroot", "recoverableitemsdeletions"}) {
    CAPTURE(name);
    CHECK(backup::is_skipped_folder(folder("f", "root", "x", name)));
  }
  CHECK(backup::is_skipped_folder(folder("f", "root", "x", "", true)));
  CHECK_FALSE(backup::is_skipped_folder(folder("f", "root", "outbox")));
  CHECK_FALSE(backup::is_skipped_folder(folder("f", "root", "x", "inbox")));
  CHECK_FALSE(backup::is_skipped_folder(folder("f", "root", "x", "msgfolderroot")));
}

TEST_CASE("an incremental round changes what it tells and nothing else", "[backup]") {
  const auto known = map_of(
      {folder("root", "", ""), folder("a", "root", "A"), folder("b", "root", "B", "", true)});
  const auto updated = backup::apply_changes(
      known,
      {folder("a", "b", "Renamed"), folder("c", "root", "C"), graph::FolderRemoved{"unknown"}},
      false);
  CHECK(updated.folders.size() == 4);
  CHECK(updated.folders.at("a").display_name == "Renamed");
  CHECK(updated.folders.at("a").parent_id == "b");
  CHECK(updated.folders.at("b").is_search_folder);
  CHECK(updated.new_ids == std::vector<std::string>{"c"});
}

TEST_CASE("what a full round does not tell is gone", "[backup]") {
  const auto known = map_of(
      {folder("root", "", ""), folder("a", "root", "A"), folder("b", "root", "B", "", true)});
  const auto updated =
      backup::apply_changes(known, {folder("root", "", ""), folder("b", "root", "B")}, true);
  CHECK(updated.folders.size() == 2);
  // Feeds do not tell it; what was asked once stays known.
  CHECK(updated.folders.at("b").is_search_folder);
  CHECK(updated.new_ids.empty());
}

TEST_CASE("what a folder is well known for stays known", "[backup]") {
  const auto known = map_of({folder("root", "", ""), folder("o", "root", "Outbox", "outbox")});
  const bool full = GENERATE(true, false);
  const auto updated = backup::apply_changes(
      known, {folder("root", "", ""), folder("o", "root", "Postausgang")}, full);
  CHECK(updated.folders.at("o").display_name == "Postausgang");
  CHECK(updated.folders.at("o").well_known_name == "outbox");
}

TEST_CASE("the last word on a folder wins", "[backup]") {
  const auto removed_then_told =
      backup::apply_changes(map_of({folder("a", "root", "A")}),
                            {graph::FolderRemoved{"a"}, folder("a", "root", "Again")}, false);
  CHECK(removed_then_told.folders.at("a").display_name == "Again");
  const auto told_then_removed =
      backup::apply_changes(map_of({folder("a", "root", "A")}),
                            {folder("a", "root", "Again"), graph::FolderRemoved{"a"}}, false);
  CHECK(told_then_removed.folders.empty());
}

TEST_CASE("a skipped folder stays in the snapshot only where others lie in it", "[backup]") {
  const auto entries = backup::entries_of(
      map_of({folder("root", "", "", "msgfolderroot"), folder("out", "root", "Outbox", "outbox"),
              folder("sync", "root", "Sync Issues", "syncissues"), folder("mine", "out", "Mine")}));
  CHECK(entries.contains("root"));
  CHECK(entries.contains("out"));
  CHECK(entries.contains("mine"));
  CHECK_FALSE(entries.contains("sync"));
}

TEST_CASE("folders in a cycle do not hang the engine", "[backup]") {
  const auto entries = backup::entries_of(map_of({folder("a", "b", "A"), folder("b", "a", "B")}));
  CHECK(entries.size() == 2);
}
