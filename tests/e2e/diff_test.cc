// What `diff` tells of two restore points, against what the tenant itself held at those times.
#include "src/base/text.h"
#include "tests/e2e/appliance.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace {

using test::Json;

struct Setting {
  test::TemporaryDirectory directory;
  test::SimulatorProcess simulator{
      directory / "site", {"--mailboxes", "3", "--items", "240", "--bytes", "3MB", "--seed", "5"}};
  test::Appliance coffer{directory / "appliance", directory / "site"};
};

// Of one mailbox, as the tenant tells it.
struct Held {
  std::map<std::string, std::string> paths;  // of folders, by id
  std::map<std::string, Json> items;         // by the id that survives moves
};

Held held_of(const Json& state, const std::string& address) {
  Held held;
  for (const Json& mailbox : state.at("mailboxes")) {
    if (mailbox.value("address", "") != address) continue;
    for (const Json& folder : mailbox.at("folders")) {
      held.paths[folder.at("id")] = folder.at("path");
    }
    for (const Json& item : mailbox.at("items")) held.items[item.at("immutable_id")] = item;
  }
  REQUIRE_FALSE(held.items.empty());
  return held;
}

// what, id, folder, from_folder
using Told = std::set<std::tuple<std::string, std::string, std::string, std::string>>;

std::string text_at(const Json& record, const char* field) {
  return record.at(field).is_null() ? "" : record.at(field).get<std::string>();
}

Told told_by(const test::Told& told, const std::string& kind) {
  Told all;
  for (const Json& record : told.of_type("difference")) {
    if (record.at("kind") != kind) continue;
    const bool is_new = all.emplace(record.at("what"), record.at("id"), record.at("folder"),
                                    text_at(record, "from_folder"))
                            .second;
    CHECK(is_new);
  }
  return all;
}

Told items_expected(const Held& before, const Held& after) {
  Told told;
  const auto is_in_place = [](const Json& one, const Json& other) {
    return one.at("id") == other.at("id") && one.at("folder_id") == other.at("folder_id");
  };
  // The service gives a moved item another id: then its stream alone can tell that it is the same.
  const auto is_recognised = [](const Json& one, const Json& other) {
    return one.at("folder_id") != other.at("folder_id") && one.at("sha256") == other.at("sha256");
  };
  for (const auto& [immutable, item] : after.items) {
    const std::string path = after.paths.at(item.at("folder_id"));
    const auto old = before.items.find(immutable);
    if (old == before.items.end()) {
      told.emplace("added", item.at("id"), path, "");
    } else if (is_in_place(old->second, item)) {
      if (old->second.at("change_key") != item.at("change_key")) {
        told.emplace("changed", item.at("id"), path, "");
      }
    } else if (is_recognised(old->second, item)) {
      told.emplace("moved", item.at("id"), path, before.paths.at(old->second.at("folder_id")));
    } else {
      told.emplace("added", item.at("id"), path, "");
    }
  }
  for (const auto& [immutable, item] : before.items) {
    const auto now = after.items.find(immutable);
    if (now != after.items.end() &&
        (is_in_place(item, now->second) || is_recognised(item, now->second))) {
      continue;
    }
    told.emplace("removed", item.at("id"), before.paths.at(item.at("folder_id")), "");
  }
  return told;
}

Told folders_expected(const Held& before, const Held& after) {
  Told told;
  for (const auto& [id, path] : after.paths) {
    const auto old = before.paths.find(id);
    if (old == before.paths.end()) {
      told.emplace("added", id, path, "");
    } else if (old->second != path) {
      told.emplace("renamed", id, path, old->second);
    }
  }
  for (const auto& [id, path] : before.paths) {
    if (!after.paths.contains(id)) told.emplace("removed", id, path, "");
  }
  return told;
}

std::uint64_t count_of(const Told& told, const std::string& what) {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      told, [&](const auto& difference) { return std::get<0>(difference) == what; }));
}

