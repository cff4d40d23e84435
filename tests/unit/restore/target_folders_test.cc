#include "src/restore/target_folders.h"

#include "src/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/fake_mailbox_service.h"

namespace {

using Call = test::FakeMailboxService::Call;

// "Restored" with "Inbox" in it.
restore::Plan small_plan() {
  restore::Plan plan;
  plan.folders.resize(3);
  plan.folders[1].display_name = "Restored";
  plan.folders[2].display_name = "Inbox";
  plan.folders[2].parent = 1;
  return plan;
}

struct Fixture {
  [[nodiscard]] restore::TargetFolders list() { return {service, mailbox, {}}; }

  test::FakeMailboxService service;
  graph::MailboxId mailbox{"MBX:1"};
};

}  // namespace

TEST_CASE("a mailbox that takes no items gets no folders", "[restore]") {
  Fixture fixture;
  fixture.service.before_call = [](Call call, const std::string&) {
    if (call == Call::prepare_import) {
      throw base::Error{base::ErrorKind::denied, "a foreign import host"};
    }
  };
  restore::TargetFolders folders = fixture.list();
  CHECK_THROWS_AS(folders.resolve(small_plan(), false), base::Error);
  CHECK(folders.created() == 0);
  CHECK(fixture.service.calls(Call::create_folder) == 0);
}

TEST_CASE("where no folder is missing, nothing is asked for the import", "[restore]") {
  Fixture fixture;
  fixture.service.add_folder("r", "Restored");
  fixture.service.add_folder("i", "Inbox", "r");
  restore::TargetFolders folders = fixture.list();
  CHECK(folders.resolve(small_plan(), false).back().id == "i");
  CHECK(folders.reused() == 2);
  CHECK(fixture.service.calls(Call::prepare_import) == 0);
}

TEST_CASE("a folder that the feed did not tell of counts as reused", "[restore]") {
  Fixture fixture;
  restore::TargetFolders folders = fixture.list();
  fixture.service.add_folder("late", "Restored");
  const auto resolved = folders.resolve(small_plan(), false);
  CHECK(resolved[1].id == "late");
  CHECK(folders.reused() == 1);
  CHECK(folders.created() == 1);
}
