#include "src/jobs/backup_job.h"

#include "src/base/error.h"
#include "store/memory_backend.h"
#include "tests/support/catch.h"
#include "tests/support/fake_directory.h"
#include "tests/support/fake_mailbox_service.h"
#include "tests/support/small_repository.h"

#include <map>
#include <string>
#include <vector>

namespace {

using base::Error;
using base::ErrorKind;
using graph::MailboxPurpose;
using Call = test::FakeMailboxService::Call;

struct FakeService {
  FakeService() {
    service.add_folder("inbox", "Inbox", "root", "inbox");
    service.put_item("inbox", "i", "content");
  }

  test::FakeDirectory directory;
  test::FakeMailboxService service;
};

// Two people's mailboxes, and a store.
struct Fixture {
  Fixture() {
    contoso.directory.add("ann", MailboxPurpose::user);
    contoso.directory.add("bob", MailboxPurpose::user);
    parts.push_back({{"contoso"}, contoso.directory, contoso.service, {{"all", {}}}, {}});
  }

  jobs::BackupReport run() {
    backup::RunProgress progress;
    settings.concurrent_mailboxes = 1;
    return jobs::run_backup_job(repository.repository(), parts, {}, settings, repository.clock(),
                                progress, {});
  }
  void name(const std::string& address) { parts.front().only = {address}; }

  store::MemoryBackend backend;
  test::SmallRepository repository{backend};
  FakeService contoso;
  std::vector<jobs::BackupPart> parts;
  jobs::BackupSettings settings;
};

int exit_of(const jobs::BackupReport& report) { return jobs::number(jobs::exit_status(report)); }

}  // namespace

TEST_CASE("an account that could not be asked about is a failed mailbox", "[jobs][backup]") {
  Fixture fixture;
  const auto kind = GENERATE(ErrorKind::unavailable, ErrorKind::protocol, ErrorKind::denied);
  fixture.contoso.directory.fails["id-bob"] = kind;
  const jobs::BackupReport report = fixture.run();
  CHECK(exit_of(report) == 3);
  const std::string told = jobs::to_json(jobs::summary(report));
  CHECK_THAT(told, test::contains_text(R"("complete":1,"partial":0,"failed":1,"skipped":0)"));
  CHECK_THAT(told, test::contains_text(R"("problems":[{"mailbox":"bob@contoso.com")"));
}

TEST_CASE("what no policy can select may stay without an answer", "[jobs][backup]") {
  Fixture fixture;
  fixture.contoso.directory.fails["id-bob"] = ErrorKind::unavailable;
  fixture.parts.front().policies = {{"ann", {{"ann@*"}, {}, {}}},
                                    {"others", {{"type:shared"}, {}, {}}}};
  CHECK(exit_of(fixture.run()) == 3);  // it may be a shared one
  fixture.settings.policy = "ann";
  CHECK(exit_of(fixture.run()) == 0);
  fixture.settings.policy.reset();
  fixture.parts.front().policies.pop_back();
  CHECK(exit_of(fixture.run()) == 0);
}

TEST_CASE("an account without an answer counts for every policy that may want it",
          "[jobs][backup]") {
  Fixture fixture;
  fixture.contoso.directory.fails["id-bob"] = ErrorKind::unavailable;
  fixture.parts.front().policies = {{"shared", {{"type:shared"}, {}, {}}},
                                    {"people", {{"*"}, {}, {}}},
                                    {"lost", {{"group:lost", "nobody@contoso.com"}, {}, {}}},
                                    {"lost too", {{"group:lost", "nobody@contoso.com"}, {}, {}}}};
  fixture.settings.policy = "people";
  CHECK(exit_of(fixture.run()) == 3);
  for (const char* policy : {"lost", "lost too"}) {
    CAPTURE(policy);
    fixture.settings.policy = policy;
    CHECK(fixture.run().mailboxes.size() == 2);  // what it names and nobody has
  }
}

TEST_CASE("what a run did not come to is told, with the accounts that gave no answer",
          "[jobs][backup]") {
  Fixture fixture;
  FakeService fabrikam;
  fabrikam.directory.add("eve", MailboxPurpose::user);
  fabrikam.directory.add("zoe", MailboxPurpose::user);
  fabrikam.directory.add("ghost", std::nullopt);
  fabrikam.directory.fails["id-zoe"] = ErrorKind::unavailable;
  fixture.parts.push_back({{"fabrikam"}, fabrikam.directory, fabrikam.service, {{"all", {}}}, {}});
  fixture.contoso.service.before_call = [](Call, const std::string&) {
    throw Error{ErrorKind::full, "the disk is full"};
  };
  const jobs::BackupReport report = fixture.run();
  CHECK(exit_of(report) == 14);
  std::map<std::string, backup::Outcome> told;
  for (const backup::MailboxReport& mailbox : report.mailboxes) {
    told[mailbox.address] = mailbox.outcome;
  }
  REQUIRE(told.contains("eve@contoso.com"));
  REQUIRE(told.contains("zoe@contoso.com"));
  CHECK((told["eve@contoso.com"] == backup::Outcome::skipped));
  CHECK((told["zoe@contoso.com"] == backup::Outcome::failed));
  REQUIRE(report.unprotectable.size() == 1);
  CHECK(report.unprotectable.front().address == "ghost@contoso.com");
}

TEST_CASE("a named account without an answer is told by the kind of what failed",
          "[jobs][backup]") {
  Fixture fixture;
  fixture.name("bob@contoso.com");
  fixture.contoso.directory.fails["id-bob"] = ErrorKind::unavailable;
  try {
    fixture.run();
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::unavailable);
    CHECK_THAT(error.what(), test::contains_text("bob@contoso.com"));
  }
}

TEST_CASE("a mailbox that has gone is skipped, unless it was named", "[jobs][backup]") {
  Fixture fixture;
  fixture.contoso.service.before_call = [](Call call, const std::string& mailbox) {
    if (call == Call::folder_changes && mailbox == "MBX:id-bob") {
      throw Error{ErrorKind::not_found, "the service has no such mailbox"};
    }
  };
  CHECK(exit_of(fixture.run()) == 0);

  fixture.name("bob@contoso.com");
  CHECK(exit_of(fixture.run()) == 5);
  fixture.parts.front().only.emplace_back("ann@contoso.com");
  CHECK(exit_of(fixture.run()) == 3);
}

TEST_CASE("a tenant that cannot be looked through leaves the others their backup",
          "[jobs][backup]") {
  Fixture fixture;
  FakeService fabrikam;
  fabrikam.directory.add("eve", MailboxPurpose::user);
  fixture.parts.push_back({{"fabrikam"}, fabrikam.directory, fabrikam.service, {{"all", {}}}, {}});
  const bool first = GENERATE(true, false);
  (first ? fixture.contoso : fabrikam).directory.sign_in_is_refused = true;
  const jobs::BackupReport report = fixture.run();
  CHECK(exit_of(report) == 3);
  REQUIRE(report.failed_tenants.size() == 1);
  CHECK(report.failed_tenants.front().name == (first ? "contoso" : "fabrikam"));
  CHECK(report.mailboxes.size() == (first ? 1 : 2));
}

TEST_CASE("when no tenant can be looked through, that is the error", "[jobs][backup]") {
  Fixture fixture;
  fixture.contoso.directory.sign_in_is_refused = true;
  CHECK_THROWS_AS(fixture.run(), Error);
}
