// The keys of a store, through the program: every kind opens it, recovery needs nothing but the
// printed key, and what is shut out stays out.
#include "src/base/digest.h"
#include "src/base/file.h"
#include "src/base/text.h"
#include "tests/e2e/appliance.h"
#include "tests/support/catch.h"

#include <filesystem>

namespace {

using test::Json;

struct Setting {
  test::TemporaryDirectory directory;
  test::SimulatorProcess simulator{directory / "site",
                                   {"--mailboxes", "3", "--items", "45", "--bytes", "2MB"}};
  test::Appliance coffer{directory / "appliance", directory / "site"};
};

constexpr const char* kStoreAlone = "[store]\nurl = \"store\"\npassphrase_file = \"passphrase\"\n";

Json done(const test::Appliance& coffer, const std::vector<std::string>& words) {
  const test::Told told = coffer.tell(words);
  CAPTURE(words);
  INFO(told.errors);
  INFO(told.summary().dump(1));
  REQUIRE(told.exit_status == 0);
  CHECK(told.summary().at("status") == "complete");
  return told.summary();
}

std::string slot_of(const test::Appliance& coffer, const std::string& kind) {
  const test::Told told = coffer.tell({"key", "list"});
  REQUIRE(told.exit_status == 0);
  for (const Json& slot : told.of_type("key_slot")) {
    if (slot.at("kind") == kind) return slot.at("id");
  }
  return {};
}

// Whether a content of passphrase_file opens the store.
int status_with(const test::Appliance& coffer, const std::string& key) {
  test::write_private_file(coffer.passphrase_file(), key);
  return coffer.tell({"key", "list"}).exit_status;
}

// Runs a command whose standard output has no room.
test::Finished into_full_output(const test::Appliance& coffer,
                                const std::vector<std::string>& words) {
  const test::CommandLine command = coffer.command(words);
  std::string line = "exec";
  for (const std::string& word : command.words) line += " '" + word + "'";
  return test::run({{"/bin/sh", "-c", line + " > /dev/full"}, {}});
}

}  // namespace

TEST_CASE("a store that was carried elsewhere opens with the printed recovery key alone",
          "[e2e][keys]") {
  Setting at;
  const std::string printed =
      at.coffer.tell({"init"}).summary().at("recovery_key").get<std::string>();
  done(at.coffer, {"backup"});
  done(at.coffer, {"key", "rotate"});
  at.simulator.post("evolve", {{"days", 2}});
  done(at.coffer, {"backup"});
  const auto points = at.coffer.tell({"snapshots"}).of_type("snapshot");
  const std::string address = points.at(0).at("mailbox");
  const auto then = test::contents_of(at.simulator.get("state"), address);

  // Another machine: neither index, nor passphrase, nor tenant.
  test::Appliance fresh{at.directory / "fresh", at.directory / "site"};
  fresh.configure(kStoreAlone);
  std::filesystem::copy(at.coffer.store(), fresh.store(), std::filesystem::copy_options::recursive);
  test::write_private_file(fresh.passphrase_file(), printed + "\n");

  CHECK(fresh.tell({"snapshots"}).of_type("snapshot") == points);
  test::Contents listed;
  for (const Json& item : fresh.tell({"ls", address, "--recursive"}).of_type("item")) {
    listed.emplace(item.at("folder"), item.at("sha256"));
  }
  CHECK(listed == then);
  const auto output = at.directory / "extracted";
  done(fresh, {"extract", address, "--output", output.string()});
  const Json manifest = Json::parse(base::as_text(base::read_file(output / "manifest.json")));
  REQUIRE(manifest.at("items").size() == then.size());
  for (const Json& item : manifest.at("items")) {
    const base::Bytes stream = base::read_file(output / item.at("file").get<std::string>());
    CHECK(base::sha256(stream).hex() == item.at("sha256").get<std::string>());
  }
  CHECK(done(fresh, {"check", "--level", "full"}).at("errors") == 0);
}

