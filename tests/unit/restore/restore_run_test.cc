#include "src/restore/restore_run.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "tests/support/catch.h"
#include "tests/support/fake_tenant.h"
#include "tests/unit/restore/checked_report.h"

#include <algorithm>

namespace {

using base::Error;
using base::ErrorKind;
using restore::ItemAction;
using restore::ItemReport;
using restore::ItemResult;
using restore::OnConflict;
using restore::RestoreReport;
using test::check_green;
using Call = test::FakeMailboxService::Call;
using Lost = test::FakeMailboxService::Lost;

std::string body(const std::string& id, const std::string& words = "body of ") {
  return words + id + "|key of " + id;
}

// A backed-up mailbox, and where its items go back to.
struct Fixture {
  Fixture() {
    tenant.fill_inbox(30);
    tenant.service().put_item("work", "plan", body("plan"));
    point = *tenant.back_up().snapshot;
    target.mailbox = tenant.mailbox().id;
    target.address = tenant.mailbox().address;
    target.same_mailbox = true;
    target.into = {"Restored"};
  }

  // Another mailbox, with folders of the same well-known names.
  void restore_to_another() {
    service = &other;
    other.add_folder("posteingang", "Posteingang", "root", "inbox");
    target.mailbox = {"MBX:2"};
    target.address = "bob@contoso.com";
    target.same_mailbox = false;
  }

  RestoreReport run(std::stop_token stop = {}) {
    lines.clear();
    restore::RestoreProgress progress;
    RestoreReport report = restore::run_restore(
        {*service, tenant.repository().tenant(), tenant.repository().repository().journals(),
         tenant.repository().clock()},
        point, selection, target, settings, [&](const ItemReport& line) { lines.push_back(line); },
        progress, std::move(stop));
    CHECK(lines.size() == report.items.selected);
    return report;
  }

  // Contents of the folder with that path below the root of the target.
  std::vector<std::string> contents(const std::string& path) const {
    std::string folder = "root";
    for (const std::string& name : base::split(path, '>'))
      folder = service->folder_named(folder, name).value();
    std::vector<std::string> contents;
    for (const auto& [id, item] : service->items(folder)) contents.push_back(item.content);
    std::sort(contents.begin(), contents.end());
    return contents;
  }

  std::vector<std::string> inbox_of_point() const {
    std::vector<std::string> contents;
    for (int i = 0; i < 30; ++i) contents.push_back(body(base::text("item ", i)));
    std::sort(contents.begin(), contents.end());
    return contents;
  }

  test::FakeTenant tenant;
  test::FakeMailboxService other;
  test::FakeMailboxService* service = &tenant.service();
  store::Snapshot point;
  restore::RestoreSelection selection;
  restore::RestoreTarget target;
  restore::RestoreSettings settings;
  std::vector<ItemReport> lines;
};

}  // namespace

TEST_CASE("a mailbox is restored into a new folder, and every item read back", "[restore]") {
  Fixture fixture;
  const RestoreReport report = fixture.run();
  check_green(report);
  CHECK(report.items.restored == 31);
  CHECK(report.items.verified == 31);
  CHECK(report.folders.created == 4);  // Restored, Inbox, Work, Sent Items
  CHECK(fixture.contents("Restored>Inbox") == fixture.inbox_of_point());
  CHECK(fixture.contents("Restored>Inbox>Work/2026") == std::vector<std::string>{body("plan")});
  // The items that are there already lie elsewhere.
  CHECK(fixture.contents("Inbox").size() == 30);
}

TEST_CASE("restoring again with skip creates nothing", "[restore]") {
  Fixture fixture;
  fixture.restore_to_another();
  check_green(fixture.run());
  const RestoreReport again = fixture.run();
  check_green(again);
  CHECK(again.items.skipped == 31);
  CHECK(again.items.restored == 0);
  CHECK(again.folders.created == 0);
  CHECK(fixture.contents("Restored>Inbox") == fixture.inbox_of_point());
}

TEST_CASE("a copy of another version in the target is not taken for the item", "[restore]") {
  Fixture fixture;
  fixture.restore_to_another();
  check_green(fixture.run());
  fixture.tenant.service().put_item("inbox", "item 4", body("item 4", "edited "));
  fixture.point = *fixture.tenant.back_up().snapshot;
  std::vector<std::string> wanted = fixture.inbox_of_point();
  std::replace(wanted.begin(), wanted.end(), body("item 4"), body("item 4", "edited "));

  SECTION("skip restores the other version beside it, once") {
    const RestoreReport report = fixture.run();
    check_green(report);
    CHECK(report.items.restored == 1);
    CHECK(report.items.skipped == 30);
    wanted.push_back(body("item 4"));
    std::sort(wanted.begin(), wanted.end());
    CHECK(fixture.contents("Restored>Inbox") == wanted);
    CHECK(fixture.run().items.restored == 0);
  }
  SECTION("replace brings it to the version that is asked for") {
    fixture.settings.on_conflict = OnConflict::replace;
    const RestoreReport report = fixture.run();
    check_green(report);
    CHECK(report.items.replaced == 1);
    CHECK(report.items.skipped == 30);
    std::sort(wanted.begin(), wanted.end());
    CHECK(fixture.contents("Restored>Inbox") == wanted);
  }
}

