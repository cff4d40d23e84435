#include "src/backup/mailbox_backup.h"

#include "src/base/text.h"
#include "tests/support/catch.h"
#include "tests/support/fake_tenant.h"

#include <algorithm>

namespace {

using backup::MailboxReport;
using backup::Outcome;
using base::Error;
using base::ErrorKind;
using Call = test::FakeMailboxService::Call;

struct Expected {
  std::uint64_t listed = 0;
  std::uint64_t stored = 0;
  std::uint64_t unchanged = 0;
  std::uint64_t skipped = 0;
  std::uint64_t failed = 0;
};

void check_counts(const MailboxReport& report, const Expected& expected) {
  CHECK(report.items.listed == expected.listed);
  CHECK(report.items.stored == expected.stored);
  CHECK(report.items.unchanged == expected.unchanged);
  CHECK(report.items.skipped == expected.skipped);
  CHECK(report.items.failed == expected.failed);
  CHECK(test::is_closed(report.items));
}

void check_complete(const MailboxReport& report) {
  CHECK((report.outcome == Outcome::complete));
  REQUIRE(report.snapshot);
  CHECK(report.snapshot->complete);
  for (const backup::Problem& problem : report.problems) FAIL_CHECK(problem.message);
}

}  // namespace

TEST_CASE("a first backup stores everything, folder by folder", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(45);
  tenant.service().put_item("work", "plan", "the plan");
  tenant.service().put_item("root", "stray", "in the root itself");
  tenant.service().put_item("outbox", "leaving", "not backed up");
  tenant.service().put_item("found", "item 0", "what a search found");

  const MailboxReport report = tenant.back_up();

  check_complete(report);
  check_counts(report, {47, 47, 0, 0, 0});
  CHECK(report.snapshot->items == 47);
  CHECK(tenant.stored() == tenant.present());
  CHECK(report.exported_bytes == report.snapshot->bytes);
}

TEST_CASE("a night without changes keeps the roots and asks once a folder", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(10);
  const MailboxReport first = tenant.back_up();
  const MailboxReport second = tenant.back_up();

  check_complete(second);
  check_counts(second, {10, 0, 10, 0, 0});
  CHECK(second.snapshot->roots == first.snapshot->roots);
  CHECK(second.snapshot->id != first.snapshot->id);
  CHECK(tenant.service().calls(Call::folder_changes) == 1);
  CHECK(tenant.service().calls(Call::item_changes) == 4);  // the root is a folder too
  CHECK(tenant.service().all_calls() == 5);
}

TEST_CASE("a quiet mailbox keeps its cursors while they are young", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(10);
  const auto back_up_with_new_cursors = [&] {
    tenant.service().put_item("outbox", "leaving", "not backed up");
    const MailboxReport report = tenant.back_up();
    check_complete(report);
    return report.snapshot->state->chunk;
  };
  const store::ChunkId first = back_up_with_new_cursors();
  CHECK(back_up_with_new_cursors() == first);
  CHECK(back_up_with_new_cursors() == first);
  SECTION("not for ever") {}
  SECTION("not if a full listing was asked for") {
    CHECK(tenant.back_up({.full = true}).snapshot->state->chunk != first);
    return;
  }
  SECTION("not if an item changed") { tenant.service().put_item("inbox", "item 3", "changed"); }
  const store::ChunkId later = back_up_with_new_cursors();
  CHECK(later != first);
  CHECK(back_up_with_new_cursors() == later);
  CHECK(tenant.stored() == tenant.present());
}

TEST_CASE("only what changed is exported", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(10);
  tenant.back_up();
  tenant.service().put_item("inbox", "item 3", "a new version");
  tenant.service().put_item("inbox", "new", "a new item");
  tenant.service().remove_item("inbox", "item 4");
  tenant.service().tell_removed("inbox", "never known");

  const MailboxReport report = tenant.back_up();

  check_complete(report);
  check_counts(report, {10, 2, 8, 0, 0});
  CHECK(tenant.service().exported() == std::vector<std::string>{"item 3", "new"});
  CHECK(tenant.stored() == tenant.present());
}

