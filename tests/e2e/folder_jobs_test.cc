// The article's form of the API, through the program: the same commands, the same proofs.
#include "src/base/text.h"
#include "tests/e2e/appliance.h"
#include "tests/support/catch.h"

#include <map>
#include <string>
#include <vector>

namespace {

using test::Json;

constexpr const char* kMailbox = "info@contoso.com";  // a shared one, and the largest

struct Setting {
  test::TemporaryDirectory directory;
  test::SimulatorProcess simulator{
      directory / "site",
      {"--api", "folder-jobs", "--mailboxes", "3", "--items", "240", "--bytes", "24MB"}};
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

bool is_mail_folder(const Json& folder) {
  return !folder.at("search").get<bool>() && !folder.at("path").get<std::string>().empty() &&
         (folder.at("type") == "" || folder.at("type").get<std::string>().starts_with("IPF.Note"));
}

// Digests of the streams of a mailbox's mail folders, by path. `below`: only those below that
// folder, whose path is cut off.
std::map<std::string, std::string> folder_streams(test::SimulatorProcess& simulator,
                                                  const std::string& below = {}) {
  std::map<std::string, std::string> streams;
  const Json state = simulator.get(base::text("state?mailbox=", kMailbox, "&folder_streams=true"));
  for (const Json& folder : state.at("mailboxes").at(0).at("folders")) {
    std::string path = folder.at("path").get<std::string>();
    if (!is_mail_folder(folder) || !path.starts_with(below)) continue;
    streams[path.substr(below.size())] = folder.at("stream_sha256").get<std::string>();
  }
  return streams;
}

}  // namespace

TEST_CASE("folders are exported every night, stored by what is new, and come back the same",
          "[e2e][folder_jobs]") {
  Setting at;
  done(at.coffer, {"init"});
  const Json ready = done(at.coffer, {"doctor"});
  CHECK(ready.at("failed") == 0);

  const Json first = done(at.coffer, {"backup"});
  const auto then = folder_streams(at.simulator);
  const std::string point = [&] {
    for (const Json& snapshot : first.at("snapshots")) {
      if (snapshot.at("mailbox") == kMailbox) return snapshot.at("id").get<std::string>();
    }
    FAIL("the mailbox has no restore point");
    return std::string{};
  }();
  std::map<std::string, std::string> listed;
  const test::Told contents = at.coffer.tell({"ls", kMailbox, "--at", point, "--recursive"});
  for (const Json& item : contents.of_type("item")) {
    listed[item.at("folder").get<std::string>()] = item.at("sha256").get<std::string>();
  }
  CHECK(listed == then);
  CHECK(first.at("items").at("stored") == first.at("items").at("listed"));

  // Nothing tells that a folder is as it was: it comes again, and nothing of it is new.
  const Json quiet = done(at.coffer, {"backup"});
  CHECK(quiet.at("bytes").at("exported") == first.at("bytes").at("exported"));
  CHECK(quiet.at("bytes").at("new") == 0);

  at.simulator.post("evolve", {{"days", 1}});
  const Json second = done(at.coffer, {"backup"});
  CHECK(second.at("bytes").at("new") < second.at("bytes").at("exported"));

  const Json restored =
      done(at.coffer, {"restore", kMailbox, "--at", point, "--into", "Back", "--reason", "test"});
  CHECK(restored.at("items").at("failed") == 0);
  CHECK(restored.at("items").at("verified") == restored.at("items").at("restored"));
  CHECK(folder_streams(at.simulator, "Back/") == then);
  const Json again =
      done(at.coffer, {"restore", kMailbox, "--at", point, "--into", "Back", "--reason", "test"});
  CHECK(again.at("items").at("skipped") == again.at("items").at("selected"));
  CHECK(folder_streams(at.simulator, "Back/") == then);
  CHECK(at.simulator.get("statistics").at("violations").empty());
}

TEST_CASE("a folder that has changed since is left alone by a restore in its place",
          "[e2e][folder_jobs]") {
  Setting at;
  done(at.coffer, {"init"});
  done(at.coffer, {"backup", kMailbox});
  at.simulator.operate({{"operation", "add_item"}, {"mailbox", kMailbox}, {"folder", "inbox"}});
  const auto before = folder_streams(at.simulator);
  const test::Told told =
      at.coffer.tell({"restore", kMailbox, "--in-place", "--folder", "Inbox", "--reason", "test"});
  CHECK(told.exit_status == 3);
  REQUIRE(told.summary().at("problems").size() == 1);
  const Json& problem = told.summary().at("problems").at(0);
  CHECK(problem.at("code") == "FolderNotEmpty");
  CHECK_THAT(problem.at("next").get<std::string>(), test::contains_text("--into"));
  CHECK(folder_streams(at.simulator) == before);
}

TEST_CASE("lost answers and broken streams cost nothing and double nothing", "[e2e][folder_jobs]") {
  Setting at;
  done(at.coffer, {"init"});
  at.simulator.post("faults",
                    {{"order",
                      {{{"fault", "cut_body"}, {"operation", "export_folder"}, {"times", 3}},
                       {{"fault", "internal_error"}, {"operation", "export_folder"}}}}});
  const Json backup = done(at.coffer, {"backup", kMailbox});
  const auto then = folder_streams(at.simulator);
  at.simulator.post(
      "faults",
      {{"order",
        {{{"fault", "lost_import_answer"}, {"operation", "create_import_job"}, {"times", 3}}}}});
  const Json restored =
      done(at.coffer, {"restore", kMailbox, "--into", "Back", "--reason", "test"});
  CHECK(restored.at("items").at("failed") == 0);
  CHECK(folder_streams(at.simulator, "Back/") == then);
}

TEST_CASE("the doctor names the right that is missing", "[e2e][folder_jobs]") {
  Setting at;
  done(at.coffer, {"init"});
  const Json trip = done(at.coffer, {"doctor", "--round-trip", kMailbox});
  CHECK(trip.at("failed") == 0);
  at.simulator.operate({{"operation", "set_roles"},
                        {"app", "backup"},
                        {"roles",
                         {"User.Read.All", "GroupMember.Read.All", "MailboxSettings.Read",
                          "Mail.ReadWrite", "Mailbox.Migration"}}});
  const test::Told told = at.coffer.tell({"doctor"});
  CHECK(told.exit_status == 4);
  bool named = false;
  for (const Json& check : told.of_type("check")) {
    if (check.at("status") != "failed") continue;
    named |= check.dump().find("Mail.ReadWrite.Shared") != std::string::npos;
  }
  CHECK(named);
  const test::Told backup = at.coffer.tell({"backup", kMailbox});
  CHECK(backup.exit_status == 4);
  CHECK_THAT(backup.summary().dump(), test::contains_text("Mail.ReadWrite.Shared"));
}
