#include "src/backup/mailbox_backup.h"

#include "src/base/text.h"
#include "tests/support/catch.h"
#include "tests/support/fake_tenant.h"
#include "tests/unit/backup/checked_report.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace {

using backup::MailboxReport;
using backup::Outcome;
using Call = test::FakeMailboxService::Call;
using test::check_complete;
using test::check_counts;

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

TEST_CASE("folders are asked about and listened to as many at once as there are lanes",
          "[backup]") {
  const auto lanes = GENERATE(std::size_t{1}, std::size_t{2}, std::size_t{4});
  const Call watched = GENERATE(Call::folder, Call::item_changes);
  CAPTURE(lanes);
  test::FakeTenant tenant;
  for (const char* name : {"a", "b", "c", "d"}) {
    tenant.service().add_folder(name, name);
    tenant.service().put_item(name, std::string{"item of "} + name, "a mail");
  }
  std::mutex mutex;
  std::condition_variable came;
  std::size_t on_their_way = 0;
  std::size_t most = 0;
  tenant.service().on_the_way = [&](Call call) {
    if (call != watched) return;
    std::unique_lock lock{mutex};
    most = std::max(most, ++on_their_way);
    came.notify_all();
    // No more than a bound for the case that they never meet.
    came.wait_for(lock, std::chrono::seconds{20}, [&] { return most >= lanes; });
    --on_their_way;
  };

  const MailboxReport report = tenant.back_up({.lanes = lanes});

  check_complete(report);
  check_counts(report, {4, 4, 0, 0, 0});
  CHECK(most == lanes);
  CHECK(tenant.stored().at("c").size() == 1);
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

TEST_CASE("a folder of many slices is stored, described and accounted for", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(10'050);  // more than are asked for by name
  tenant.service().poison("item 77", {"ErrorCorruptData", "the item is damaged", false});

  const MailboxReport first = tenant.back_up({.lanes = 3});
  CHECK((first.outcome == Outcome::partial));
  check_counts(first, {10'050, 10'049, 0, 0, 1});
  CHECK(tenant.service().calls(Call::item_details) == 1);

  tenant.service().heal("item 77");
  const MailboxReport second = tenant.back_up({.lanes = 3});
  check_complete(second);
  check_counts(second, {10'050, 1, 10'049, 0, 0});
  CHECK(tenant.stored() == tenant.present());
  std::size_t described = 0;
  const auto reader = tenant.repository().tenant().open_snapshot(*second.snapshot);
  reader->displayed_items("inbox",
                          [&](const store::ItemEntry& item, const store::ItemDisplay& display) {
                            if (display.subject == "about " + item.id) ++described;
                            return true;
                          });
  CHECK(described == 10'050);
}
