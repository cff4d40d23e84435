// What goes wrong for real: each time one line, a remedy, the promised exit status, nothing lost,
// and a rerun that completes.
#include "src/base/digest.h"
#include "src/base/file.h"
#include "src/base/text.h"
#include "tests/e2e/appliance.h"
#include "tests/e2e/small_file_system.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <csignal>
#include <map>

namespace {

using test::Json;

constexpr const char* kRestoreApp = "e0000000-0000-4000-8000-00000000cafe";
constexpr const char* kBackupApp = "b0000000-0000-4000-8000-00000000cafe";

struct Setting {
  test::TemporaryDirectory directory;
  test::SimulatorProcess simulator;
  test::Appliance coffer;

  explicit Setting(std::vector<std::string> options = {"--mailboxes", "3", "--items", "45",
                                                       "--bytes", "2MB"})
      : simulator(directory / "site", std::move(options)),
        coffer(directory / "appliance", directory / "site") {}
};

// What every failure promises to people.
void check_shown(const test::Appliance& coffer, const std::vector<std::string>& words,
                 int exit_status, const std::string& told) {
  CAPTURE(words, told);
  const test::Finished shown = coffer.show(words);
  CHECK(shown.exit_status == exit_status);
  const auto lines = base::split(base::trim(shown.errors), '\n');
  REQUIRE(lines.size() == 2);
  CHECK_THAT(lines[0], test::contains_text("coffer: error: "));
  CHECK_THAT(lines[0], test::contains_text(told));
  CHECK_THAT(lines[1], test::contains_text("remedy: "));
}

// The same to scripts.
void check_recorded(const test::Appliance& coffer, const std::vector<std::string>& words,
                    int exit_status, const std::string& kind, const std::string& told) {
  CAPTURE(words, told);
  const test::Told recorded = coffer.tell(words);
  CHECK(recorded.exit_status == exit_status);
  const Json& error = recorded.error();
  CHECK(error.at("kind") == kind);
  CHECK(error.at("exit_status") == exit_status);
  CHECK(error.at("context").is_array());
  CHECK_FALSE(error.at("remedy").get<std::string>().empty());
  CHECK_THAT(error.at("message").get<std::string>(), test::contains_text(told));
  CHECK(recorded.summary().at("status") == "failed");
}

void check_refused(const test::Appliance& coffer, const std::vector<std::string>& words,
                   int exit_status, const std::string& kind, const std::string& told) {
  check_shown(coffer, words, exit_status, told);
  check_recorded(coffer, words, exit_status, kind, told);
}

std::string replaced(std::string text, const std::string& old, const std::string& by) {
  const std::size_t at = text.find(old);
  REQUIRE(at != std::string::npos);
  return text.replace(at, old.size(), by);
}

std::string some_address(const test::Appliance& coffer) {
  const auto records = coffer.tell({"snapshots"}).of_type("snapshot");
  REQUIRE_FALSE(records.empty());
  return records.front().at("mailbox");
}

void check_completes(const test::Appliance& coffer) {
  const test::Told told = coffer.tell({"backup"});
  INFO(told.summary().dump(1));
  CHECK(told.exit_status == 0);
  CHECK(told.summary().at("status") == "complete");
}

}  // namespace

TEST_CASE("mistakes in the configuration and on the command line", "[e2e][bad-input]") {
  Setting at;
  const std::string good = at.coffer.configuration();
  at.coffer.configure(replaced(good, "passphrase_file", "pasphrase_file"));
  check_refused(
      at.coffer, {"backup"}, 2, "usage",
      "coffer.toml:3: unknown key 'pasphrase_file' in [store]; did you mean 'passphrase_file'?");
  at.coffer.configure(replaced(good, "url = \"store\"", "url = \"s3://bucket/prefix\""));
  check_refused(at.coffer, {"init"}, 2, "usage", "object storage is not available in this version");
  at.coffer.configure(good);
  check_refused(at.coffer, {"bakcup"}, 2, "usage", "did you mean 'backup'?");
  check_refused(at.coffer, {"backup", "--polcy", "nightly"}, 2, "usage",
                "did you mean '--policy'?");
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  check_refused(at.coffer, {"backup", "--policy", "nigthly"}, 2, "usage",
                "did you mean 'nightly'?");
  check_refused(at.coffer, {"find", "--after", "yesterday"}, 2, "usage", "--after is not a time");
  check_refused(at.coffer, {"init"}, 2, "usage", "store");
  check_completes(at.coffer);
}