TEST_CASE("every restore point stays as it was", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(5);
  const MailboxReport first = tenant.back_up();
  const test::Contents before = tenant.present();
  tenant.service().put_item("inbox", "item 3", "overwritten");
  tenant.service().remove_item("inbox", "item 4");
  tenant.back_up();
  CHECK(test::contents_of(tenant.repository().tenant(), *first.snapshot) == before);
}

TEST_CASE("a listing that is gone is told once, and everything is listed again", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(10);
  tenant.back_up();
  for (const std::string& pack : tenant.backend().names("pack/m/")) tenant.backend().remove(pack);
  tenant.repository().reopen();
  tenant.service().put_item("inbox", "new", "a new item");

  const MailboxReport report = tenant.back_up();

  CHECK((report.outcome == Outcome::complete));
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].code == "BaseDamaged");
  CHECK(tenant.stored() == tenant.present());
}

TEST_CASE("lost cursors cost a full listing, and no export", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(10);
  const MailboxReport first = tenant.back_up();
  tenant.service().reject_cursors();

  const MailboxReport report = tenant.back_up();

  check_complete(report);
  check_counts(report, {10, 0, 10, 0, 0});
  CHECK(tenant.service().exported().empty());
  CHECK(report.snapshot->roots == first.snapshot->roots);
}

TEST_CASE("a full listing ends where the changes would have", "[backup]") {
  const auto live = [](test::FakeTenant& tenant) {
    tenant.fill_inbox(10);
    tenant.back_up();
    tenant.service().put_item("inbox", "item 3", "a new version");
    tenant.service().put_item("sent", "new", "a new item");
    tenant.service().remove_item("inbox", "item 4");
  };
  test::FakeTenant by_changes;
  live(by_changes);
  test::FakeTenant in_full;
  live(in_full);

  const MailboxReport changes = by_changes.back_up();
  const MailboxReport full = in_full.back_up({.full = true});

  check_counts(changes, {10, 2, 8, 0, 0});
  check_counts(full, {10, 2, 8, 0, 0});
  CHECK(by_changes.stored() == in_full.stored());
  CHECK(in_full.service().exported() == by_changes.service().exported());
}

TEST_CASE("a feed that repeats itself and tells outdated states changes nothing", "[backup]") {
  test::FakeTenant tenant;
  tenant.service().repeat_changes();
  tenant.fill_inbox(10);
  check_counts(tenant.back_up(), {10, 10, 0, 0, 0});
  tenant.service().put_item("inbox", "item 3", "a new version");
  const MailboxReport report = tenant.back_up();
  check_counts(report, {10, 1, 9, 0, 0});
  CHECK(tenant.stored() == tenant.present());
}

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
  std::vector<std::string> subjects;
  tenant.repository()
      .tenant()
      .open_snapshot(*back.snapshot)
      ->displayed_items(std::nullopt,
                        [&](const store::ItemEntry&, const store::ItemDisplay& display) {
                          subjects.push_back(display.subject);
                          return true;
                        });
  std::sort(subjects.begin(), subjects.end());
  CHECK(subjects == std::vector<std::string>{"about item 0", "about item 1", "about item 2",
                                             "about item 3", "about item 4"});
}

TEST_CASE("folders are renamed, moved and removed without any export", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  tenant.service().put_item("work", "plan", "the plan");
  tenant.service().put_item("sent", "out", "sent");
  tenant.back_up();

  tenant.service().rename_folder("work", "Archive");
  const MailboxReport renamed = tenant.back_up();
  check_complete(renamed);
  check_counts(renamed, {5, 0, 5, 0, 0});
  CHECK(tenant.service().exported().empty());
  CHECK(tenant.stored().at("Inbox/Archive").count("plan") == 1);

  tenant.service().remove_folder("work");
  const MailboxReport removed = tenant.back_up();
  check_complete(removed);
  check_counts(removed, {4, 0, 4, 0, 0});
  CHECK(tenant.stored().count("Inbox/Archive") == 0);
}