TEST_CASE("a key file is made, opens the store, and takes the passphrase's place", "[e2e][keys]") {
  Setting at;
  done(at.coffer, {"init"});
  const auto file = at.directory / "appliance" / "key";
  const Json added = done(at.coffer, {"key", "add", "--key-file", file.string()});
  CHECK(added.at("kind") == "key_file");
  CHECK(added.at("key_file_created") == true);
  CHECK(std::filesystem::status(file).permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  CHECK(std::filesystem::file_size(file) == 64);
  CHECK(slot_of(at.coffer, "key_file") == added.at("slot"));
  CHECK(at.coffer.tell({"key", "add", "--key-file", file.string()}).exit_status == 2);

  const std::string passphrase = slot_of(at.coffer, "passphrase");
  CHECK(at.coffer.tell({"key", "remove", passphrase}).exit_status == 2);  // in use
  at.coffer.configure(std::string{"[store]\nurl = \"store\"\npassphrase_file = \"key\"\n"});
  CHECK(done(at.coffer, {"key", "remove", passphrase}).at("slot") == passphrase);
  CHECK(at.coffer.tell({"key", "remove", passphrase}).exit_status == 5);
  CHECK(done(at.coffer, {"key", "list"}).at("slots") == 2);
  at.coffer.configure(kStoreAlone);
  CHECK(at.coffer.tell({"stats"}).exit_status == 12);

  // As a service gets it: the same file, passed on as a credential.
  at.coffer.configure(
      std::string{"[store]\nurl = \"store\"\npassphrase_file = \"credential:key\"\n"});
  test::CommandLine command = at.coffer.command({"--json", "key", "list"});
  command.environment["CREDENTIALS_DIRECTORY"] = (at.directory / "appliance").string();
  CHECK(test::run(command).exit_status == 0);
}

TEST_CASE("a passphrase is changed by adding one and removing the other", "[e2e][keys]") {
  Setting at;
  done(at.coffer, {"init"});
  const std::string old = slot_of(at.coffer, "passphrase");
  const auto file = at.directory / "new";
  CHECK(at.coffer.tell({"key", "add"}).exit_status == 2);
  CHECK(at.coffer.tell({"key", "add", "--passphrase-file", file.string()}).exit_status == 2);
  test::write_private_file(file, "another one, just as good\n");
  std::filesystem::permissions(file, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  CHECK(at.coffer.tell({"key", "add", "--passphrase-file", file.string()}).exit_status == 2);
  test::write_private_file(file, "another one, just as good\n");
  done(at.coffer, {"key", "add", "--passphrase-file", file.string()});

  REQUIRE(status_with(at.coffer, "another one, just as good") == 0);
  done(at.coffer, {"key", "remove", old});
  CHECK(status_with(at.coffer, "correct horse battery staple\n") == 12);
}

TEST_CASE("a new recovery key is told once and shuts the old one out", "[e2e][keys]") {
  Setting at;
  const std::string old = at.coffer.tell({"init"}).summary().at("recovery_key").get<std::string>();
  const test::Told told = at.coffer.tell({"key", "recovery"});
  REQUIRE(told.exit_status == 0);
  REQUIRE(told.of_type("recovery_key").size() == 1);
  const std::string printed = told.of_type("recovery_key")[0].at("recovery_key");
  CHECK(told.summary().at("removed").size() == 1);
  CHECK(told.summary().dump().find(printed) == std::string::npos);

  const auto file = at.directory / "recovery";
  CHECK(status_with(at.coffer, old) == 12);
  CHECK(status_with(at.coffer, printed) == 0);
  done(at.coffer, {"key", "recovery", "--recovery-key-file", file.string()});
  CHECK(status_with(at.coffer, printed) == 12);
  CHECK(status_with(at.coffer, std::string{base::as_text(base::read_file(file))}) == 0);
  CHECK(at.coffer.tell({"key", "recovery", "--recovery-key-file", file.string()}).exit_status == 2);
  CHECK(status_with(at.coffer, std::string{base::as_text(base::read_file(file))}) == 0);
}

TEST_CASE("a recovery key that nobody gets replaces nothing", "[e2e][keys]") {
  Setting at;
  const std::string old = at.coffer.tell({"init"}).summary().at("recovery_key").get<std::string>();
  CHECK(into_full_output(at.coffer, {"key", "recovery"}).exit_status != 0);
  CHECK(status_with(at.coffer, old) == 0);
  CHECK(at.coffer.tell({"key", "list"}).of_type("key_slot").size() == 2);
}

TEST_CASE("an init that was killed is run again, and one that made a store is told",
          "[e2e][keys]") {
  Setting at;
  const auto file = at.directory / "recovery";
  const std::vector<std::string> words{"init", "--recovery-key-file", file.string()};
  std::filesystem::create_directories(at.coffer.store() / "conf");
  std::filesystem::create_directories(at.coffer.store() / "keys");
  test::write_private_file(at.coffer.store() / "keys" / "0123456789abcdef.0", "half of a slot");
  test::write_private_file(file, "");
  done(at.coffer, words);
  CHECK(done(at.coffer, {"key", "list"}).at("slots") == 2);

  const test::Told again = at.coffer.tell(words);
  CHECK(again.exit_status == 2);
  CHECK_THAT(again.error().at("message").get<std::string>(),
             test::contains_text("there is a store at"));
  CHECK_THAT(again.error().at("remedy").get<std::string>(), test::contains_text("key recovery"));
  CHECK(status_with(at.coffer, std::string{base::as_text(base::read_file(file))}) == 0);
}

TEST_CASE("a store whose recovery key reached nobody says how to get one", "[e2e][keys]") {
  Setting at;
  const test::Finished full = into_full_output(at.coffer, {"init"});
  CHECK(full.exit_status == 1);
  CHECK_THAT(full.errors, test::contains_text("remedy: `coffer key recovery`"));
  CHECK(done(at.coffer, {"key", "recovery"}).at("removed").size() == 1);
}

TEST_CASE("people see their keys in a table, and are told what to do", "[e2e][keys]") {
  Setting at;
  done(at.coffer, {"init"});
  const test::Finished listed = at.coffer.show({"key", "list"});
  CHECK(listed.exit_status == 0);
  for (const char* told : {"passphrase", "recovery key", "3 whole", "256.0 MiB, 3 passes", "yes",
                           "2 key slots; new packs use key generation 1"}) {
    CHECK_THAT(listed.output, test::contains_text(told));
  }
  for (const std::string& line : base::split(listed.output, '\n')) CHECK(line.size() <= 80);
  const test::Finished missing = at.coffer.show({"key", "remove", "0123456789abcdef"});
  CHECK(missing.exit_status == 5);
  CHECK_THAT(missing.errors, test::contains_text("coffer key list"));
  const test::Finished mistyped = at.coffer.show({"key", "recover"});
  CHECK(mistyped.exit_status == 2);
  CHECK_THAT(mistyped.errors, test::contains_text("did you mean 'recovery'?"));
}