TEST_CASE("places where nothing but the store may write, and files that are none",
          "[e2e][bad-input]") {
  Setting at;
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  check_completes(at.coffer);
  const std::string address = some_address(at.coffer);
  for (const auto& place : {at.coffer.store() / "out", at.coffer.store(),
                            at.coffer.directory() / "store.index" / "out"}) {
    check_refused(at.coffer, {"extract", address, "--output", place.string()}, 2, "usage",
                  "where only the store writes");
    CHECK_FALSE(std::filesystem::exists(place / "manifest.json"));
  }
  const auto file = at.coffer.directory() / "file";
  test::write_private_file(file, "in the way");
  check_refused(at.coffer, {"extract", address, "--output", (file / "out").string()}, 2, "usage",
                "a file in the way");
  const auto output = at.coffer.directory() / "out";
  REQUIRE(at.coffer.tell({"extract", address, "--output", output.string()}).exit_status == 0);
  using std::filesystem::perms;
  const perms of_others = perms::group_all | perms::others_all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{output}) {
    CHECK((entry.status().permissions() & of_others) == perms::none);
  }
  CHECK((std::filesystem::status(output).permissions() & of_others) == perms::none);
  const std::string program = at.coffer.command({}).words.front();
  for (const char* none : {"/dev/zero", "/"}) {
    const test::Finished shown = test::run({{program, "--config", none, "snapshots"}, {}});
    CHECK(shown.exit_status == 2);
    CHECK_THAT(shown.errors, test::contains_text("not a regular file"));
  }
  // Records that nobody gets do not end in silence.
  const test::Finished unheard =
      test::run({{"/bin/sh", "-c", "exec \"$0\" --config \"$1\" --json snapshots >/dev/full",
                  program, (at.coffer.directory() / "coffer.toml").string()},
                 {}});
  CHECK(unheard.exit_status == 1);
  CHECK_THAT(unheard.errors, test::contains_text("writing to standard output"));
}

