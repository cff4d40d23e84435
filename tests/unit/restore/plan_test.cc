#include "src/restore/plan.h"

#include "tests/support/catch.h"

#include <map>

namespace {

using catalog::Selected;

store::FolderEntry folder(const std::string& id, const std::string& parent, const std::string& name,
                          const std::string& well_known = "",
                          const std::string& item_class = "IPF.Note") {
  return {id, parent, name, item_class, well_known};
}

const catalog::FolderPaths& paths() {
  static const catalog::FolderPaths kPaths{
      {folder("root", "", "", "msgfolderroot"), folder("in", "root", "Inbox", "inbox"),
       folder("work", "in", "Work"), folder("deep", "work", "Deep/er"),
       folder("cal", "root", "Calendar", "calendar", "IPF.Appointment"),
       folder("odd", "root", "Odd", "", ""), folder("twin1", "root", "Twin"),
       folder("twin2", "root", "Twin")}};
  return kPaths;
}

Selected everything() {
  Selected selected;
  selected.everything = true;
  selected.folders.push_back({"root", true, {}});
  for (const store::FolderEntry* each : paths().ordered())
    selected.folders.push_back({each->id, true, {}});
  return selected;
}

// Source folder to where it goes.
std::map<std::string, std::string> mapping(const restore::Plan& plan) {
  std::map<std::string, std::string> where;
  for (const restore::TargetFolder& target : plan.folders) {
    for (const catalog::SelectedFolder& source : target.sources)
      where[source.id] = catalog::join_path(target.names);
  }
  return where;
}

restore::RestoreTarget into(std::vector<std::string> names) {
  restore::RestoreTarget target;
  target.into = std::move(names);
  return target;
}

}  // namespace

TEST_CASE("everything is mirrored below the given folder", "[restore]") {
  const restore::Plan plan = restore::make_plan(paths(), everything(), into({"Restored", "Today"}));
  CHECK(mapping(plan) ==
        std::map<std::string, std::string>{{"root", "Restored/Today"},
                                           {"in", "Restored/Today/Inbox"},
                                           {"work", "Restored/Today/Inbox/Work"},
                                           {"deep", "Restored/Today/Inbox/Work/Deep\\/er"},
                                           {"cal", "Restored/Today/Calendar"},
                                           {"odd", "Restored/Today/Odd"},
                                           {"twin1", "Restored/Today/Twin"},
                                           {"twin2", "Restored/Today/Twin"}});
}

TEST_CASE("parents stand before what lies in them", "[restore]") {
  const restore::Plan plan = restore::make_plan(paths(), everything(), into({"R"}));
  for (std::size_t i = 1; i < plan.folders.size(); ++i) CHECK(plan.folders[i].parent < i);
}

TEST_CASE("a selected folder appears below the given one with all that lies in it", "[restore]") {
  Selected selected;
  selected.folders = {{"work", true, {}}, {"deep", true, {}}};
  selected.tops = {"work"};
  CHECK(mapping(restore::make_plan(paths(), selected, into({"R"}))) ==
        std::map<std::string, std::string>{{"work", "R/Work"}, {"deep", "R/Work/Deep\\/er"}});
}

TEST_CASE("a single item keeps the whole path of its folder", "[restore]") {
  Selected selected;
  selected.folders = {{"deep", false, {"item"}}};
  const restore::Plan plan = restore::make_plan(paths(), selected, into({"R"}));
  CHECK(mapping(plan) == std::map<std::string, std::string>{{"deep", "R/Inbox/Work/Deep\\/er"}});
  CHECK(plan.folders.back().sources.front().items == std::set<std::string>{"item"});
}

TEST_CASE("classes of folders are kept, and mail is meant where there is none", "[restore]") {
  std::map<std::string, std::string> classes;
  for (const restore::TargetFolder& target :
       restore::make_plan(paths(), everything(), into({"R"})).folders) {
    classes[target.display_name] = target.item_class;
  }
  CHECK(classes.at("Calendar") == "IPF.Appointment");
  CHECK(classes.at("Odd") == "IPF.Note");
  CHECK(classes.at("R") == "IPF.Note");
}

TEST_CASE("in place, folders keep their paths and well-known names", "[restore]") {
  Selected selected;
  selected.folders = {{"deep", false, {"item"}}};
  restore::RestoreTarget target;
  target.in_place = true;
  const restore::Plan plan = restore::make_plan(paths(), selected, target);
  REQUIRE(plan.folders.size() == 4);
  CHECK(plan.folders[1].well_known_name == "inbox");
  CHECK(mapping(plan) == std::map<std::string, std::string>{{"deep", "Inbox/Work/Deep\\/er"}});
}
