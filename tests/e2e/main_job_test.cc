// The main job, program against program: back up, let the tenant live, back up again, restore to an
// earlier time.
#include "src/base/digest.h"
#include "src/base/file.h"
#include "src/base/text.h"
#include "tests/e2e/appliance.h"
#include "tests/support/catch.h"

#include <set>

namespace {

using test::Json;

constexpr const char* kMailboxes = "3";

struct Setting {
  test::TemporaryDirectory directory;
  test::SimulatorProcess simulator{
      directory / "site",
      {"--mailboxes", kMailboxes, "--items", "90", "--bytes", "4MB", "--seed", "11"}};
  test::Appliance coffer{directory / "appliance", directory / "site"};
};

bool accounted_for(const Json& items) {
  return items.at("listed").get<std::uint64_t>() ==
         items.at("stored").get<std::uint64_t>() + items.at("unchanged").get<std::uint64_t>() +
             items.at("skipped").get<std::uint64_t>() + items.at("failed").get<std::uint64_t>();
}

// Of a backup that must be complete.
Json backed_up(const test::Appliance& coffer) {
  const test::Told told = coffer.tell({"backup"});
  INFO(told.errors);
  for (const Json& record : told.of_type("mailbox")) {
    INFO(record.dump());
    CHECK(accounted_for(record.at("items")));
    CHECK(record.at("status") != "failed");
  }
  const Json& summary = told.summary();
  INFO(summary.dump(1));
  CHECK(told.exit_status == 0);
  CHECK(summary.at("status") == "complete");
  CHECK(accounted_for(summary.at("items")));
  return summary;
}

std::string mailbox_address(const test::Told& mailboxes, const std::string& purpose) {
  for (const Json& record : mailboxes.of_type("mailbox")) {
    if (record.at("purpose") == purpose) return record.at("address");
  }
  FAIL("the simulated tenant has a mailbox of each purpose");
  return {};
}

std::string snapshot_of(const Json& summary, const std::string& address) {
  for (const Json& snapshot : summary.at("snapshots")) {
    if (snapshot.at("mailbox") == address) return snapshot.at("id");
  }
  FAIL("the run made a restore point of " + address);
  return {};
}

}  // namespace

TEST_CASE("a mailbox comes back as it was, into itself and into another one", "[e2e]") {
  Setting at;
  const test::Told created = at.coffer.tell({"init"});
  REQUIRE(created.exit_status == 0);
  CHECK_FALSE(created.summary().at("recovery_key").get<std::string>().empty());

  const test::Told before = at.coffer.tell({"mailboxes"});
  REQUIRE(before.exit_status == 0);
  for (const Json& record : before.of_type("mailbox")) {
    CHECK(record.at("protected") == false);
    CHECK(record.at("reason").is_string());
  }
  const std::string person = mailbox_address(before, "user");
  const std::string shared = mailbox_address(before, "shared");

  const Json first = backed_up(at.coffer);
  CHECK(first.at("items").at("stored") == first.at("items").at("listed"));
  const auto then = test::contents_of(at.simulator.get("state"), person);
  CHECK_FALSE(then.empty());

  // Nothing has changed: nothing is stored.
  const Json quiet = backed_up(at.coffer);
  CHECK(quiet.at("items").at("stored") == 0);
  CHECK(quiet.at("items").at("listed") == first.at("items").at("listed"));

  at.simulator.post("evolve", {{"days", 3}});
  const Json later = backed_up(at.coffer);
  CHECK(later.at("items").at("stored") > 0);
  CHECK(later.at("items").at("stored") < later.at("items").at("listed"));

  // Damage, then the first restore point into another mailbox and beside the damage.
  at.simulator.post("damage", {{"mailbox", person}});
  const std::string point = snapshot_of(first, person);
  for (const std::string& target : {shared, person}) {
    const std::vector<std::string> words{"restore", person, "--at",   point,
                                         "--to",    target, "--into", "Back"};
    const test::Told restored = at.coffer.tell(words);
    INFO(restored.summary().dump(1));
    CHECK(restored.exit_status == 0);
    CHECK(restored.summary().at("target") == target);
    CHECK(restored.summary().at("items").at("restored") == then.size());
    CHECK(restored.summary().at("items").at("verified") == then.size());
    CHECK(restored.of_type("item").size() == then.size());
    CHECK(test::contents_of(at.simulator.get("state"), target, "Back") == then);

    const test::Told again = at.coffer.tell(words);
    CHECK(again.exit_status == 0);
    CHECK(again.summary().at("items").at("restored") == 0);
    CHECK(again.summary().at("items").at("skipped") == then.size());
    CHECK(test::contents_of(at.simulator.get("state"), target, "Back") == then);
  }
}

