#include "src/catalog/folder_paths.h"

#include "src/base/error.h"
#include "tests/support/catch.h"

namespace {

using catalog::FolderPaths;

store::FolderEntry folder(const std::string& id, const std::string& parent, const std::string& name,
                          const std::string& well_known = "") {
  return {id, parent, name, "IPF.Note", well_known};
}

FolderPaths some_paths() {
  return FolderPaths{{folder("root", "", "", "msgfolderroot"),
                      folder("in", "root", "Inbox", "inbox"), folder("p", "in", "Projects/2026"),
                      folder("q", "p", "back\\slash"), folder("x1", "root", "Twice"),
                      folder("x2", "root", "Twice"), folder("below", "x2", "Below"),
                      folder("umlaut", "root", "Büro")}};
}

}  // namespace

TEST_CASE("paths are split and joined as interfaces say", "[catalog]") {
  struct Row {
    const char* path;
    std::vector<std::string> names;
  };
  const std::vector<Row> rows = {{"", {}},
                                 {"Inbox", {"Inbox"}},
                                 {"Inbox/Projects\\/2026", {"Inbox", "Projects/2026"}},
                                 {"/Inbox//Sub/", {"Inbox", "Sub"}},
                                 {"a\\\\b", {"a\\b"}}};
  for (const Row& row : rows) {
    CAPTURE(row.path);
    CHECK(catalog::split_path(row.path) == row.names);
    CHECK(catalog::split_path(catalog::join_path(row.names)) == row.names);
  }
  CHECK(catalog::join_path({"a/b", "c\\d"}) == "a\\/b/c\\\\d");
  for (const char* wrong : {"a\\", "a\\b"}) {
    CAPTURE(wrong);
    CHECK_THROWS_AS(catalog::split_path(wrong), base::Error);
  }
}

TEST_CASE("names that no folder can have are told before anything is made", "[catalog]") {
  const auto repeated = [](const std::string& what, int times) {
    std::string name;
    for (int i = 0; i < times; ++i) name += what;
    return name;
  };
  for (const std::string& fit :
       {std::string{"Büro 😀"}, repeated("a", 255), repeated("ä", 255), repeated("😀", 127)}) {
    CHECK_FALSE(catalog::unfit_for_a_folder(fit));
  }
  for (const std::string& unfit : {std::string{"a\nb"}, std::string{"\xff"}, repeated("a", 256),
                                   repeated("ä", 256), repeated("😀", 128)}) {
    CHECK(catalog::unfit_for_a_folder(unfit));
  }
}

TEST_CASE("folders are found by path, well-known name and id", "[catalog]") {
  const FolderPaths paths = some_paths();
  CHECK(paths.path("root").empty());
  CHECK(paths.path("q") == "Inbox/Projects\\/2026/back\\\\slash");
  CHECK(paths.find("Inbox/Projects\\/2026") == std::vector<std::string>{"p"});
  CHECK(paths.find("inbox/projects\\/2026") == std::vector<std::string>{"p"});
  CHECK(paths.find("BÜRO") == std::vector<std::string>{"umlaut"});
  CHECK(paths.find("inbox") == std::vector<std::string>{"in"});
  CHECK(paths.find("msgfolderroot") == std::vector<std::string>{"root"});
  CHECK(paths.find("") == std::vector<std::string>{"root"});
  CHECK(paths.find("below") == std::vector<std::string>{"below"});
  CHECK(paths.find("Twice") == std::vector<std::string>{"x1", "x2"});
  CHECK(paths.find("Twice/Below") == std::vector<std::string>{"below"});
  CHECK(paths.find("Nowhere").empty());
  CHECK_THROWS_AS(paths.path("nowhere"), base::Error);
}

TEST_CASE("the root is found however the service tells it", "[catalog]") {
  struct Row {
    const char* name;
    std::vector<store::FolderEntry> folders;
    std::optional<std::string> root;
  };
  const std::vector<Row> rows = {
      {"by its well-known name",
       {folder("root", "beyond", "Top", "MsgFolderRoot"), folder("in", "root", "Inbox")},
       "root"},
      {"by having no parent", {folder("root", "", "Top"), folder("in", "root", "Inbox")}, "root"},
      {"by having no name, below a parent that is not listed",
       {folder("root", "beyond", ""), folder("in", "root", "Inbox")},
       "root"},
      {"not listed", {folder("in", "root", "Inbox"), folder("out", "root", "Sent")}, std::nullopt},
      {"not listed and not named",
       {folder("in", "", "Inbox"), folder("out", "", "Sent")},
       std::nullopt}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const FolderPaths paths{row.folders};
    CHECK(paths.root() == row.root);
    CHECK(paths.path("in") == "Inbox");
  }
}

TEST_CASE("an exact name goes before one in another case", "[catalog]") {
  const FolderPaths paths{
      {folder("root", "", ""), folder("a", "root", "NEWS"), folder("b", "root", "news")}};
  CHECK(paths.find("news") == std::vector<std::string>{"b"});
  CHECK(paths.find("News") == std::vector<std::string>{"a", "b"});
}

TEST_CASE("folders come in the order of their paths, each before what lies in it", "[catalog]") {
  const FolderPaths paths = some_paths();
  std::vector<std::string> ids;
  for (const store::FolderEntry* each : paths.ordered()) ids.push_back(each->id);
  CHECK(ids == std::vector<std::string>{"umlaut", "in", "p", "q", "x1", "x2", "below"});
}

TEST_CASE("a subtree is the folder and all below it", "[catalog]") {
  CHECK(some_paths().subtree("in") == std::vector<std::string>{"in", "p", "q"});
  CHECK(some_paths().subtree("root").size() == 8);
}

TEST_CASE("a tree survives missing parents, cycles and a missing root", "[catalog]") {
  const FolderPaths orphan{
      {folder("root", "", ""), folder("a", "lost", "A"), folder("b", "a", "B")}};
  CHECK(orphan.path("b") == "A/B");
  const FolderPaths cycle{{folder("root", "", ""), folder("a", "c", "A"), folder("b", "a", "B"),
                           folder("c", "b", "C"), folder("self", "self", "Self")}};
  CHECK(cycle.path("a") == "A");
  CHECK(cycle.path("c") == "A/B/C");
  CHECK(cycle.path("self") == "Self");
  CHECK(cycle.ordered().size() == 4);
  const FolderPaths rootless{{folder("a", "unknown", "A"), folder("b", "a", "B")}};
  CHECK(rootless.path("b") == "A/B");
  CHECK_FALSE(rootless.root());
  CHECK(FolderPaths{{}}.ordered().empty());
}
