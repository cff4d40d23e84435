// The audit log, through the program: everything that matters leaves its trace, and a trace that
// was touched shows.
#include "src/base/file.h"
#include "src/base/text.h"
#include "tests/e2e/appliance.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace {

namespace fs = std::filesystem;
using test::Json;

struct Setting {
  Setting() { REQUIRE(coffer.tell({"init"}).exit_status == 0); }

  test::Told run(const std::vector<std::string>& words) {
    test::Told told = coffer.tell(words);
    CAPTURE(words);
    INFO(told.errors);
    REQUIRE(told.exit_status == 0);
    return told;
  }
  std::string mailbox() { return run({"snapshots"}).of_type("snapshot").at(0).at("mailbox"); }

  // The results of all entries of that action, in their order.
  std::vector<std::string> results(const std::string& action) {
    std::vector<std::string> results;
    for (const Json& entry : run({"audit"}).of_type("audit")) {
      if (entry.at("action") == action) results.push_back(entry.at("result"));
    }
    return results;
  }

  test::TemporaryDirectory directory;
  test::SimulatorProcess simulator{directory / "site",
                                   {"--mailboxes", "3", "--items", "45", "--bytes", "1MB"}};
  test::Appliance coffer{directory / "appliance", directory / "site"};
  fs::path audit = coffer.store() / "audit";
};

const std::vector<std::string> kBegunAndDone{"begun", "complete"};

void flip_a_bit(const fs::path& path) {
  std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
  file.seekg(140);
  const auto byte = static_cast<char>(file.get() ^ 1);
  file.seekp(140);
  file.put(byte);
}

}  // namespace

TEST_CASE("what is done with mailboxes and store is told, and by whom and why", "[e2e]") {
  Setting setting;
  setting.run({"backup"});
  const std::string mailbox = setting.mailbox();
  const std::string point = setting.run({"snapshots", mailbox}).of_type("snapshot").at(0).at("id");
  setting.run({"restore", mailbox, "--reason", "asked for by Anna"});
  setting.run({"restore", mailbox, "--dry-run"});
  setting.run({"extract", mailbox, "--output", (setting.directory / "out").string()});
  const std::string hold =
      setting.run({"hold", "add", mailbox, "--reason", "case 7"}).summary().at("id");
  setting.run({"hold", "remove", hold, "--reason", "closed"});
  setting.run({"backup"});
  setting.run({"forget", "--snapshot", point, "--reason", "too old"});
  setting.run({"forget", "--undo", point});
  setting.run({"prune"});
  setting.run({"check", "--repair"});
  setting.run({"copy", "--to", (setting.directory / "second").string()});
  setting.run({"key", "add", "--key-file", (setting.directory / "key").string()});
  setting.run({"key", "rotate"});
  for (const char* action :
       {"restore", "extract", "hold add", "hold remove", "forget", "forget --undo", "prune",
        "check --repair", "copy", "key add", "key rotate"}) {
    INFO(action);
    CHECK(setting.results(action) == kBegunAndDone);
  }
  CHECK(setting.results("init") == std::vector<std::string>{"complete"});
  CHECK(setting.results("backup").size() == 4);
  CHECK(setting.results("sign-in").size() >= 4);

  const test::Told told = setting.run({"audit"});
  std::string all;
  for (const Json& entry : told.of_type("audit")) {
    all += entry.dump();
    CHECK_FALSE(entry.at("by").at("user").get<std::string>().empty());
    if (entry.at("action") == "restore") CHECK(entry.at("reason") == "asked for by Anna");
    if (entry.at("action") == "forget")
      CHECK(entry.at("what").dump().find(point) != std::string::npos);
  }
  // Neither secrets nor what mail says.
  const std::string secret{base::read_secret_file(setting.coffer.passphrase_file()).text()};
  CHECK(all.find(secret) == std::string::npos);
  const Json state = setting.simulator.get("state");
  for (const Json& box : state.at("mailboxes")) {
    for (const Json& item : box.at("items")) {
      const std::string subject = item.at("subject");
      if (subject.size() > 12) CHECK(all.find(subject) == std::string::npos);
    }
  }
  const Json verdict = setting.run({"audit", "--verify"}).summary();
  CHECK(verdict.at("verified") == true);
  CHECK(verdict.at("errors") == 0);
  CHECK(verdict.at("witnessed") > 0);
  const Json summary = setting.run({"audit", "--since", "2100-01-01"}).summary();
  CHECK(summary.at("entries") == 0);
}

TEST_CASE("an audit log that was touched is told, and goes on", "[e2e]") {
  Setting setting;
  setting.run({"backup"});
  const std::size_t before = setting.run({"audit"}).of_type("audit").size();
  SECTION("changed") {
    flip_a_bit(setting.audit / "0000000000000002");
    CHECK(setting.coffer.tell({"audit", "--verify"}).exit_status == 13);
    const test::Told told = setting.coffer.tell({"audit"});
    CHECK(told.exit_status == 13);
    CHECK(told.of_type("audit").size() == before - 1);
    CHECK_FALSE(told.of_type("damage").empty());
  }
  SECTION("cut off at its end") {
    for (std::size_t left = before; left > 1; --left) {
      fs::remove(setting.audit / base::text("000000000000000", left));
    }
    const test::Told told = setting.coffer.tell({"audit", "--verify"});
    CHECK(told.exit_status == 13);
    CHECK(told.error().at("kind") == "corrupt");
    CHECK(told.summary().at("verified") == false);
  }
  SECTION("taken away") {
    fs::remove_all(setting.audit);
    CHECK(setting.coffer.tell({"audit", "--verify"}).exit_status == 13);
  }
  setting.run({"backup"});
}

TEST_CASE("where nothing can be written down, restoring works and other things do not", "[e2e]") {
  Setting setting;
  setting.run({"backup"});
  const std::string mailbox = setting.mailbox();
  fs::rename(setting.audit, setting.directory / "audit aside");
  std::ofstream{setting.audit} << "in the way";
  const test::Told restored = setting.run({"restore", mailbox});
  CHECK_THAT(restored.errors, test::contains_text("the audit log does not tell of 'restore'"));
  const test::Told refused = setting.coffer.tell({"backup"});
  CHECK(refused.exit_status == 1);
  CHECK_THAT(refused.error().dump(), test::contains_text("cannot be written to the audit log"));
  CHECK(setting.coffer.tell({"doctor"}).exit_status == 1);
}