TEST_CASE("a dry run changes nothing, and the default folder is named after the restore point",
          "[e2e]") {
  Setting at;
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  const Json backup = backed_up(at.coffer);
  const std::string person = mailbox_address(at.coffer.tell({"mailboxes"}), "user");
  const Json state = at.simulator.get("state");

  const test::Told dry = at.coffer.tell({"restore", person, "--dry-run"});
  CHECK(dry.exit_status == 0);
  CHECK(dry.summary().at("dry_run") == true);
  CHECK(dry.summary().at("items").at("restored") == 0);
  CHECK(dry.summary().at("planned").at("create") == dry.summary().at("items").at("selected"));
  CHECK(at.simulator.get("state") == state);

  const test::Told real =
      at.coffer.tell({"restore", person, "--folder", "Inbox", "--reason", "a test"});
  INFO(real.summary().dump(1));
  CHECK(real.exit_status == 0);
  CHECK(real.summary().at("reason") == "a test");
  std::string time;
  for (const Json& snapshot : backup.at("snapshots")) {
    if (snapshot.at("mailbox") == person) time = snapshot.at("time");
  }
  CHECK(real.summary().at("into") == "Restored " + time);
  const auto now = test::contents_of(at.simulator.get("state"), person, "Restored " + time);
  CHECK(now.size() == real.summary().at("items").at("restored").get<std::size_t>());
}

TEST_CASE("reading commands tell what the tenant had, without the tenant", "[e2e]") {
  Setting at;
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  const Json backup = backed_up(at.coffer);
  const std::string person = mailbox_address(at.coffer.tell({"mailboxes"}), "user");
  const auto then = test::contents_of(at.simulator.get("state"), person);
  // From here on the service is out of reach.
  at.coffer.configure(std::string{"[store]\nurl = \"store\"\npassphrase_file = \"passphrase\"\n"});

  const test::Told points = at.coffer.tell({"snapshots", person});
  CHECK(points.exit_status == 0);
  REQUIRE(points.of_type("snapshot").size() == 1);
  CHECK(points.of_type("snapshot")[0].at("items") == then.size());
  CHECK(points.of_type("snapshot")[0].at("complete") == true);

  const test::Told listed = at.coffer.tell({"ls", person, "--recursive"});
  test::Contents seen;
  std::string subject;
  for (const Json& item : listed.of_type("item")) {
    seen.emplace(item.at("folder"), item.at("sha256"));
    if (item.at("subject").is_string()) subject = item.at("subject");
  }
  CHECK(seen == then);
  CHECK(listed.summary().at("items") == then.size());

  const test::Told found = at.coffer.tell({"find", "--mailbox", person, "--subject", subject});
  CHECK(found.exit_status == 0);
  CHECK_FALSE(found.of_type("item").empty());
  for (const Json& item : found.of_type("item")) CHECK(item.at("mailbox") == person);
  CHECK(at.coffer.tell({"find", "--subject", "no such words anywhere"}).of_type("item").empty());

  const auto output = at.directory / "extracted";
  const test::Told extracted = at.coffer.tell({"extract", person, "--output", output.string()});
  INFO(extracted.summary().dump(1));
  CHECK(extracted.exit_status == 0);
  const Json manifest = Json::parse(base::as_text(base::read_file(output / "manifest.json")));
  REQUIRE(manifest.at("items").size() == then.size());
  for (const Json& item : manifest.at("items")) {
    const base::Bytes stream = base::read_file(output / item.at("file").get<std::string>());
    CHECK(stream.size() == item.at("size").get<std::size_t>());
    CHECK(base::sha256(stream).hex() == item.at("sha256").get<std::string>());
  }

  for (const char* level : {"structure", "full"}) {
    const test::Told checked = at.coffer.tell({"check", "--level", level});
    INFO(checked.summary().dump(1));
    CHECK(checked.exit_status == 0);
    CHECK(checked.summary().at("errors") == 0);
    CHECK(checked.summary().at("affected").empty());
  }
  std::filesystem::remove_all(at.coffer.store().string() + ".index");
  CHECK(at.coffer.tell({"rebuild-index"}).exit_status == 0);
  const test::Told relisted = at.coffer.tell({"ls", person});
  CHECK(relisted.records == listed.records);

  const test::Told stats = at.coffer.tell({"stats"});
  REQUIRE(stats.of_type("stats").size() == 1);
  CHECK(stats.of_type("stats")[0].at("snapshots") == backup.at("snapshots").size());
  CHECK(stats.of_type("stats")[0].at("stored_bytes") > 0);
}