TEST_CASE("what lies in the target and cannot be compared is told, with a way out", "[restore]") {
  Fixture fixture;
  fixture.restore_to_another();
  fixture.selection.items = {"item 3"};
  check_green(fixture.run());
  const std::string copy = fixture.lines.at(0).target_item_id;
  fixture.other.poison(copy, {"ErrorCorruptData", "not to be exported", false});

  const RestoreReport report = fixture.run();
  CHECK(report.items.failed == 1);
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].code == "NotCompared");
  CHECK_THAT(report.problems[0].next, test::contains_text("--on-conflict copy"));
}

TEST_CASE("in place, unchanged items are left alone and lost ones come back", "[restore]") {
  Fixture fixture;
  fixture.target.in_place = true;
  fixture.tenant.service().remove_item("inbox", "item 3");
  fixture.tenant.service().put_item("inbox", "item 4", body("item 4", "overwritten "));
  fixture.tenant.service().forget_calls();

  SECTION("skip restores the old version beside the changed one") {
    const RestoreReport report = fixture.run();
    check_green(report);
    CHECK(report.items.restored == 2);
    CHECK(report.items.skipped == 29);
    CHECK(report.folders.created == 0);
    CHECK(fixture.contents("Inbox").size() == 31);
    // Only what is merely alike was read.
    CHECK(fixture.tenant.service().exported() == std::vector<std::string>{"item 4"});
  }
  SECTION("replace brings the changed one to the old version") {
    fixture.settings.on_conflict = OnConflict::replace;
    const RestoreReport report = fixture.run();
    check_green(report);
    CHECK(report.items.restored == 1);
    CHECK(report.items.replaced == 1);
    CHECK(report.items.skipped == 29);
    CHECK(fixture.contents("Inbox") == fixture.inbox_of_point());
  }
  SECTION("copy restores all of them beside") {
    fixture.settings.on_conflict = OnConflict::copy;
    const RestoreReport report = fixture.run();
    check_green(report);
    CHECK(report.items.restored == 31);
    CHECK(fixture.contents("Inbox").size() == 29 + 30);
  }
}

TEST_CASE("in another mailbox, in place means the folders of the same well-known names",
          "[restore]") {
  Fixture fixture;
  fixture.restore_to_another();
  fixture.target.in_place = true;
  const RestoreReport report = fixture.run();
  check_green(report);
  CHECK(fixture.contents("Posteingang") == fixture.inbox_of_point());
  CHECK(fixture.contents("Posteingang>Work/2026") == std::vector<std::string>{body("plan")});
}

TEST_CASE("selected folders and items alone are restored", "[restore]") {
  Fixture fixture;
  SECTION("a folder") {
    fixture.selection.folders = {"work"};
    check_green(fixture.run());
    CHECK(fixture.contents("Restored>Work/2026") == std::vector<std::string>{body("plan")});
  }
  SECTION("single items") {
    fixture.selection.items = {"item 3", "plan"};
    const RestoreReport report = fixture.run();
    check_green(report);
    CHECK(report.items.selected == 2);
    CHECK(fixture.contents("Restored>Inbox") == std::vector<std::string>{body("item 3")});
  }
  SECTION("an item that is not there") {
    fixture.selection.items = {"item 3", "nowhere"};
    CHECK_THROWS_WITH(fixture.run(), test::contains_text("nowhere"));
    CHECK(fixture.tenant.service().calls(Call::create_folder) == 0);
  }
}

TEST_CASE("a dry run touches nothing and tells what it would do", "[restore]") {
  Fixture fixture;
  fixture.target.in_place = true;
  fixture.settings.dry_run = true;
  fixture.settings.on_conflict = OnConflict::replace;
  fixture.tenant.service().remove_item("inbox", "item 3");
  fixture.tenant.service().put_item("inbox", "item 4", body("item 4", "overwritten "));
  const RestoreReport report = fixture.run();
  CHECK(report.items.restored == 0);
  CHECK(fixture.tenant.service().calls(Call::import_unit) == 0);
  CHECK(fixture.tenant.service().calls(Call::create_folder) == 0);
  std::map<ItemAction, int> actions;
  for (const ItemReport& line : fixture.lines) {
    ++actions[line.action];
    CHECK((line.result == ItemResult::planned));
  }
  CHECK(actions[ItemAction::create] == 1);
  CHECK(actions[ItemAction::replace] == 1);
  CHECK(actions[ItemAction::skip] == 29);
}