TEST_CASE("a secret that is missing, open to others, or wrong", "[e2e][bad-input]") {
  Setting at;
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  const std::string good = at.coffer.configuration();
  const std::string certificate =
      good.substr(good.find("certificate_file"),
                  good.find("[tenant.contoso.restore_app]") - good.find("certificate_file"));
  const auto secret = at.directory / "site" / "secret";
  at.coffer.configure(
      replaced(good, certificate, base::text("client_secret_file = \"", secret.string(), "\"\n")));
  check_refused(at.coffer, {"backup"}, 2, "usage", "cannot read secret file");
  test::write_private_file(secret, "wrong");
  check_refused(at.coffer, {"backup"}, 4, "denied", "7000215");
  std::filesystem::permissions(secret, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  check_refused(at.coffer, {"backup"}, 2, "usage", "chmod 600");
  test::write_private_file(
      secret, std::string{base::as_text(base::read_file(at.directory / "site" / "backup-secret"))});
  check_completes(at.coffer);
}

TEST_CASE("a tenant that is unknown, and a right that is missing", "[e2e][bad-input]") {
  Setting at;
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  const std::string good = at.coffer.configuration();
  const std::string tenant_id = at.simulator.endpoints().at("tenant_id");
  at.coffer.configure(replaced(good, tenant_id, "00000000-1111-4222-8333-444444444444"));
  check_refused(at.coffer, {"backup"}, 4, "denied", "90002");
  at.coffer.configure(good);

  const std::vector<std::string> all{"MailboxFolder.Read.All", "MailboxItem.Read.All",
                                     "MailboxItem.Export.All", "User.Read.All",
                                     "GroupMember.Read.All",   "MailboxSettings.Read"};
  for (const char* missing :
       {"MailboxItem.Export.All", "MailboxFolder.Read.All", "User.Read.All"}) {
    CAPTURE(missing);
    std::vector<std::string> roles = all;
    std::erase(roles, missing);
    at.simulator.operate({{"operation", "set_roles"}, {"app", kBackupApp}, {"roles", roles}});
    check_refused(at.coffer, {"backup"}, 4, "denied", missing);
    const test::Told examined = at.coffer.tell({"doctor"});
    CHECK(examined.exit_status == 4);
    CHECK(std::any_of(examined.records.begin(), examined.records.end(), [&](const Json& record) {
      return record.at("type") == "check" && record.at("status") == "failed" &&
             record.dump().find(missing) != std::string::npos;
    }));
  }
  at.simulator.operate({{"operation", "set_roles"}, {"app", kBackupApp}, {"roles", all}});
  check_completes(at.coffer);
}

TEST_CASE("a tenant that is not configured, and a restore without its app or its rights",
          "[e2e][bad-input]") {
  Setting at;
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  check_completes(at.coffer);
  const std::string known = some_address(at.coffer);
  const std::string good = at.coffer.configuration();
  const std::vector<std::string> all{"MailboxFolder.ReadWrite.All", "MailboxItem.ImportExport.All"};
  for (const std::string& missing : all) {
    CAPTURE(missing);
    std::vector<std::string> roles = all;
    std::erase(roles, missing);
    at.simulator.operate({{"operation", "set_roles"}, {"app", kRestoreApp}, {"roles", roles}});
    check_refused(at.coffer, {"restore", known, "--into", "Old"}, 4, "denied", missing);
  }
  at.simulator.operate({{"operation", "set_roles"}, {"app", kRestoreApp}, {"roles", all}});

  at.coffer.configure(good.substr(0, good.find("[tenant.")));
  check_refused(at.coffer, {"backup"}, 2, "usage", "names no tenant");
  const std::size_t app = good.find("[tenant.contoso.restore_app]");
  at.coffer.configure(good.substr(0, app) + good.substr(good.find("[policy", app)));
  check_refused(at.coffer, {"restore", known, "--into", "Old"}, 2, "usage", "restore_app");
  at.coffer.configure(good);
  const test::Told restored = at.coffer.tell({"restore", known, "--into", "Old"});
  INFO(restored.summary().dump(1));
  CHECK(restored.exit_status == 0);
}

TEST_CASE("a tenant that was renamed keeps its mailboxes' restore points", "[e2e][bad-input]") {
  Setting at;
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  check_completes(at.coffer);
  const std::string known = some_address(at.coffer);
  std::string renamed = at.coffer.configuration();
  for (const char* where : {"tenant.contoso]", "tenant.contoso.backup_app", "\"contoso\"",
                            "tenant.contoso.restore_app"}) {
    renamed = replaced(renamed, where, replaced(where, "contoso", "renamed"));
  }
  at.coffer.configure(renamed);
  CHECK(at.coffer.tell({"restore", known, "--into", "Old"}).exit_status == 0);
  check_completes(at.coffer);
  CHECK(at.coffer.tell({"snapshots", known}).of_type("snapshot").size() == 2);
  CHECK(at.coffer.tell({"restore", known, "--into", "New", "--dry-run"}).exit_status == 0);
  // A hold is on the mailbox, under whatever name of its tenant.
  REQUIRE(at.coffer.tell({"hold", "add", known, "--reason", "a lawsuit"}).exit_status == 0);
  for (const Json& point : at.coffer.tell({"snapshots", known}).of_type("snapshot")) {
    const std::string id = point.at("id");
    check_recorded(at.coffer, {"forget", "--snapshot", id, "--confirm"}, 2, "usage", "hold");
  }
}

TEST_CASE("a policy that names somebody who is not there is told each time", "[e2e][bad-input]") {
  Setting at;
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  const std::string tenants =
      at.coffer.configuration().substr(0, at.coffer.configuration().find("[policy."));
  at.coffer.configure(tenants +
                      "[policy.all]\ntenant = \"contoso\"\n"
                      "include = [\"*\", \"anna.mistyped@contoso.com\"]\n");
  const test::Told told = at.coffer.tell({"backup"});
  CHECK(told.exit_status == 3);
  REQUIRE(told.summary().at("problems").size() == 1);
  CHECK(told.summary().at("problems")[0].at("mailbox") == "anna.mistyped@contoso.com");
  CHECK(told.summary().at("mailboxes").at("failed") == 1);
  CHECK(told.summary().at("mailboxes").at("complete") > 0);
  const auto listed = at.coffer.tell({"mailboxes"}).of_type("mailbox");
  CHECK(std::count_if(listed.begin(), listed.end(), [](const Json& mailbox) {
          return mailbox.at("address") == "anna.mistyped@contoso.com";
        }) == 1);
}

TEST_CASE("a tenant whose secret cannot be read leaves the others alone", "[e2e][bad-input]") {
  Setting at;
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  at.coffer.configure(at.coffer.configuration() +
                      "\n[tenant.second]\ntenant_id = \"second.example\"\n"
                      "[tenant.second.backup_app]\nclient_id = \"x\"\n"
                      "client_secret_file = \"/nowhere/secret\"\n");
  const test::Told told = at.coffer.tell({"backup"});
  CHECK(told.exit_status == 3);
  CHECK(told.summary().at("mailboxes").at("complete") > 0);
  REQUIRE(told.summary().at("problems").size() == 1);
  CHECK_THAT(told.summary().at("problems")[0].at("message").get<std::string>(),
             test::contains_text("tenant 'second'"));
  const test::Told listed = at.coffer.tell({"mailboxes"});
  CHECK(listed.exit_status == 3);
  CHECK(listed.of_type("mailbox").size() > 3);
  CHECK_THAT(listed.error().at("message").get<std::string>(), test::contains_text("/nowhere"));
}

TEST_CASE("descriptors that the caller closed do not become files of the store",
          "[e2e][bad-input]") {
  Setting at;
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  test::CommandLine backup = at.coffer.command({"--verbose", "backup"});
  std::vector<std::string> words{"/bin/sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"};
  words.insert(words.end(), backup.words.begin(), backup.words.end());
  backup.words = words;
  CHECK(test::run(backup).exit_status == 1);  // what it had to say reached nobody
  check_completes(at.coffer);
  CHECK(at.coffer.tell({"check", "--level", "full"}).exit_status == 0);
}

TEST_CASE("a mailbox, folder, item or time that is not there", "[e2e][bad-input]") {
  Setting at;
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  check_refused(at.coffer, {"backup", "nobody@nowhere.example"}, 5, "not_found",
                "nobody@nowhere.example");
  check_refused(at.coffer, {"ls", "nobody@nowhere.example"}, 5, "not_found",
                "nobody@nowhere.example");
  check_completes(at.coffer);
  const std::string known = some_address(at.coffer);
  check_refused(at.coffer, {"ls", known, "--folder", "Inbux"}, 5, "not_found",
                "did you mean 'Inbox'?");
  check_refused(at.coffer, {"ls", known, "--at", "2001-01-01"}, 5, "not_found", "2001-01-01");
  check_refused(at.coffer, {"ls", known, "--at", "someday"}, 2, "usage", "someday");
  check_refused(at.coffer, {"find", "--mailbox", "nobody@nowhere.example"}, 5, "not_found",
                "nobody@nowhere.example");
  check_refused(at.coffer, {"find", "--at", "2001-01-01"}, 5, "not_found", "2001-01-01");
  const auto output = at.directory / "extracted";
  check_refused(at.coffer, {"extract", known, "--folder", "Inbux", "--output", output.string()}, 5,
                "not_found", "did you mean 'Inbox'?");
  check_refused(at.coffer, {"extract", known, "--at", "2001-01-01", "--output", output.string()}, 5,
                "not_found", "2001-01-01");
  CHECK_FALSE(std::filesystem::exists(output / "manifest.json"));
  check_refused(at.coffer, {"restore", known, "--folder", "Inbux"}, 5, "not_found", "Inbux");
  check_refused(at.coffer, {"restore", known, "--item", "AAMkNobody="}, 5, "not_found",
                "AAMkNobody=");
  check_refused(at.coffer, {"restore", known, "--to", "nobody@nowhere.example"}, 5, "not_found",
                "nobody@nowhere.example");
}

TEST_CASE("a passphrase that does not open the store, and a place without one",
          "[e2e][bad-input]") {
  Setting at;
  check_refused(at.coffer, {"backup"}, 10, "no_store", "store");
  check_refused(at.coffer, {"stats"}, 10, "no_store", "store");
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  check_completes(at.coffer);
  test::write_private_file(at.coffer.passphrase_file(), "something else\n");
  check_refused(at.coffer, {"backup"}, 12, "wrong_key", "store");
  // Only a scrub needs no passphrase.
  std::filesystem::remove(at.coffer.passphrase_file());
  check_refused(at.coffer, {"check"}, 2, "usage", "cannot read secret file");
  const test::Told scrub = at.coffer.tell({"check", "--level", "scrub"});
  CHECK(scrub.exit_status == 0);
  CHECK(scrub.summary().at("packs") > 0);
  test::write_private_file(at.coffer.passphrase_file(), "correct horse battery staple\n");
  check_completes(at.coffer);

  // A directory full of other things is no store.
  const std::string good = at.coffer.configuration();
  std::filesystem::create_directories(at.directory / "photos" / "2026");
  test::write_private_file(at.directory / "photos" / "2026" / "cat.jpg", "meow");
  at.coffer.configure(replaced(good, "url = \"store\"",
                               base::text("url = \"", (at.directory / "photos").string(), "\"")));
  check_refused(at.coffer, {"snapshots"}, 10, "no_store", "photos");
  check_refused(at.coffer, {"backup"}, 10, "no_store", "photos");
  check_refused(at.coffer, {"init"}, 2, "usage", "photos is not empty (2026)");
  const std::filesystem::directory_iterator left{at.directory / "photos"};
  CHECK(std::distance(begin(left), end(left)) == 1);
  at.coffer.configure(replaced(good, "url = \"store\"", "url = \"passphrase\""));
  check_refused(at.coffer, {"backup"}, 2, "usage", "is not a directory");
  at.coffer.configure(good);
  check_completes(at.coffer);
}

TEST_CASE("a store of a newer format is left alone", "[e2e][bad-input]") {
  Setting at;
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  check_completes(at.coffer);
  // What a later program would have written: the format's number, 16 bits behind the magic, one
  // higher, and the checksum of it all at the end (FORMAT.md, self-checking objects).
  std::map<std::filesystem::path, base::Bytes> written;
  for (const char* copy : {"0", "1", "2"}) {
    const auto path = at.coffer.store() / "conf" / copy;
    base::Bytes content = base::read_file(path);
    written.emplace(path, content);
    content.at(12) = static_cast<std::byte>(static_cast<unsigned>(content.at(12)) + 1);
    REQUIRE(content.size() > base::Sha256::kSizeBytes);
    content.erase(content.end() - base::Sha256::kSizeBytes, content.end());
    base::append(content, base::sha256(content).view());
    base::replace_file(path, content);
  }
  for (const char* command : {"snapshots", "backup", "prune", "init"}) {
    check_refused(at.coffer, {command}, 2, "usage",
                  std::string{command} == "init" ? "there is a store at" : "newer");
  }
  for (const auto& [path, content] : written) base::replace_file(path, content);
  CHECK_FALSE(at.coffer.tell({"snapshots"}).of_type("snapshot").empty());
  check_completes(at.coffer);
}

TEST_CASE("a service that closes connections costs time, not data", "[e2e][bad-input]") {
  Setting at;
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  at.simulator.post("faults", {{"rates", "seed=5,reset=0.1,cut_body=0.05"}});
  const test::Told bumpy = at.coffer.tell({"backup"});
  INFO(bumpy.summary().dump(1));
  CHECK((bumpy.exit_status == 0 || bumpy.exit_status == 3));
  CHECK(bumpy.summary().at("requests").at("retried") > 0);
  // All of them: each request is tried for most of a minute, so only one form is looked at.
  at.simulator.post("faults", {{"rates", "reset=1"}});
  check_recorded(at.coffer, {"backup", "--full"}, 1, "unavailable", "127.0.0.1");
  at.simulator.post("faults", {{"clear", true}});
  check_completes(at.coffer);
}

TEST_CASE("a service that is not there is told, and a rerun completes", "[e2e][bad-input]") {
  Setting at;
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  const std::string good = at.coffer.configuration();
  const std::string graph_url = at.simulator.endpoints().at("graph_url");
  // Port 9 of this machine: nobody listens there.
  at.coffer.configure(replaced(good, graph_url, "http://127.0.0.1:9/v1.0"));
  check_shown(at.coffer, {"backup"}, 1, "127.0.0.1:9");   // tried for most of a minute
  CHECK(at.coffer.tell({"snapshots"}).exit_status == 0);  // the store can be read all the same
  at.coffer.configure(good);
  check_completes(at.coffer);
}

TEST_CASE("a full disk stops the backup, and a rerun goes on once there is room",
          "[e2e][bad-input]") {
  Setting at{{"--mailboxes", "3", "--items", "60", "--bytes", "24MB"}};
  const auto small = at.coffer.directory() / "small";
  const test::SmallFileSystem disk{small, "size=6m"};
  if (!disk.is_there()) return;
  at.coffer.configure(replaced(at.coffer.configuration(), "url = \"store\"",
                               "url = \"small/store\"\nindex = \"index\""));
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);

  check_refused(at.coffer, {"backup"}, 14, "full", (small / "store").string());
  CHECK(at.coffer.tell({"check", "--level", "full"}).exit_status == 0);

  disk.remount("size=200m");
  check_completes(at.coffer);
}

