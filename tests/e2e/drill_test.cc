// A drill, through the program: what it finds, what it says, and that it asks nobody.
#include "src/base/text.h"
#include "tests/e2e/appliance.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>

namespace {

using test::Json;
namespace fs = std::filesystem;

constexpr const char* kStoreAlone = "[store]\nurl = \"store\"\npassphrase_file = \"passphrase\"\n";

struct Setting {
  test::TemporaryDirectory directory;
  std::optional<test::SimulatorProcess> simulator{
      std::in_place, directory / "site",
      std::vector<std::string>{"--mailboxes", "3", "--items", "45", "--bytes", "4MB"}};
  test::Appliance coffer{directory / "appliance", directory / "site"};
};

Json done(const test::Appliance& coffer, const std::vector<std::string>& words) {
  const test::Told told = coffer.tell(words);
  CAPTURE(words);
  INFO(told.errors);
  INFO(told.summary().dump(1));
  REQUIRE(told.exit_status == 0);
  CHECK(told.summary().at("status") == "complete");
  return told.summary();
}

std::set<fs::path> files_below(const fs::path& directory) {
  std::set<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator{directory}) {
    if (entry.is_regular_file()) files.insert(entry.path());
  }
  return files;
}

// One bit in each KiB: more than parity heals, and in every record of some size.
void damage(const fs::path& pack) {
  std::fstream file{pack, std::ios::in | std::ios::out | std::ios::binary};
  for (std::uintmax_t place = 256; place + 2048 < fs::file_size(pack); place += 1024) {
    file.seekg(static_cast<std::streamoff>(place));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(place));
    file.put(static_cast<char>(byte ^ 1));
  }
}

}  // namespace

TEST_CASE("a drill restores items of every mailbox, without tenant or network", "[e2e][drill]") {
  Setting at;
  done(at.coffer, {"init"});
  const Json of_none = done(at.coffer, {"drill"});
  CHECK(of_none.at("items").at("chosen") == 0);
  CHECK_THAT(at.coffer.show({"drill"}).output, test::contains_text("The store has no items yet"));
  done(at.coffer, {"backup"});
  at.simulator->post("evolve", {{"days", 2}});
  done(at.coffer, {"backup"});
  at.simulator.reset();
  at.coffer.configure(kStoreAlone);

  const test::Told told = at.coffer.tell({"drill", "--items", "9"});
  REQUIRE(told.exit_status == 0);
  const Json& summary = told.summary();
  CHECK(summary.at("items").at("requested") == 9);
  CHECK(summary.at("items").at("verified") == 9);
  CHECK(summary.at("mailboxes") == 3);
  CHECK(summary.at("problems").empty());
  const auto items = told.of_type("item");
  REQUIRE(items.size() == 9);
  std::map<std::string, std::map<std::string, Json>> listed;  // by restore point and id
  for (const Json& item : items) {
    const std::string point = item.at("snapshot");
    if (!listed.contains(point)) {
      const test::Told ls =
          at.coffer.tell({"ls", item.at("mailbox"), "--at", point, "--recursive"});
      for (const Json& entry : ls.of_type("item")) listed[point][entry.at("id")] = entry;
    }
    const Json& entry = listed.at(point).at(item.at("id"));
    CHECK(item.at("result") == "verified");
    CHECK(item.at("folder") == entry.at("folder"));
    CHECK(item.at("item_class") == entry.at("item_class"));
    CHECK(item.at("body_bytes") > item.at("size"));
  }
  // The same seed drills the same, and all of a store can be drilled.
  const std::string seed = summary.at("seed").dump();
  CHECK(at.coffer.tell({"drill", "--items", "9", "--seed", seed}).of_type("item") == items);
  const Json of_all = done(at.coffer, {"drill", "--items", "1000000"});
  CHECK(of_all.at("items").at("verified") == of_all.at("items").at("available"));
  CHECK(of_all.at("snapshots") == 6);
}

