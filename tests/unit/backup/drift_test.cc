// What a full listing shows, and when there is one.
#include "src/backup/mailbox_backup.h"
#include "tests/support/catch.h"
#include "tests/support/fake_tenant.h"
#include "tests/unit/backup/checked_report.h"

#include <utility>

namespace {

using backup::MailboxReport;
using Call = test::FakeMailboxService::Call;
using test::check_complete;

}  // namespace

TEST_CASE("a full listing finds what the feeds did not tell, and says so", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(10);
  tenant.service().poison("item 9", {"ErrorCorruptData", "corrupt", false});
  tenant.back_up();
  const auto never_told = [&](const std::string& id) {
    tenant.service().keep_quiet_about("inbox", id);
  };
  tenant.service().put_item("inbox", "item 3", "changed, and told");
  tenant.service().put_item("inbox", "item 4", "changed, and never told");
  tenant.service().put_item("inbox", "new", "never told");
  tenant.service().remove_item("inbox", "item 5");
  tenant.service().remove_item("inbox", "item 6");
  for (const char* id : {"item 4", "new", "item 5"}) never_told(id);
  SECTION("asked for") { tenant.back_up(); }
  SECTION("asked for at once") {}
  const MailboxReport report = tenant.back_up({.full = true});
  REQUIRE(report.drift);
  CHECK(*report.drift == backup::Drift{.missing = 1, .outdated = 1, .remaining = 1});
  tenant.service().heal("item 9");
  const MailboxReport again = tenant.back_up({.full = true});
  CHECK(again.drift == backup::Drift{});
  CHECK(tenant.stored() == tenant.present());
}

TEST_CASE("an item that waits to be tried again is no drift", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  tenant.back_up();
  tenant.service().put_item("inbox", "item 1", "changed");
  tenant.service().poison("item 1", {"ErrorCorruptData", "corrupt", false});
  tenant.back_up();
  CHECK(tenant.back_up({.full = true}).drift == backup::Drift{});
}

TEST_CASE("a feed that cannot be heard any more is healed by a full listing", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  tenant.back_up();
  tenant.service().put_item("inbox", "new", "told by the listing alone");
  bool was_asked = false;
  tenant.service().before_call = [&](Call call, const std::string& folder) {
    if (call != Call::item_changes || folder != "inbox" || std::exchange(was_asked, true)) return;
    throw base::Error{base::ErrorKind::unavailable, "500, whenever this link is asked for"};
  };
  const MailboxReport report = tenant.back_up({.full = true});
  CHECK(was_asked);
  check_complete(report);
  CHECK(tenant.stored() == tenant.present());
}

TEST_CASE("what changes while everything is listed is no drift", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(10);
  tenant.back_up();
  int listings = 0;
  tenant.service().before_call = [&](Call call, const std::string& folder) {
    if (call != Call::item_changes || folder != "inbox" || ++listings != 2) return;
    tenant.service().put_item("inbox", "item 3", "changed after the feed had spoken");
    tenant.service().put_item("inbox", "new", "as new");
    tenant.service().remove_item("inbox", "item 5");
  };
  CHECK(tenant.back_up({.full = true}).drift == backup::Drift{});
  CHECK(listings == 3);
  CHECK(tenant.stored() == tenant.present());
}

TEST_CASE("every few weeks everything is listed, without anybody asking", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  tenant.back_up();
  tenant.service().put_item("inbox", "new", "never told");
  tenant.service().keep_quiet_about("inbox", "new");
  int days = 1;
  while (!tenant.back_up().drift) REQUIRE(++days < 40);
  CHECK(days >= 21);
  CHECK(days <= 28);
  CHECK(tenant.stored() == tenant.present());
  for (int day = 0; day < 20; ++day) CHECK_FALSE(tenant.back_up().drift);
}