TEST_CASE("a place that cannot be written is told before the first backup", "[e2e][bad-input]") {
  Setting at;
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  const test::SmallFileSystem disk{at.coffer.directory() / "small", "size=6m"};
  if (!disk.is_there()) return;
  disk.make_read_only();
  at.coffer.configure(replaced(at.coffer.configuration(), "url = \"store\"",
                               "url = \"store\"\nindex = \"small/index\""));
  const auto checks = at.coffer.tell({"doctor"}).of_type("check");
  const auto found = std::ranges::find_if(
      checks, [](const Json& check) { return check.at("name") == "space for the index"; });
  REQUIRE(found != checks.end());
  CHECK(found->at("status") == "failed");
  CHECK_THAT(found->at("seen").get<std::string>(), test::contains_text("nothing can be written"));
}

TEST_CASE("two writers do not share a store", "[e2e][bad-input]") {
  Setting at;
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  test::Process first{at.coffer.command({"backup"})};
  // Its first request says that it has the store; then it is held still.
  while (at.simulator.get("statistics").at("total_requests") == 0) {
  }
  first.send(SIGSTOP);
  check_refused(at.coffer, {"backup"}, 11, "in_use", "store");
  CHECK(at.coffer.tell({"snapshots"}).exit_status == 0);  // reading is no matter
  first.send(SIGCONT);
  CHECK(first.finish().exit_status == 0);
  check_completes(at.coffer);
}

TEST_CASE("an interrupted backup keeps what is done, and a rerun completes", "[e2e][bad-input]") {
  Setting at{{"--mailboxes", "3", "--items", "300", "--bytes", "40MB"}};
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  test::Process backup{at.coffer.command({"--json", "backup"})};
  // Once items are exported, the run is under way.
  while (at.simulator.get("statistics").at("exported_items") == 0) {
  }
  backup.send(GENERATE(SIGINT, SIGHUP));
  const test::Finished finished = backup.finish();
  const test::Told told{finished.exit_status, test::records_of(finished.output), finished.errors};
  CHECK(told.exit_status == 130);
  CHECK(told.error().at("kind") == "cancelled");
  CHECK(told.summary().at("command") == "backup");
  check_completes(at.coffer);
  CHECK(at.coffer.tell({"check", "--level", "full"}).exit_status == 0);
}
