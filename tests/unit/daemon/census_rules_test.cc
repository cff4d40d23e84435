#include "src/daemon/census_rules.h"

#include "src/backup/discovery.h"
#include "src/daemon/census_file.h"
#include "tests/support/catch.h"
#include "tests/support/fake_directory.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/virtual_clock.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace {

using appliance::CountedMailbox;
using appliance::Protection;
using appliance::SeenAccount;
using graph::MailboxPurpose;
using std::chrono::hours;

const store::TenantDomain kTenant{"contoso"};

struct Fixture {
  std::vector<SeenAccount> look(const std::vector<SeenAccount>& before = {}) {
    backup::DiscoverySettings settings;
    settings.tenant = kTenant;
    settings.policies = policies;
    const auto found = backup::discover(directory, settings, points, clock, {});
    const std::set<std::string> ann{"id-ann"};
    return appliance::accounts_seen(
        found, policies, [&](const std::string&) -> const std::set<std::string>& { return ann; },
        before, clock.now());
  }
  store::Snapshot& back_up(const std::string& name, base::Duration ago, bool complete = true) {
    store::Snapshot& point = points.emplace_back();
    point.id = "point-" + std::to_string(points.size());
    point.tenant = kTenant;
    point.mailbox_id = "MBX:id-" + name;
    point.address = name + "@contoso.com";
    point.policy = "nightly";
    point.time = clock.now() - ago;
    point.complete = complete;
    point.items = 7;
    return point;
  }
  std::vector<CountedMailbox> count(const std::vector<SeenAccount>& accounts,
                                    const std::vector<std::string>& tenants = {"contoso"}) {
    return appliance::counted_mailboxes(
        {{"contoso", accounts, clock.now(), ""}}, tenants,
        appliance::stored_mailboxes(points, holds),
        [](const std::string& policy) -> std::optional<base::Duration> {
          if (policy != "nightly") return std::nullopt;
          return hours{48};
        },
        clock.now());
  }
  CountedMailbox one(const std::string& name) {
    for (const CountedMailbox& mailbox : count(look())) {
      if (mailbox.address == name + "@contoso.com") return mailbox;
    }
    FAIL("no " << name);
    return {};
  }

  test::VirtualClock clock;
  test::FakeDirectory directory;
  std::vector<backup::NamedPolicy> policies{{"nightly", {{"*"}, {"svc-*"}, {}}}};
  std::vector<store::Snapshot> points;
  std::vector<store::Hold> holds;
};

}  // namespace

TEST_CASE("a mailbox is as protected as its last good backup is young", "[daemon][census]") {
  Fixture at;
  at.directory.add("ann", MailboxPurpose::user);
  struct Row {
    std::string name;
    std::optional<hours> age;
    bool complete;
    Protection protection;
    std::string reason;
  };
  const Row row =
      GENERATE(Row{"never", std::nullopt, true, Protection::unprotected, "not backed up yet"},
               Row{"partly", hours{1}, false, Protection::unprotected, "no complete backup yet"},
               Row{"young", hours{48}, true, Protection::is_protected, ""},
               Row{"old", hours{49}, true, Protection::at_risk,
                   "its last good backup is older than promised"});
  CAPTURE(row.name);
  if (row.age) at.back_up("ann", *row.age, row.complete);
  const CountedMailbox ann = at.one("ann");
  CHECK(ann.protection == row.protection);
  CHECK(ann.reason == row.reason);
  CHECK(ann.policy == "nightly");
  CHECK(ann.snapshots == at.points.size());
}

TEST_CASE("who is left out on purpose is told from who was overlooked", "[daemon][census]") {
  Fixture at;
  at.directory.add("svc-scan", MailboxPurpose::user);
  at.directory.add("ann", MailboxPurpose::user);
  CHECK(at.one("svc-scan").protection == Protection::excluded);
  CHECK(at.one("svc-scan").reason == "policy nightly leaves it out");
  SECTION("another policy may select it") {
    at.policies.push_back({"rest", {{"*"}, {}, {}}});
    CHECK(at.one("svc-scan").policy == "rest");
    CHECK(at.one("svc-scan").protection == Protection::unprotected);
  }
  SECTION("no policy includes it") {
    at.policies = {{"nightly", {{"ann@contoso.com"}, {"svc-*"}, {}}}};
    CHECK(at.one("svc-scan").protection == Protection::unprotected);
    CHECK(at.one("svc-scan").reason == "no policy selects it");
  }
}