TEST_CASE("a feed that calls a folder gone is not believed while the folder is there", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  tenant.service().put_item("sent", "out", "sent");
  tenant.back_up();
  tenant.service().lose_feed("inbox");

  const MailboxReport report = tenant.back_up();

  CHECK((report.outcome == Outcome::partial));
  CHECK(report.problems.size() == 1);
  CHECK(tenant.stored().at("Inbox").size() == 3);
  CHECK(test::is_closed(report.items));
}

TEST_CASE("items whose pack was lost are exported again after a repair", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(10);
  tenant.back_up();
  const std::vector<std::string> lost = tenant.backend().names("pack/d/");
  tenant.service().put_item("work", "later", "stored in a pack of its own");
  tenant.back_up();
  for (const std::string& pack : lost) tenant.backend().remove(pack);
  store::Repository& repository = tenant.repository().reopen();
  const auto affected_items = [](const store::CheckReport& found) {
    return std::count_if(found.affected.begin(), found.affected.end(),
                         [](const store::AffectedItem& item) { return !item.item.empty(); });
  };
  CHECK(affected_items(repository.repair(store::CheckLevel::structure, {}, {})) == 10);

  const MailboxReport report = tenant.back_up({.full = GENERATE(false, true)});

  check_complete(report);
  check_counts(report, {11, 10, 1, 0, 0});
  CHECK(tenant.stored() == tenant.present());
  // The engine's notes of the first run are lost for good; nobody needs them any more.
  CHECK(affected_items(repository.check(store::CheckLevel::full, {}, {})) == 0);
  check_counts(tenant.back_up(), {11, 0, 11, 0, 0});
}

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
  check_counts(report, {100, 40, 0, 0, 60});
  CHECK(report.snapshot->items == 40);

  tenant.service().before_call = nullptr;
  const MailboxReport next = tenant.back_up();
  check_complete(next);
  check_counts(next, {100, 60, 40, 0, 0});
  CHECK(tenant.service().exported().size() == 60);
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
  check_counts(report, {60, 40, 0, 0, 20});
  CHECK(tenant.notes().retry.at("inbox").size() == 20);
  const MailboxReport next = tenant.back_up();
  check_complete(next);
  check_counts(next, {60, 20, 40, 0, 0});
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
  tenant.service().before_call = nullptr;
  const MailboxReport next = tenant.back_up();
  check_complete(next);
  check_counts(next, {4, 1, 3, 0, 0});
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

TEST_CASE("one lane and many give the same roots", "[backup]") {
  const auto live = [](std::size_t lanes) {
    test::FakeTenant tenant;
    tenant.fill_inbox(230);
    for (int i = 0; i < 30; ++i) {
      tenant.service().put_item("work", base::text("plan ", i), base::text("plan number ", i));
    }
    tenant.service().poison("item 99", {"ErrorCorruptData", "damaged", false});
    tenant.back_up({.lanes = lanes});
    tenant.service().put_item("inbox", "item 3", "a new version");
    tenant.service().move_item("work", "sent", "plan 7");
    tenant.service().heal("item 99");
    const MailboxReport report = tenant.back_up({.lanes = lanes});
    check_complete(report);
    return tenant.stored();
  };
  CHECK(live(std::size_t{1}) == live(std::size_t{4}));
}

TEST_CASE("notes that contradict the snapshot cost a full listing", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(5);
  tenant.back_up();
  // A snapshot whose notes count items that are not there.
  store::Snapshot wrong = tenant.newest();
  backup::MailboxNotes notes = tenant.notes();
  notes.folders.at("inbox").items = 3;
  const auto writer = tenant.repository().tenant().new_content();
  writer->append(backup::encode(notes));
  wrong.state = writer->finish().ref;
  wrong.id.back() = wrong.id.back() == 'z' ? 'y' : 'z';
  wrong.time += std::chrono::hours{1};
  tenant.repository().repository().commit(std::vector{wrong});

  const MailboxReport report = tenant.back_up();

  CHECK((report.outcome == Outcome::complete));
  check_counts(report, {5, 0, 5, 0, 0});
  CHECK(tenant.stored() == tenant.present());
  CHECK(report.problems.size() == 1);
}