// Ids of the restore points that a backup made, by address.
std::map<std::string, std::string> backed_up(const test::Appliance& coffer) {
  const test::Told told = coffer.tell({"backup"});
  INFO(told.errors);
  REQUIRE(told.exit_status == 0);
  std::map<std::string, std::string> points;
  for (const Json& point : told.summary().at("snapshots")) {
    points[point.at("mailbox")] = point.at("id");
  }
  return points;
}

// Every record has every field, null where it has no meaning.
void check_fields(const test::Told& told) {
  const std::vector<Json> records = told.of_type("difference");
  REQUIRE_FALSE(records.empty());
  std::set<std::string> fields;
  for (const auto& [name, value] : records.front().items()) fields.insert(name);
  for (const Json& record : records) {
    INFO(record.dump());
    std::set<std::string> own;
    for (const auto& [name, value] : record.items()) own.insert(name);
    CHECK(own == fields);
    const bool is_item = record.at("kind") == "item";
    const bool is_moved = record.at("what") == "moved";
    CHECK((is_item || record.at("subject").is_null()));
    CHECK(record.at("sha256").is_string() == is_item);
    CHECK(record.at("size").is_number() == is_item);
    CHECK(record.at("from_id").is_string() == is_moved);
    CHECK(record.at("matched_by") == (is_moved ? Json("content") : Json(nullptr)));
    CHECK(record.at("from_change_key").is_string() == (is_moved || record.at("what") == "changed"));
  }
  CHECK(std::ranges::any_of(records, [](const Json& record) {
    return record.at("subject").is_string() && record.at("received").is_string();
  }));
}

// Each character counts one.
std::ptrdiff_t columns_of(const std::string& line) {
  return std::ranges::count_if(line, [](char c) { return (c & 0xC0) != 0x80; });
}

}  // namespace

TEST_CASE("diff tells what the tenant itself says has changed", "[e2e][diff]") {
  Setting at;
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  const Json first_state = at.simulator.get("state");
  const std::string mailbox = first_state.at("mailboxes").at(0).at("address");
  const auto operate = [&](Json operation) {
    operation["mailbox"] = mailbox;
    return at.simulator.operate(operation);
  };
  for (const char* name : {"Renamed later", "Gone later"}) {
    operate({{"operation", "create_folder"}, {"name", name}, {"parent", "inbox"}});
    operate({{"operation", "add_item"}, {"folder", std::string{"Inbox/"} + name}});
  }
  const auto old_points = backed_up(at.coffer);
  const Held before = held_of(at.simulator.get("state"), mailbox);

  operate({{"operation", "create_folder"}, {"name", "Plans/2027"}, {"parent", "inbox"}});
  operate({{"operation", "add_item"}, {"folder", "Inbox/Plans\\/2027"}});
  operate({{"operation", "rename_folder"}, {"folder", "Inbox/Renamed later"}, {"name", "Renamed"}});
  operate({{"operation", "delete_folder"}, {"folder", "Inbox/Gone later"}});
  at.simulator.post("evolve", {{"days", 4}});
  backed_up(at.coffer);
  const Held after = held_of(at.simulator.get("state"), mailbox);

  const Told items = items_expected(before, after);
  const Told folders = folders_expected(before, after);
  for (const char* what : {"added", "removed", "changed", "moved"}) {
    CAPTURE(what);
    REQUIRE(count_of(items, what) > 0);
  }
  for (const char* what : {"added", "removed", "renamed"}) {
    CAPTURE(what);
    REQUIRE(count_of(folders, what) > 0);
  }
  const test::Told told =
      at.coffer.tell({"diff", mailbox, "--from", old_points.at(mailbox), "--to", "latest"});
  CHECK(told.exit_status == 0);
  CHECK(told_by(told, "item") == items);
  CHECK(told_by(told, "folder") == folders);
  check_fields(told);

  const Json& counts = told.summary();
  CHECK(counts.at("command") == "diff");
  CHECK(counts.at("status") == "complete");
  CHECK(counts.at("from").at("id") == old_points.at(mailbox));
  CHECK(counts.at("to").at("time").is_string());
  for (const char* what : {"added", "removed", "changed", "moved"}) {
    CHECK(counts.at("items").at(what) == count_of(items, what));
  }
  for (const char* what : {"added", "removed", "renamed"}) {
    CHECK(counts.at("folders").at(what) == count_of(folders, what));
  }
  CHECK(counts.at("items").at("unchanged") == after.items.size() - count_of(items, "added") -
                                                  count_of(items, "changed") -
                                                  count_of(items, "moved"));

  // Backwards, what came goes.
  const test::Told back =
      at.coffer.tell({"diff", mailbox, "--from", "latest", "--to", old_points.at(mailbox)});
  CHECK(back.exit_status == 0);
  CHECK(told_by(back, "item") == items_expected(after, before));
  CHECK(told_by(back, "folder") == folders_expected(after, before));

  const test::Finished shown = at.coffer.show({"diff", mailbox, "--from", old_points.at(mailbox)});
  CHECK(shown.exit_status == 0);
  for (const std::string& line : base::split(shown.output, '\n')) {
    INFO(line);
    CHECK(columns_of(line) <= 80);
  }
  CHECK_THAT(shown.output, test::contains_text("  removed  Inbox/Gone later\n"));
  CHECK_THAT(shown.output, test::contains_text("(same content, new id)\n"));
  CHECK_THAT(shown.output,
             test::contains_text(base::text("Items: ", count_of(items, "added"), " added, ")));
}