TEST_CASE("doctor finds nothing wrong with a tenant that is ready", "[e2e]") {
  Setting at;
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  const test::Told told = at.coffer.tell({"doctor"});
  std::set<std::string> names;
  for (const Json& check : told.of_type("check")) {
    INFO(check.dump());
    CHECK(check.at("status") != "failed");
    CHECK((check.at("status") == "ok" || check.at("remedy").is_string() ||
           check.at("seen").is_string()));
    names.insert(check.at("name"));
  }
  CHECK(told.exit_status == 0);
  CHECK(told.summary().at("failed") == 0);
  for (const char* name :
       {"configuration", "store", "index", "sign-in of the backup app (contoso)",
        "sign-in of the restore app (contoso)", "clock (contoso)", "directory (contoso)",
        "right MailboxItem.Export.All of the backup app (contoso)"}) {
    CAPTURE(name);
    CHECK(names.contains(name));
  }
}

TEST_CASE("doctor tries the way out and back, and leaves nothing", "[e2e]") {
  Setting at;
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  const std::string mailbox = at.coffer.tell({"mailboxes"}).of_type("mailbox").at(0).at("address");
  const Json before = at.simulator.get("state");
  const test::Told told = at.coffer.tell({"doctor", "--round-trip", mailbox});
  CHECK(told.exit_status == 0);
  const std::vector<Json> checks = told.of_type("check");
  REQUIRE(checks.size() > 2);
  const Json& trip = checks[checks.size() - 2];  // before what the service made wait
  CHECK(trip.at("name") == "round trip of " + mailbox + " (contoso)");
  CHECK(trip.at("status") == "ok");
  CHECK(at.simulator.get("state").at("mailboxes") == before.at("mailboxes"));
  CHECK(at.coffer.tell({"doctor", "--round-trip", "nobody@contoso.com"}).exit_status == 5);
}

TEST_CASE("doctor warns where no recovery key opens the store", "[e2e]") {
  Setting at;
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  const auto status = [&] {
    for (const Json& check : at.coffer.tell({"doctor"}).of_type("check")) {
      if (check.at("name") == "recovery key") return check.at("status").get<std::string>();
    }
    return std::string{};
  };
  CHECK(status() == "ok");
  for (const Json& slot : at.coffer.tell({"key", "list"}).of_type("key_slot")) {
    if (slot.at("kind") != "recovery_key") continue;
    REQUIRE(at.coffer.tell({"key", "remove", "--force", slot.at("id")}).exit_status == 0);
  }
  CHECK(status() == "warning");
}

TEST_CASE("people get tables that fit, and nothing but results when quiet", "[e2e]") {
  Setting at;
  const test::Finished created =
      at.coffer.show({"init", "--recovery-key-file", (at.directory / "recovery").string()});
  REQUIRE(created.exit_status == 0);
  CHECK_THAT(created.output, test::contains_text("Created the store"));
  CHECK(std::filesystem::status(at.directory / "recovery").permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  const test::Finished backup = at.coffer.show({"backup"});
  CHECK(backup.exit_status == 0);
  CHECK(backup.errors.empty());  // no progress bar where there is no terminal
  CHECK_THAT(backup.output, test::contains_text("Backup complete: 3 mailboxes in "));
  const test::Finished quiet = at.coffer.show({"--quiet", "backup"});
  CHECK(quiet.output.empty());
  const test::Finished mailboxes = at.coffer.show({"mailboxes"});
  for (const std::string& line : base::split(mailboxes.output, '\n')) {
    if (line.starts_with("not protected: ")) continue;  // a sentence, whatever its length
    INFO(line);
    CHECK(line.size() <= 84);  // 80 columns; an ellipsis has three bytes
  }
  CHECK(at.coffer.show({"--version"}).output.starts_with("coffer "));
  // The recovery key opens the store, too.
  test::write_private_file(at.coffer.passphrase_file(),
                           std::string{base::as_text(base::read_file(at.directory / "recovery"))});
  CHECK(at.coffer.show({"stats"}).exit_status == 0);
}
