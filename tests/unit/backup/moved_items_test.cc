// Items that are moved inside a mailbox, under their id or another one.
#include "src/backup/mailbox_backup.h"
#include "tests/support/catch.h"
#include "tests/support/fake_tenant.h"
#include "tests/unit/backup/checked_report.h"

#include <algorithm>
#include <string>
#include <vector>

namespace {

using backup::MailboxReport;
using Call = test::FakeMailboxService::Call;
using test::check_complete;
using test::check_counts;

// Of all items of the restore point, in order.
std::vector<std::string> subjects_of(test::FakeTenant& tenant, const store::Snapshot& point) {
  std::vector<std::string> subjects;
  tenant.repository().tenant().open_snapshot(point)->displayed_items(
      std::nullopt, [&](const store::ItemEntry&, const store::ItemDisplay& display) {
        subjects.push_back(display.subject);
        return true;
      });
  std::sort(subjects.begin(), subjects.end());
  return subjects;
}

}  // namespace

TEST_CASE("an item moved inside the mailbox keeps its stored content and details", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(5);
  tenant.back_up();
  tenant.service().move_item("inbox", "work", "item 2");  // told after the folder it left
  tenant.service().move_item("inbox", "sent", "item 3");
  const MailboxReport there = tenant.back_up();
  check_complete(there);
  check_counts(there, {5, 0, 5, 0, 0});
  CHECK(tenant.service().exported().empty());
  CHECK(tenant.service().calls(Call::item_details) == 0);
  CHECK(tenant.stored() == tenant.present());

  tenant.service().move_item("work", "inbox", "item 2");  // told before the folder it left
  const MailboxReport back = tenant.back_up();
  check_counts(back, {5, 0, 5, 0, 0});
  CHECK(tenant.service().exported().empty());
  CHECK(tenant.stored() == tenant.present());
  CHECK(subjects_of(tenant, *back.snapshot) ==
        std::vector<std::string>{"about item 0", "about item 1", "about item 2", "about item 3",
                                 "about item 4"});
}

TEST_CASE("an item that got another id by a move keeps its stored content", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(5);
  tenant.service().put_item("work", "plan", "of the folder that goes");
  tenant.back_up();
  tenant.service().move_item_anew("inbox", "work", "item 2", "item 2 in work");
  tenant.service().move_item_anew("inbox", "inbox", "item 3", "item 3 that came back");
  tenant.service().move_item_anew("work", "sent", "plan", "plan in sent");
  SECTION("told by the folders they left") {}
  SECTION("told by nothing but that the folder is gone") {
    tenant.service().move_item_anew("work", "sent", "item 2 in work", "item 2 in sent");
    tenant.service().remove_folder("work");
  }
  const MailboxReport report = tenant.back_up();
  check_complete(report);
  check_counts(report, {6, 0, 6, 0, 0});
  CHECK(tenant.service().exported().empty());
  CHECK(tenant.stored() == tenant.present());
  CHECK(subjects_of(tenant, *report.snapshot).front() == "about item 0");
  CHECK(subjects_of(tenant, *report.snapshot).back() == "about plan");

  tenant.service().forget_calls();
  check_counts(tenant.back_up(), {6, 0, 6, 0, 0});
  CHECK(tenant.service().calls(Call::item_details) == 0);
}

TEST_CASE("one item that left may be two that came", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  tenant.back_up();
  tenant.service().move_item_anew("inbox", "work", "item 1", "moved");
  tenant.service().put_item("work", "twin", "soon another");
  tenant.service().item("work", "twin") = tenant.service().item("work", "moved");
  const MailboxReport report = tenant.back_up();
  check_complete(report);
  check_counts(report, {4, 0, 4, 0, 0});
  CHECK(tenant.service().exported().empty());
  CHECK(tenant.stored() == tenant.present());
}

TEST_CASE("what came under another id is exported unless nothing else can have happened",
          "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  tenant.back_up();
  tenant.service().move_item_anew("inbox", "work", "item 1", "moved");
  auto& moved = tenant.service().item("work", "moved");
  SECTION("edited meanwhile, to the same size") {
    moved.received = *moved.received + std::chrono::seconds{1};
    moved.content.back() = '?';
  }
  SECTION("read meanwhile, which no size or time shows") { moved.change_key = "read"; }
  SECTION("of another size") { moved.content += " and more"; }
  SECTION("of another class") { moved.item_class = "IPM.Task"; }
  SECTION("of another search key") { moved.search_key = "other"; }
  SECTION("without a search key") { moved.search_key = ""; }
  SECTION("nothing is told of it") { tenant.service().withhold_details(true); }
  SECTION("nothing can be told of it") {
    tenant.service().before_call = [](Call call, const std::string&) {
      if (call == Call::item_details) throw base::Error{base::ErrorKind::unavailable, "not now"};
    };
  }
  SECTION("changed between the feed and the question") {
    tenant.service().before_call = [&](Call call, const std::string&) {
      if (call == Call::item_details) moved.change_key = "newer";
    };
  }
  const MailboxReport report = tenant.back_up();
  CHECK(report.items.stored == 1);
  CHECK(report.items.unchanged == 2);
  CHECK(tenant.service().exported() == std::vector<std::string>{"moved"});
  CHECK(tenant.stored() == tenant.present());
}
