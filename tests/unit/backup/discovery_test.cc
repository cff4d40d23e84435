#include "src/backup/discovery.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/graph/mailbox_service.h"
#include "tests/support/catch.h"
#include "tests/support/fake_directory.h"
#include "tests/support/virtual_clock.h"

#include <algorithm>
#include <atomic>
#include <map>

namespace {

using backup::Discovery;
using base::ErrorKind;
using graph::MailboxPurpose;

struct Fixture {
  Fixture() {
    directory.add("ann", MailboxPurpose::user);
    directory.add("info", MailboxPurpose::shared);
    directory.add("bob", MailboxPurpose::user);
    directory.add("ghost", std::nullopt);
    settings.tenant = {"contoso.com"};
    settings.lanes = 1;
  }

  Discovery discover() {
    directory.asked = 0;
    return backup::discover(directory, settings, known, clock, {}, recall);
  }

  // As if all that was found had been backed up.
  void remember(const Discovery& found) {
    known.clear();
    for (const backup::Mailbox& mailbox : found.mailboxes) {
      store::Snapshot snapshot;
      snapshot.tenant = settings.tenant;
      snapshot.mailbox_id = mailbox.id.value;
      snapshot.address = mailbox.address;
      snapshot.purpose = graph::name(mailbox.purpose);
      snapshot.time = clock.now();
      remembered[mailbox.id.value] = {mailbox.user.id, mailbox.purpose_seen};
      known.push_back(std::move(snapshot));
    }
  }

  test::VirtualClock clock;
  test::FakeDirectory directory;
  backup::DiscoverySettings settings;
  std::vector<store::Snapshot> known;
  std::map<std::string, backup::Remembered> remembered;
  backup::Recall recall =
      [this](const store::Snapshot& snapshot) -> std::optional<backup::Remembered> {
    return remembered.at(snapshot.mailbox_id);
  };
};

std::vector<std::string> addresses(const Discovery& found) {
  std::vector<std::string> addresses;
  for (const backup::Mailbox& mailbox : found.mailboxes) addresses.push_back(mailbox.address);
  return addresses;
}

}  // namespace

TEST_CASE("every account is found: protected, not selected, or without a mailbox", "[backup]") {
  Fixture tenant;
  tenant.settings.policies = {{"shared", {{"type:shared"}, {}, {}}},
                              {"people", {{"*"}, {"bob@*"}, {}}}};
  const Discovery found = tenant.discover();
  REQUIRE(addresses(found) ==
          std::vector<std::string>{"info@contoso.com", "ann@contoso.com", "bob@contoso.com"});
  CHECK(found.mailboxes[0].policy == "shared");
  CHECK_FALSE(found.mailboxes[0].user.account_enabled);
  CHECK(found.mailboxes[1].policy == "people");
  CHECK(found.mailboxes[2].policy.empty());
  REQUIRE(found.unprotectable.size() == 1);
  CHECK(found.unprotectable[0].address == "ghost@contoso.com");
  CHECK(found.unprotectable[0].code == "MailboxNotEnabledForRESTAPI");
}

TEST_CASE("mailboxes come in the order that their policy gives", "[backup]") {
  Fixture tenant;
  tenant.settings.policies = {{"all", {{"*"}, {}, {"type:shared", "bob@*", "*"}}}};
  CHECK(addresses(tenant.discover()) ==
        std::vector<std::string>{"info@contoso.com", "bob@contoso.com", "ann@contoso.com"});
}

TEST_CASE("a group that is gone costs its entry only, and is told", "[backup]") {
  Fixture tenant;
  tenant.settings.policies = {{"team", {{"group:g"}, {}, {}}}};
  CHECK(tenant.discover().mailboxes.front().address == "ann@contoso.com");
  tenant.settings.policies = {{"team", {{"group:lost"}, {}, {}}}, {"rest", {{"*"}, {}, {}}}};
  const Discovery found = tenant.discover();
  CHECK(found.mailboxes.size() == 3);
  const backup::Unprotectable& group = found.unprotectable.back();
  CHECK(group.address == "group:lost");
  CHECK((group.failure == ErrorKind::not_found));
  CHECK(group.policies == std::vector<std::string>{"team"});
  CHECK_THAT(group.reason, test::contains_text("team"));
}

TEST_CASE("an included address that no account has is told", "[backup]") {
  Fixture tenant;
  tenant.settings.policies = {
      {"few", {{"ANN@contoso.com", "bob@contoso.onmicrosoft.com", "anna@contoso.com"}, {}, {}}}};
  const Discovery found = tenant.discover();
  REQUIRE(found.unprotectable.size() == 2);
  CHECK(found.unprotectable[1].address == "anna@contoso.com");
  CHECK(found.unprotectable[1].code == "NoSuchAccount");
  CHECK((found.unprotectable[1].failure == ErrorKind::not_found));
  CHECK(found.unprotectable[1].policies == std::vector<std::string>{"few"});
}

TEST_CASE("what is remembered is not asked for again, for a week", "[backup]") {
  Fixture tenant;
  tenant.remember(tenant.discover());
  tenant.clock.advance(std::chrono::hours{24});
  const Discovery next_day = tenant.discover();
  CHECK(tenant.directory.asked == 1);  // the account without a mailbox
  CHECK(addresses(next_day).size() == 3);
  CHECK((next_day.mailboxes[2].purpose == MailboxPurpose::shared));

  tenant.remember(next_day);
  tenant.clock.advance(std::chrono::hours{24 * 6});
  tenant.discover();
  CHECK(tenant.directory.asked == 7);
}