TEST_CASE("lost answers never double an item and never lose one", "[restore]") {
  Fixture fixture;
  fixture.restore_to_another();
  const auto lost = GENERATE(Lost::after_creating, Lost::before_creating);
  const auto lanes = GENERATE(std::size_t{1}, std::size_t{3});
  fixture.settings.lanes = lanes;
  int imports = 0;
  fixture.other.lose_answer = [&](const std::string&) {
    // So that none of them is lost as often as an item is looked for, whatever the order.
    return ++imports % 5 == 0 ? lost : Lost::no;
  };
  const RestoreReport report = fixture.run();
  check_green(report);
  CHECK(report.items.restored == 31);
  CHECK(fixture.contents("Restored>Inbox") == fixture.inbox_of_point());
}

TEST_CASE("an answer that stays lost fails the item", "[restore]") {
  Fixture fixture;
  fixture.selection.items = {"item 3"};
  fixture.service->lose_answer = [](const std::string&) { return Lost::before_creating; };
  const RestoreReport report = fixture.run();
  CHECK(report.items.failed == 1);
  CHECK(report.problems.at(0).code == "Uncertain");
  CHECK(fixture.tenant.service().calls(Call::import_unit) == 4);
}

TEST_CASE("two equal items are two, also after an interruption", "[restore]") {
  Fixture fixture;
  fixture.tenant.service().put_item("sent", "twin 1", body("twin"));
  fixture.tenant.service().put_item("sent", "twin 2", body("twin"));
  fixture.point = *fixture.tenant.back_up().snapshot;
  fixture.selection.folders = {"sent"};
  fixture.restore_to_another();
  check_green(fixture.run());
  CHECK(fixture.contents("Restored>Sent Items").size() == 2);
  const std::string folder =
      *fixture.other.folder_named(*fixture.other.folder_named("root", "Restored"), "Sent Items");
  const std::string one = fixture.other.items(folder).begin()->first;
  fixture.other.remove_item(folder, one);

  const RestoreReport again = fixture.run();
  check_green(again);
  CHECK(again.items.restored == 1);
  CHECK(again.items.skipped == 1);
  CHECK(fixture.contents("Restored>Sent Items").size() == 2);
}

TEST_CASE("an altered copy in the target is not green", "[restore]") {
  Fixture fixture;
  fixture.selection.items = {"item 3", "item 4"};
  fixture.service->before_call = [&](Call call, const std::string& folder) {
    if (call != Call::item_details || fixture.service->items(folder).empty()) return;
    const std::string id = fixture.service->items(folder).begin()->first;
    fixture.service->item(folder, id).item_class = "IPM.Appointment";
  };
  const RestoreReport report = fixture.run();
  CHECK(report.items.restored == 2);
  CHECK(report.items.verified == 1);
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].code == "NotVerified");
}

TEST_CASE("an item that the service refuses costs that item", "[restore]") {
  Fixture fixture;
  int imports = 0;
  fixture.service->refuse_import = [&](const std::string&) -> std::optional<graph::ImportRefused> {
    if (++imports != 5) return std::nullopt;
    return graph::ImportRefused{{"ErrorCorruptData", "altered stream", false}, false};
  };
  const RestoreReport report = fixture.run();
  CHECK(report.items.failed == 1);
  CHECK(report.items.restored == 30);
  CHECK(report.items.verified == 30);
  CHECK(report.problems.at(0).code == "ErrorCorruptData");
}

TEST_CASE("problems beyond a thousand are counted, not kept", "[restore]") {
  Fixture fixture;
  fixture.tenant.fill_inbox(1100);
  fixture.point = *fixture.tenant.back_up().snapshot;
  fixture.selection.folders = {"inbox"};
  fixture.service->refuse_import = [](const std::string&) {
    return graph::ImportRefused{{"ErrorCorruptData", "altered stream", false}, false};
  };
  const RestoreReport report = fixture.run();
  CHECK(report.items.failed > 1000);
  REQUIRE(report.problems.size() == 1001);
  CHECK(report.problems.back().code == "TooManyProblems");
}

TEST_CASE("two folders of one name become one, and count as one", "[restore]") {
  Fixture fixture;
  // Side by side in the source: the service that is restored to ignores case.
  fixture.tenant.service().add_folder("one", "Cases", "root");
  fixture.tenant.service().add_folder("two", "CASES", "root");
  fixture.tenant.service().put_item("one", "a", body("a"));
  fixture.tenant.service().put_item("two", "b", body("b"));
  fixture.point = *fixture.tenant.back_up().snapshot;
  fixture.restore_to_another();
  fixture.selection.folders = {"one", "two"};
  const RestoreReport report = fixture.run();
  check_green(report);
  CHECK(report.folders.created == 2);  // Restored, Cases
}