TEST_CASE("diff says what it does not find, and what to do", "[e2e][diff]") {
  Setting at;
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  const auto points = backed_up(at.coffer);
  const std::string mailbox = points.begin()->first;
  // From here on the service is out of reach.
  at.coffer.configure("[store]\nurl = \"store\"\npassphrase_file = \"passphrase\"\n");

  const test::Told same = at.coffer.tell({"diff", mailbox, "--from", "latest"});
  CHECK(same.exit_status == 0);
  CHECK(same.of_type("difference").empty());
  CHECK(same.summary().at("items").at("unchanged") > 0);
  CHECK_THAT(at.coffer.show({"diff", mailbox, "--from", "latest"}).output,
             test::contains_text("No difference: "));

  struct Row {
    std::vector<std::string> words;
    int exit_status;
    const char* message;
  };
  const std::vector<Row> table{
      {{"diff", "nobody@contoso.com", "--from", "latest"}, 5, "nobody@contoso.com"},
      {{"diff", mailbox, "--from", "2001-02-03"}, 5, "at or before 2001-02-03"},
      {{"diff", mailbox, "--from", "latest", "--to", "2001-02-03"}, 5, "of 1 complete ones"},
      {{"diff", mailbox, "--from", "0000000000"}, 5, "no restore point 0000000000"},
      {{"diff", mailbox, "--from", "?"}, 2, "is not a time"},
      {{"diff", mailbox}, 2, "--from"},
      {{"diff", mailbox, "--from", "latest", "--at", "latest"}, 2, "unknown option '--at'"},
      {{"diff", "--from", "latest"}, 2, "mailbox"}};
  for (const Row& row : table) {
    CAPTURE(row.words);
    const test::Told told = at.coffer.tell(row.words);
    CHECK(told.exit_status == row.exit_status);
    CHECK(told.summary().at("command") == "diff");
    CHECK(told.summary().at("status") == "failed");
    CHECK_THAT(told.error().at("message").get<std::string>(), test::contains_text(row.message));
    CHECK(told.error().at("remedy").is_string());
  }
  const Json error =
      at.coffer.tell({"diff", mailbox, "--from", "latest", "--to", "1999-01-01"}).error();
  CHECK(error.at("context") == Json::array({"--to 1999-01-01"}));
}