TEST_CASE("accounts without a mailbox say why", "[daemon][census]") {
  Fixture at;
  at.directory.add("ann", MailboxPurpose::user);
  at.directory.add("old", std::nullopt);
  CHECK(at.one("old").protection == Protection::unsupported);
  CHECK_THAT(at.one("old").reason, test::contains_text("on-premise"));
}

TEST_CASE("an account that does not answer keeps its last look", "[daemon][census]") {
  Fixture at;
  at.directory.add("ann", MailboxPurpose::user);
  at.directory.add("bob", MailboxPurpose::shared);
  const auto before = at.look();
  at.clock.advance(hours{1});
  at.directory.fails["id-bob"] = base::ErrorKind::unavailable;
  const auto after = at.look(before);
  const auto bob = std::ranges::find(after, "id-bob", &SeenAccount::user_id);
  REQUIRE(bob != after.end());
  CHECK(*bob == *std::ranges::find(before, "id-bob", &SeenAccount::user_id));
  // One that was never seen is not protected, and says why.
  const auto unknown = at.count(at.look());
  CHECK(unknown[1].protection == Protection::unprotected);
  CHECK_THAT(unknown[1].reason, test::contains_text("no answer"));
}

TEST_CASE("the first look at an account is remembered", "[daemon][census]") {
  Fixture at;
  at.directory.add("ann", MailboxPurpose::user);
  const auto before = at.look();
  at.clock.advance(hours{24});
  CHECK(at.look(before).front().seen_first == at.clock.now() - hours{24});
  CHECK(at.look().front().seen_first == at.clock.now());
}

TEST_CASE("mailboxes whose accounts are gone keep their restore points", "[daemon][census]") {
  Fixture at;
  at.directory.add("ann", MailboxPurpose::user);
  at.back_up("gone", hours{2});
  const CountedMailbox gone = at.one("gone");
  CHECK(gone.protection == Protection::unsupported);
  CHECK(gone.mailbox_id == "MBX:id-gone");
  CHECK(gone.snapshots == 1);
}

TEST_CASE("mailboxes of a tenant that is not configured any more are told", "[daemon][census]") {
  Fixture at;
  at.back_up("ann", hours{2});
  const auto counted = at.count({}, {});
  REQUIRE(counted.size() == 1);
  CHECK(counted[0].protection == Protection::unsupported);
  CHECK_THAT(counted[0].reason, test::contains_text("not configured"));
}

TEST_CASE("before the first look the store alone tells of mailboxes", "[daemon][census]") {
  Fixture at;
  at.back_up("ann", hours{2});
  const auto counted = appliance::counted_mailboxes(
      {}, {"contoso"}, appliance::stored_mailboxes(at.points, {}),
      [](const std::string&) { return std::optional<base::Duration>{hours{48}}; }, at.clock.now());
  REQUIRE(counted.size() == 1);
  CHECK(counted[0].protection == Protection::is_protected);
  CHECK(appliance::first_change(counted) == at.clock.now() + hours{46} + base::Duration{1});
}

TEST_CASE("a hold shows at its mailbox", "[daemon][census]") {
  Fixture at;
  at.directory.add("ann", MailboxPurpose::user);
  at.back_up("ann", hours{2});
  CHECK_FALSE(at.one("ann").held);
  at.holds.emplace_back().mailbox_id = "MBX:id-ann";
  CHECK(at.one("ann").held);
}

TEST_CASE("what was found is kept in a file", "[daemon][census]") {
  Fixture at;
  at.directory.add("ann", MailboxPurpose::user);
  at.directory.add("old", std::nullopt);
  const test::TemporaryDirectory directory;
  const auto accounts = at.look();
  appliance::write_census(directory / "census", {{"contoso", accounts, at.clock.now(), "none"}});
  const auto read = appliance::read_census(directory / "census");
  REQUIRE(read.size() == 1);
  CHECK(read[0].accounts == accounts);
  CHECK(read[0].looked == at.clock.now());
  CHECK(read[0].problem == "none");
  CHECK(appliance::read_census(directory / "nothing").empty());
}