TEST_CASE("a full target stops the restore, which says what is missing", "[restore]") {
  Fixture fixture;
  fixture.settings.lanes = 1;
  int imports = 0;
  fixture.service->refuse_import = [&](const std::string&) -> std::optional<graph::ImportRefused> {
    if (++imports <= 10) return std::nullopt;
    return graph::ImportRefused{{"ErrorQuotaExceeded", "the mailbox is full", false}, true};
  };
  const RestoreReport report = fixture.run();
  REQUIRE(report.stopped_by);
  CHECK(report.stopped_by->kind() == ErrorKind::full);
  CHECK_THAT(report.stopped_by->what(),
             test::contains_text("full") && test::contains_text("21 of 31"));
  CHECK(report.items.restored == 10);
  CHECK(report.items.verified == 10);
  CHECK(report.items.untried == 21);
  CHECK(imports == 11);

  fixture.service->refuse_import = nullptr;
  const RestoreReport rest = fixture.run();
  check_green(rest);
  CHECK(rest.items.restored == 21);
  CHECK(rest.items.skipped == 10);
}

TEST_CASE("a stopped restore is resumed by running it again", "[restore]") {
  Fixture fixture;
  fixture.settings.lanes = 1;  // no other folder is done by then
  std::stop_source stop;
  int imports = 0;
  fixture.service->before_call = [&](Call call, const std::string&) {
    if (call == Call::import_unit && ++imports == 12) stop.request_stop();
  };
  const RestoreReport report = fixture.run(stop.get_token());
  CHECK(report.cancelled);
  CHECK(report.items.restored < 31);
  // Nobody looked at what was restored: that is one thing to tell, and no fault of the items.
  REQUIRE(report.items.restored > 1);
  CHECK(report.items.verified == 0);
  CHECK(report.items.restored + report.items.failed + report.items.untried == 31);
  REQUIRE(report.problems.size() == 2);
  CHECK(report.problems[0].code == "NotReadBack");
  CHECK(report.problems[1].code == "NotTried");
  fixture.service->before_call = nullptr;
  check_green(fixture.run());
  CHECK(fixture.contents("Restored>Inbox") == fixture.inbox_of_point());
}

TEST_CASE("an outage before the look back is one problem of the batch", "[restore]") {
  Fixture fixture;
  fixture.selection.folders = {"inbox"};
  int looks = 0;
  fixture.service->before_call = [&](Call call, const std::string&) {
    // The first look tells what lies there before.
    if (call == Call::item_details && fixture.service->calls(Call::import_unit) > 0 && ++looks > 0)
      throw Error{ErrorKind::unavailable, "503"};
  };
  const RestoreReport report = fixture.run();
  CHECK(report.items.verified == 0);
  CHECK(report.items.restored >= 30);
  for (const restore::RestoreProblem& problem : report.problems) {
    CHECK((problem.code == "NotReadBack" || problem.code == "NotTried"));
  }
}

TEST_CASE("a missing right stops the restore and is named", "[restore]") {
  Fixture fixture;
  fixture.service->before_call = [](Call call, const std::string&) {
    if (call == Call::create_folder)
      throw Error{ErrorKind::denied, "MailboxFolder.ReadWrite.All is missing"};
  };
  const RestoreReport report = fixture.run();
  REQUIRE(report.stopped_by);
  CHECK((report.stopped_by->kind() == ErrorKind::denied));
  CHECK_THAT(report.stopped_by->what(), test::contains_text("MailboxFolder.ReadWrite.All"));
  CHECK(report.items.restored == 0);
}

TEST_CASE("damage in the store costs the item and nothing wrong is sent", "[restore]") {
  Fixture fixture;
  fixture.selection.folders = {"work"};
  for (const std::string& name : fixture.tenant.backend().names("pack/d/")) {
    fixture.tenant.backend().alter(name, [](base::Bytes& bytes) {
      for (std::size_t i = 256; i + 512 < bytes.size(); i += 7) bytes[i] ^= std::byte{0x55};
    });
  }
  const RestoreReport report = fixture.run();
  CHECK(report.items.failed + (report.stopped_by ? 1U : 0U) >= 1);
  CHECK(report.items.restored == 0);
}

TEST_CASE("items go newest first", "[restore]") {
  Fixture fixture;
  fixture.settings.lanes = 1;
  fixture.selection.folders = {"inbox"};
  fixture.run();
  std::vector<std::string> order;
  for (const ItemReport& line : fixture.lines) {
    if (line.source_folder == "Inbox") order.push_back(line.item_id);
  }
  std::vector<std::string> expected;
  for (int i = 29; i >= 0; --i) expected.push_back(base::text("item ", i));
  CHECK(order == expected);
}