TEST_CASE("a mailbox is remembered by its account, whatever address it has", "[backup]") {
  Fixture tenant;
  tenant.remember(tenant.discover());
  tenant.directory.rename("ann", "bob@contoso.com");
  tenant.directory.rename("bob", "ann@contoso.com");
  for (const backup::Mailbox& mailbox : tenant.discover().mailboxes) {
    CHECK(mailbox.id.value == "MBX:" + mailbox.user.id);
  }
}

TEST_CASE("a mailbox whose account has vanished shows", "[backup]") {
  Fixture tenant;
  tenant.remember(tenant.discover());
  tenant.directory.remove("bob");
  const Discovery found = tenant.discover();
  REQUIRE(found.unprotectable.size() == 2);
  CHECK(found.unprotectable[1].address == "bob@contoso.com");
  CHECK(found.unprotectable[1].code == "AccountGone");
}

TEST_CASE("only the named are looked up, each once", "[backup]") {
  Fixture tenant;
  for (const char* name : {"ann@contoso.com", "ann@contoso.onmicrosoft.com", "id-ann"}) {
    CAPTURE(name);
    tenant.settings.only = {name, "ann@contoso.com"};
    CHECK(addresses(tenant.discover()) == std::vector<std::string>{"ann@contoso.com"});
  }
  tenant.settings.only = {"nobody@contoso.com"};
  CHECK_THROWS_WITH(tenant.discover(), test::contains_text("nobody@contoso.com"));
}

TEST_CASE("an account that the service does not tell about costs that account", "[backup]") {
  Fixture tenant;
  tenant.settings.policies = {{"all", {{"*"}, {}, {}}}};
  tenant.directory.fails["id-bob"] = ErrorKind::unavailable;
  Discovery found = tenant.discover();
  CHECK(found.mailboxes.size() == 2);
  REQUIRE(found.unprotectable.size() == 2);
  // A failure where a policy may want it, else nothing to worry about.
  const auto bob = [&found] {
    return *std::find_if(
        found.unprotectable.begin(), found.unprotectable.end(),
        [](const backup::Unprotectable& account) { return account.address == "bob@contoso.com"; });
  };
  CHECK((bob().failure == ErrorKind::unavailable));
  tenant.settings.policies = {{"all", {{"*"}, {"bob@*"}, {}}}};
  found = tenant.discover();
  CHECK_FALSE(bob().failure);

  tenant.directory.fails.clear();
  tenant.remember(tenant.discover());
  tenant.directory.fails["id-bob"] = ErrorKind::unavailable;
  tenant.clock.advance(std::chrono::hours{24 * 8});
  found = tenant.discover();
  CHECK(found.mailboxes.size() == 3);  // remembered, though not for certain
}

TEST_CASE("accounts without an answer do not keep the others from their backup", "[backup]") {
  Fixture tenant;
  const auto kind = GENERATE(ErrorKind::unavailable, ErrorKind::protocol);
  tenant.remember(tenant.discover());
  for (int i = 0; i < 9; ++i) {
    const std::string name = base::text("odd", i);
    tenant.directory.add(name, MailboxPurpose::user);
    tenant.directory.fails["id-" + name] = kind;
  }
  // The others are known and not asked about: nothing but odd ones in a row.
  const Discovery found = tenant.discover();
  CHECK(found.mailboxes.size() == 3);
  CHECK(found.unprotectable.size() == 10);
  // A service that is away is not waited for again and again.
  CHECK(tenant.directory.asked <= (kind == ErrorKind::unavailable ? 6 : 10));
}

TEST_CASE("a service that is away is told as such", "[backup]") {
  Fixture tenant;
  for (int i = 0; i < 9; ++i) tenant.directory.add(base::text("new", i), MailboxPurpose::user);
  for (const char* name : {"ann", "info", "bob", "ghost"}) tenant.directory.remove(name);
  for (int i = 0; i < 9; ++i) {
    tenant.directory.fails[base::text("id-new", i)] = ErrorKind::unavailable;
  }
  CHECK_THROWS_WITH(tenant.discover(), test::contains_text("no answer"));
  CHECK(tenant.directory.asked == 5);
}

TEST_CASE("a refused sign-in is not taken for accounts without mailboxes", "[backup]") {
  Fixture tenant;
  tenant.directory.sign_in_is_refused = true;
  CHECK_THROWS_AS(tenant.discover(), graph::SignInRefused);
  CHECK(tenant.directory.asked == 1);
}

TEST_CASE("an account outside the app's scope costs that account, the whole tenant is an error",
          "[backup]") {
  Fixture tenant;
  tenant.directory.fails["id-bob"] = ErrorKind::denied;
  const Discovery found = tenant.discover();
  CHECK(found.mailboxes.size() == 2);
  CHECK(found.unprotectable.size() == 2);

  for (const char* id : {"id-ann", "id-info"}) tenant.directory.fails[id] = ErrorKind::denied;
  CHECK_THROWS_WITH(tenant.discover(), test::contains_text("asking for the mailbox of"));
}

TEST_CASE("accounts asked about side by side are found the same", "[backup]") {
  Fixture tenant;
  for (int i = 0; i < 50; ++i)
    tenant.directory.add("user" + std::to_string(i), MailboxPurpose::user);
  const Discovery one_by_one = tenant.discover();
  tenant.settings.lanes = 8;
  CHECK(addresses(tenant.discover()) == addresses(one_by_one));
}
