#include "src/backup/export_lanes.h"
#include "src/backup/mailbox_backup.h"
#include "src/base/text.h"
#include "tests/support/catch.h"
#include "tests/support/fake_tenant.h"
#include "tests/unit/backup/checked_report.h"

#include <algorithm>

namespace {

using backup::MailboxReport;
using backup::Outcome;
using base::Error;
using base::ErrorKind;
using Call = test::FakeMailboxService::Call;
using test::check_complete;
using test::check_counts;

constexpr std::uint64_t kBatch = backup::ExportLanes::kMostItems;

}  // namespace

TEST_CASE("a poison item costs one item, and is tried again", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(50);
  tenant.service().poison("item 7", {"ErrorCorruptData", "the item is damaged", false});

  const MailboxReport first = tenant.back_up();
  CHECK((first.outcome == Outcome::partial));
  check_counts(first, {50, 49, 0, 0, 1});
  REQUIRE(first.problems.size() == 1);
  CHECK(first.problems[0].item == "item 7");
  CHECK(first.problems[0].code == "ErrorCorruptData");
  CHECK(first.problems[0].folder == "Inbox");
  CHECK(first.problems[0].next == "retry next run");
  REQUIRE(first.snapshot);
  CHECK_FALSE(first.snapshot->complete);

  const MailboxReport second = tenant.back_up();
  CHECK((second.outcome == Outcome::partial));
  check_counts(second, {50, 0, 49, 0, 1});
  CHECK(tenant.service().exported() == std::vector<std::string>{"item 7"});
  CHECK(tenant.notes().retry.at("inbox").at("item 7").attempts == 2);

  tenant.service().heal("item 7");
  const MailboxReport third = tenant.back_up();
  check_complete(third);
  check_counts(third, {50, 1, 49, 0, 0});
  CHECK(tenant.stored() == tenant.present());
  CHECK(tenant.notes().retry.empty());
  check_counts(tenant.back_up(), {50, 0, 50, 0, 0});
}

TEST_CASE("an endless id costs its item, every time", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  const std::string endless(5000, 'x');
  tenant.service().put_item("inbox", endless, "content");
  for (int run = 0; run < 2; ++run) {
    const MailboxReport report = tenant.back_up();
    CHECK((report.outcome == Outcome::partial));
    CHECK(report.items.failed == 1);
    REQUIRE(report.problems.size() == 1);
    CHECK(report.problems[0].code == "IdTooLong");
    CHECK(tenant.stored().at("Inbox").size() == 3);
  }
}

TEST_CASE("the older version of an item that fails stays in the snapshot", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  tenant.back_up();
  const std::string older = tenant.stored().at("Inbox").at("item 1");
  tenant.service().put_item("inbox", "item 1", "a version that cannot be exported");
  tenant.service().poison("item 1", {"ErrorCorruptData", "the item is damaged", false});

  const MailboxReport report = tenant.back_up();

  check_counts(report, {3, 0, 2, 0, 1});
  CHECK(tenant.stored().at("Inbox").at("item 1") == older);
  CHECK_THAT(report.problems.at(0).message, test::contains_text("older version"));
  tenant.service().heal("item 1");
  check_counts(tenant.back_up(), {3, 1, 2, 0, 0});
  CHECK(tenant.stored() == tenant.present());
}

TEST_CASE("an item gone before its export is skipped", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  tenant.service().poison("item 1", {"ErrorItemNotFound", "gone", true});
  const MailboxReport report = tenant.back_up();
  check_complete(report);
  check_counts(report, {3, 2, 0, 1, 0});
  CHECK(tenant.stored().at("Inbox").count("item 1") == 0);
}

TEST_CASE("a folder whose round fails keeps what it has and its cursor", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  tenant.service().put_item("sent", "out", "sent");
  tenant.back_up();
  tenant.service().put_item("inbox", "new", "arrived meanwhile");
  tenant.service().put_item("sent", "out 2", "sent too");
  tenant.service().before_call = [](Call call, const std::string& folder) {
    if (call == Call::item_changes && folder == "inbox") {
      throw Error{ErrorKind::unavailable, "the service stayed away"};
    }
  };

  const MailboxReport report = tenant.back_up();
  CHECK((report.outcome == Outcome::partial));
  check_counts(report, {2, 1, 1, 0, 0});
  CHECK(report.problems.at(0).folder == "Inbox");
  CHECK(tenant.stored().at("Inbox").size() == 3);
  CHECK(tenant.stored().at("Sent Items").size() == 2);

  tenant.service().before_call = nullptr;
  const MailboxReport next = tenant.back_up();
  check_complete(next);
  check_counts(next, {6, 1, 5, 0, 0});
  CHECK(tenant.stored() == tenant.present());
}

TEST_CASE("folders that a run does not come to are told", "[backup]") {
  test::FakeTenant tenant;
  tenant.service().add_folder("archive", "Archive");
  tenant.service().put_item("archive", "old", "stored");
  tenant.service().put_item("sent", "out", "not looked at");
  tenant.service().before_call = [](Call call, const std::string& folder) {
    if (call == Call::item_changes && folder != "archive") {
      throw Error{ErrorKind::unavailable, "the service stayed away"};
    }
  };

  const MailboxReport report = tenant.back_up();

  CHECK((report.outcome == Outcome::partial));
  check_counts(report, {1, 1, 0, 0, 0});
  REQUIRE(report.problems.size() == 4);  // of the root, Inbox and Work, and of what comes after
  CHECK(report.problems[3].code == "NotTried");
  CHECK_THAT(report.problems[3].message, test::contains_text("1 folder"));
}