TEST_CASE("damage under a drilled item is exit status 13, and named", "[e2e][drill]") {
  Setting at;
  done(at.coffer, {"init"});
  const std::string first = at.coffer.tell({"mailboxes"}).of_type("mailbox").at(0).at("address");
  done(at.coffer, {"backup", first});
  const std::set<fs::path> packs = files_below(at.coffer.store() / "pack" / "d");
  done(at.coffer, {"backup"});
  for (const fs::path& pack : packs) damage(pack);

  const test::Told told = at.coffer.tell({"drill", "--items", "100000"});
  CHECK(told.exit_status == 13);
  CHECK(told.summary().at("status") == "partial");
  const Json problems = told.summary().at("problems");
  REQUIRE_FALSE(problems.empty());
  CHECK(told.summary().at("items").at("failed") == problems.size());
  const Json* of_first = nullptr;
  for (const Json& problem : problems) {
    CHECK(problem.at("code") == "corrupt");
    if (problem.at("mailbox") == first) of_first = &problem;
  }
  REQUIRE(of_first != nullptr);
  const test::Finished shown = at.coffer.show({"drill", "--items", "100000", "--verbose"});
  CHECK(shown.exit_status == 13);
  for (const std::string& part : std::vector<std::string>{
           "failed: " + first, "folder " + of_first->at("folder").get<std::string>(),
           "item " + of_first->at("item").get<std::string>(),
           "restore point " + of_first->at("snapshot").get<std::string>(),
           "coffer check --level full --repair"}) {
    CHECK_THAT(shown.output, test::contains_text(part));
  }
  // A whole check agrees with it.
  std::set<std::string> affected;
  const test::Told check = at.coffer.tell({"check", "--level", "full"});
  for (const Json& item : check.summary().at("affected")) {
    // Without an item it is the notes for the next backup, which no restore reads.
    if (!item.at("item").is_null()) affected.insert(item.at("item"));
  }
  std::set<std::string> failed;
  for (const Json& problem : problems) failed.insert(problem.at("item"));
  CHECK(failed == affected);
}

TEST_CASE("one damaged byte is found by a drill and healed from parity", "[e2e][drill]") {
  Setting at;
  done(at.coffer, {"init"});
  done(at.coffer, {"backup"});
  const fs::path pack = *files_below(at.coffer.store() / "pack" / "d").begin();
  {
    std::fstream file{pack, std::ios::in | std::ios::out | std::ios::binary};
    file.seekg(300);
    const int byte = file.get();
    file.seekp(300);
    file.put(static_cast<char>(byte ^ 0x20));
  }
  CHECK(at.coffer.tell({"drill", "--items", "100000"}).exit_status == 13);
  done(at.coffer, {"check", "--level", "full", "--repair"});
  done(at.coffer, {"drill", "--items", "100000"});
}

TEST_CASE("a drill that makes no sense, or has no store, says so", "[e2e][drill]") {
  Setting at;
  const test::Told no_store = at.coffer.tell({"drill"});
  CHECK(no_store.exit_status == 10);
  CHECK(no_store.summary().at("command") == "drill");
  CHECK(no_store.summary().at("status") == "failed");
  CHECK(no_store.summary().at("items").is_null());
  for (const char* wrong : {"0", "-3", "many", "1000001"}) {
    const test::Told refused = at.coffer.tell({"drill", std::string{"--items="} + wrong});
    CHECK(refused.exit_status == 2);
    CHECK_THAT(refused.error().at("message").get<std::string>(),
               test::contains_text("a number from 1 to 1000000"));
  }
}

TEST_CASE("an interrupted drill tells what it has seen", "[e2e][drill]") {
  Setting at;
  done(at.coffer, {"init"});
  done(at.coffer, {"backup"});
  test::Process drill{at.coffer.command({"--json", "drill", "--items", "100000"})};
  drill.wait_for_line("\"type\":\"item\"");
  drill.send(SIGINT);
  const test::Finished finished = drill.finish();
  const std::vector<Json> records = test::records_of(finished.output);
  REQUIRE(records.back().at("type") == "summary");
  CHECK(records.back().at("items").at("verified") > 0);
  CHECK(records.back().at("items").at("failed") == 0);
  // A quick machine may have been done before.
  const bool was_done =
      records.back().at("items").at("verified") == records.back().at("items").at("chosen");
  CHECK(finished.exit_status == (was_done ? 0 : 130));
  CHECK(records.back().at("status") == (was_done ? "complete" : "partial"));
}