TEST_CASE("an export that the service breaks off leaves the rest for the next run", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(100);
  int calls = 0;
  tenant.service().before_call = [&](Call call, const std::string&) {
    if (call == Call::export_units && ++calls == 3) {
      throw Error{ErrorKind::unavailable, "the service stayed away"};
    }
  };

  const MailboxReport report = tenant.back_up();
  CHECK((report.outcome == Outcome::partial));
  const std::uint64_t stored = 2 * kBatch;
  check_counts(report, {100, stored, 0, 0, 100 - stored});
  CHECK(report.snapshot->items == stored);

  tenant.service().before_call = nullptr;
  const MailboxReport next = tenant.back_up();
  check_complete(next);
  check_counts(next, {100, 100 - stored, stored, 0, 0});
  CHECK(tenant.service().exported().size() == 100 - stored);
  CHECK(tenant.stored() == tenant.present());
}

TEST_CASE("answers that make no sense fail the items of that call only", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(60);
  int calls = 0;
  tenant.service().before_call = [&](Call call, const std::string&) {
    if (call == Call::export_units && ++calls == 2) throw Error{ErrorKind::protocol, "nonsense"};
  };
  const MailboxReport report = tenant.back_up();
  check_counts(report, {60, 60 - kBatch, 0, 0, kBatch});
  CHECK(tenant.notes().retry.at("inbox").size() == kBatch);
  const MailboxReport next = tenant.back_up();
  check_complete(next);
  check_counts(next, {60, kBatch, 60 - kBatch, 0, 0});
}

TEST_CASE("missing details never fail an item, and are asked for again", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  tenant.service().withhold_details(true);
  check_counts(tenant.back_up(), {3, 3, 0, 0, 0});
  tenant.service().withhold_details(false);

  const MailboxReport report = tenant.back_up();

  check_complete(report);
  check_counts(report, {3, 0, 3, 0, 0});
  CHECK(tenant.service().exported().empty());
  std::size_t with_subject = 0;
  tenant.repository()
      .tenant()
      .open_snapshot(*report.snapshot)
      ->displayed_items(std::nullopt,
                        [&](const store::ItemEntry&, const store::ItemDisplay& display) {
                          if (!display.subject.empty()) ++with_subject;
                          return true;
                        });
  CHECK(with_subject == 3);
  tenant.back_up();
  CHECK(tenant.service().calls(Call::item_details) == 0);
}

TEST_CASE("details that never come are not asked for for ever", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  tenant.service().withhold_details(true);
  for (int run = 0; run < 4; ++run) tenant.back_up();
  CHECK(tenant.service().calls(Call::item_details) == 0);
}

TEST_CASE("a new folder that cannot be asked about waits for the next run, alone", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  tenant.service().put_item("work", "plan", "the plan");
  tenant.service().before_call = [](Call call, const std::string& folder) {
    if (call == Call::folder && folder == "work")
      throw Error{ErrorKind::unavailable, "stayed away"};
  };
  const MailboxReport report = tenant.back_up();
  CHECK((report.outcome == Outcome::partial));
  check_counts(report, {3, 3, 0, 0, 0});
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].folder == "Inbox/Work\\/2026");
  tenant.service().before_call = nullptr;
  const MailboxReport next = tenant.back_up();
  check_complete(next);
  check_counts(next, {4, 1, 3, 0, 0});
  CHECK(tenant.stored() == tenant.present());
}

TEST_CASE("what lies in a folder that cannot be asked about stays in its place", "[backup]") {
  test::FakeTenant tenant;
  tenant.service().add_folder("deep", "Inbox", "work");  // of a name that is elsewhere, too
  tenant.service().put_item("deep", "plan", "the plan");
  tenant.service().put_item("work", "draft", "waits");
  tenant.service().before_call = [](Call call, const std::string& folder) {
    if (call == Call::folder && folder == "work")
      throw Error{ErrorKind::unavailable, "stayed away"};
  };
  const MailboxReport report = tenant.back_up();
  CHECK((report.outcome == Outcome::partial));
  check_counts(report, {1, 1, 0, 0, 0});
  CHECK(tenant.stored().at("Inbox/Work\\/2026/Inbox").count("plan") == 1);

  tenant.service().before_call = nullptr;
  tenant.service().forget_calls();
  const MailboxReport next = tenant.back_up();
  check_complete(next);
  check_counts(next, {2, 1, 1, 0, 0});
  CHECK(tenant.service().calls(Call::folder) == 1);
  CHECK(tenant.stored().at("Inbox/Work\\/2026").count("draft") == 1);
}

TEST_CASE("a new folder that nobody knows when asked is backed up, and asked about again",
          "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  tenant.service().put_item("work", "plan", "the plan");
  tenant.service().unknown_when_asked = {"work"};
  check_counts(tenant.back_up(), {4, 4, 0, 0, 0});
  tenant.service().unknown_when_asked.clear();

  const MailboxReport next = tenant.back_up();

  check_complete(next);
  check_counts(next, {4, 0, 4, 0, 0});
  CHECK(tenant.stored() == tenant.present());
}

TEST_CASE("an empty answer is not an empty mailbox", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  tenant.back_up();
  for (const char* folder : {"work", "inbox", "sent", "outbox", "found", "root"})
    tenant.service().remove_folder(folder);
  tenant.service().reject_cursors();
  const MailboxReport report = tenant.back_up();
  CHECK((report.outcome == Outcome::failed));
  CHECK_FALSE(report.snapshot);
  CHECK(tenant.newest().items == 3);
}
