// Restores that were cut off, and begun again: nothing is made twice and nothing is missing.
#include "src/base/text.h"
#include "src/restore/restore_run.h"
#include "tests/support/catch.h"
#include "tests/support/fake_tenant.h"

#include <algorithm>
#include <set>
#include <utility>

namespace {

using base::Error;
using base::ErrorKind;
using restore::ItemReport;
using restore::ItemResult;
using restore::OnConflict;
using restore::RestoreReport;
using Call = test::FakeMailboxService::Call;
using Lost = test::FakeMailboxService::Lost;

constexpr std::size_t kItems = 250;

// The process dies.
struct Killed {};

// A mailbox of which a restore point is brought into another one.
struct Fixture {
  Fixture() {
    tenant.fill_inbox(kItems);
    point = *tenant.back_up().snapshot;
    target.mailbox = {"MBX:2"};
    target.address = "bob@contoso.com";
    target.into = {"Restored"};
    selection.folders = {"inbox"};
  }

  RestoreReport run(std::stop_token stop = {}) {
    lines.clear();
    restore::RestoreProgress progress;
    return restore::run_restore(
        {service, tenant.repository().tenant(), tenant.repository().repository().journals(),
         tenant.repository().clock()},
        point, selection, target, settings, [&](const ItemReport& line) { lines.push_back(line); },
        progress, std::move(stop));
  }

  // The process dies as it is about to send the n-th item, or before it has the answer.
  void kill_at(int import) {
    int imports = 0;
    service.before_call = [import, imports](Call call, const std::string&) mutable {
      if (call == Call::import_unit && ++imports == import) throw Killed{};
    };
    CHECK_THROWS_AS(run(), Killed);
    service.before_call = nullptr;
    tenant.repository().reopen();
  }

  std::string folder() {
    return *service.folder_named(*service.folder_named("root", "Restored"), "Inbox");
  }

  // What the service shows of items that were imported is other bytes, as nobody promises the same.
  void write_anew() {
    for (const auto& [id, item] : std::map{service.items(folder())}) {
      service.item(folder(), id).content = "written anew: " + item.content;
    }
  }

  // How often each search key lies in the target.
  std::map<std::string, int> keys() {
    std::map<std::string, int> keys;
    for (const auto& [id, item] : service.items(folder())) ++keys[item.search_key];
    return keys;
  }

  void check_each_once() {
    const std::map<std::string, int> found = keys();
    CHECK(found.size() == kItems);
    CHECK(std::ranges::all_of(found, [](const auto& key) { return key.second == 1; }));
  }

  // Two items of one search key.
  void twins() {
    tenant.service().put_item("inbox", "twin a", "one|twins");
    tenant.service().put_item("inbox", "twin b", "other|twins");
    point = *tenant.back_up().snapshot;
  }

  std::multiset<std::string> contents_of_twins() {
    std::multiset<std::string> contents;
    for (const auto& [id, item] : service.items(folder())) {
      if (item.search_key == "twins") contents.insert(item.content);
    }
    return contents;
  }

  // The store's journals of restores are not to be had so.
  void refuse(store::MemoryBackend::Operation refused) {
    tenant.backend().set_hook(
        [refused](store::MemoryBackend::Operation operation, const std::string& name) {
          if (operation == refused && name.starts_with("restore/")) {
            throw Error{ErrorKind::disk, "an input/output error"};
          }
        });
  }

  std::size_t journals() { return tenant.backend().names("restore/").size(); }

  test::FakeTenant tenant;
  test::FakeMailboxService service;
  store::Snapshot point;
  restore::RestoreSelection selection;
  restore::RestoreTarget target;
  restore::RestoreSettings settings;
  std::vector<ItemReport> lines;
};

void check_closed(const RestoreReport& report) {
  for (const restore::RestoreProblem& problem : report.problems) FAIL_CHECK(problem.message);
  CHECK_FALSE(report.stopped_by);
  CHECK(report.items.failed == 0);
  CHECK(report.items.selected == report.items.restored + report.items.skipped);
}

}  // namespace

TEST_CASE("a restore killed anywhere goes on, and makes no item twice", "[restore]") {
  const auto on_conflict = GENERATE(OnConflict::skip, OnConflict::copy);
  const auto lanes = GENERATE(std::size_t{1}, std::size_t{3});
  const auto import = GENERATE(1, 2, 100, 101, 180, 250);
  Fixture fixture;
  fixture.settings.on_conflict = on_conflict;
  fixture.settings.lanes = lanes;
  fixture.kill_at(import);
  const std::size_t made = fixture.service.items(fixture.folder()).size();
  CHECK(made >= static_cast<std::size_t>(import - 1));
  fixture.write_anew();

  const RestoreReport report = fixture.run();
  check_closed(report);
  CHECK(report.goes_on);
  CHECK(report.items.skipped == made);
  CHECK(report.items.restored == kItems - made);
  fixture.check_each_once();
  CHECK(fixture.journals() == 0);
}

TEST_CASE("a restore killed again and again makes no item twice", "[restore]") {
  Fixture fixture;
  for (const int import : {40, 1, 90, 3, 60}) {
    fixture.kill_at(import);
    fixture.write_anew();
  }
  check_closed(fixture.run());
  fixture.check_each_once();
}

TEST_CASE("folders that are restored side by side go on where each of them was", "[restore]") {
  const auto import = GENERATE(1, 120, 300, 700);
  Fixture fixture;
  std::size_t all = kItems;
  for (const std::string folder : {"work", "sent"}) {
    for (std::size_t i = 0; i < kItems; ++i, ++all) {
      fixture.tenant.service().put_item(folder, base::text(folder, " ", i),
                                        base::text("plain|key of ", folder, " ", i));
    }
  }
  fixture.point = *fixture.tenant.back_up().snapshot;
  fixture.selection.folders = {"inbox", "sent"};
  fixture.settings.lanes = 4;
  fixture.kill_at(import);
  check_closed(fixture.run());
  const auto there = [&](const std::string& id) { return fixture.service.items(id).size(); };
  const std::string restored = *fixture.service.folder_named("root", "Restored");
  CHECK(there(*fixture.service.folder_named(restored, "Sent Items")) == kItems);
  CHECK(there(*fixture.service.folder_named(fixture.folder(), "Work/2026")) == kItems);
  fixture.check_each_once();
  CHECK(fixture.lines.size() == all);
  CHECK(fixture.journals() == 0);
}

TEST_CASE("items that were changed since they came are not made again", "[restore]") {
  Fixture fixture;
  fixture.kill_at(150);
  const std::string id = fixture.service.items(fixture.folder()).begin()->first;
  fixture.service.item(fixture.folder(), id).change_key = "read by its owner";
  fixture.write_anew();
  check_closed(fixture.run());
  fixture.check_each_once();
}

TEST_CASE("items that somebody took away since they came are made again", "[restore]") {
  Fixture fixture;
  fixture.kill_at(150);
  const std::string folder = fixture.folder();
  fixture.service.remove_item(folder, fixture.service.items(folder).begin()->first);
  check_closed(fixture.run());
  fixture.check_each_once();
}

TEST_CASE("items that lay there before are not taken for those that were sent", "[restore]") {
  Fixture fixture;
  fixture.settings.on_conflict = OnConflict::copy;
  check_closed(fixture.run());
  fixture.kill_at(30);  // a second copy
  check_closed(fixture.run());
  const std::map<std::string, int> keys = fixture.keys();
  CHECK(std::ranges::all_of(keys, [](const auto& key) { return key.second == 2; }));
}

TEST_CASE("a folder full of items like those that are sent is remembered whole", "[restore]") {
  Fixture fixture;
  fixture.settings.on_conflict = OnConflict::copy;
  fixture.settings.lanes = 1;
  fixture.selection.items = {"item 0", "item 1"};
  fixture.selection.folders.clear();
  check_closed(fixture.run());
  // So many that they fill the journal's entry for one item, and more than fill it for two.
  const std::string folder = fixture.folder();
  const std::string long_id(3000, 'x');
  for (int i = 0; i < 300; ++i) {
    for (const char* item : {"item 0", "item 1"}) {
      fixture.service.put_item(folder, base::text(long_id, item, i),
                               base::text("another|key of ", item));
    }
  }
  const auto import = GENERATE(1, 2);
  fixture.kill_at(import);
  check_closed(fixture.run());
  CHECK(fixture.keys() ==
        std::map<std::string, int>{{"key of item 0", 302}, {"key of item 1", 302}});
}

TEST_CASE("a listing that runs behind is given a moment", "[restore]") {
  Fixture fixture;
  fixture.kill_at(150);
  const std::string folder = fixture.folder();
  const std::map<std::string, test::FakeMailboxService::StoredItem> all =
      fixture.service.items(folder);
  for (const auto& [id, item] : all) fixture.service.remove_item(folder, id);
  int looks = 0;
  fixture.service.before_call = [&](Call call, const std::string&) {
    if (call != Call::item_details || ++looks != 2) return;
    for (const auto& [id, item] : all) fixture.service.put_item(folder, id, item.content);
  };
  check_closed(fixture.run());
  fixture.check_each_once();
}

TEST_CASE("an item without a search key that was sent is known by its bytes", "[restore]") {
  Fixture fixture;
  fixture.tenant.service().add_folder("keyless", "Keyless");
  for (const char* id : {"one", "two", "three"}) {
    fixture.tenant.service().put_item("keyless", id, base::text("no key in ", id));
    fixture.tenant.service().item("keyless", id).search_key.clear();
  }
  fixture.point = *fixture.tenant.back_up().snapshot;
  fixture.selection.folders = {"keyless"};
  fixture.settings.on_conflict = OnConflict::copy;
  fixture.settings.lanes = 1;
  fixture.kill_at(3);
  const RestoreReport report = fixture.run();
  check_closed(report);
  CHECK(report.items.restored == 1);
  CHECK(report.items.skipped == 2);
}

TEST_CASE("a stopped restore goes on where it was", "[restore]") {
  Fixture fixture;
  std::stop_source stop;
  int imports = 0;
  fixture.service.before_call = [&](Call call, const std::string&) {
    if (call == Call::import_unit && ++imports == 120) stop.request_stop();
  };
  const RestoreReport stopped = fixture.run(stop.get_token());
  CHECK(stopped.cancelled);
  fixture.service.before_call = nullptr;
  fixture.write_anew();
  const RestoreReport report = fixture.run();
  check_closed(report);
  CHECK(report.items.skipped == stopped.items.restored);
  fixture.check_each_once();
}

TEST_CASE("what the service refused is tried again, and nothing else", "[restore]") {
  Fixture fixture;
  int imports = 0;
  fixture.service.refuse_import = [&](const std::string&) -> std::optional<graph::ImportRefused> {
    if (++imports % 50 != 0) return std::nullopt;
    return graph::ImportRefused{{"ErrorCorruptData", "altered stream", false}, false};
  };
  const RestoreReport first = fixture.run();
  CHECK(first.items.failed == 5);
  fixture.service.refuse_import = nullptr;
  fixture.write_anew();
  const RestoreReport report = fixture.run();
  check_closed(report);
  CHECK(report.items.restored == 5);
  fixture.check_each_once();
}

TEST_CASE("another restore does not go on with this one", "[restore]") {
  Fixture fixture;
  fixture.kill_at(30);
  const std::size_t made = fixture.service.items(fixture.folder()).size();
  fixture.settings.on_conflict = OnConflict::copy;
  const RestoreReport report = fixture.run();
  CHECK_FALSE(report.goes_on);
  CHECK(report.items.restored == kItems);
  CHECK(fixture.service.items(fixture.folder()).size() == made + kItems);
  CHECK(fixture.journals() > 0);  // of the one that was cut off
}

TEST_CASE("of two processes at the same restore one gives way", "[restore]") {
  const auto is_ended = GENERATE(true, false);
  Fixture fixture;
  fixture.settings.lanes = 1;
  std::stop_source stop;
  int imports = 0;
  fixture.service.before_call = [&](Call call, const std::string&) {
    if (call != Call::import_unit) return;
    ++imports;
    if (imports == 50) fixture.run(stop.get_token());  // the other process
    if (imports == 120 && !is_ended) stop.request_stop();
  };
  const RestoreReport report = fixture.run();
  REQUIRE(report.stopped_by);
  CHECK(report.stopped_by->kind() == ErrorKind::in_use);
  fixture.service.before_call = nullptr;
  if (!is_ended) check_closed(fixture.run());
  // What was on its way in both is the most that can be there twice.
  const std::map<std::string, int> keys = fixture.keys();
  CHECK(keys.size() == kItems);
  CHECK(std::ranges::count_if(keys, [](const auto& key) { return key.second > 1; }) <= 51);
}

TEST_CASE("a store that takes no journal still gives back what it holds", "[restore]") {
  const auto kind = GENERATE(ErrorKind::full, ErrorKind::disk);
  Fixture fixture;
  fixture.tenant.backend().set_hook(
      [kind](store::MemoryBackend::Operation operation, const std::string& name) {
        if (operation == store::MemoryBackend::Operation::put && name.starts_with("restore/")) {
          throw Error{kind, "no space left"};
        }
      });
  const RestoreReport report = fixture.run();
  check_closed(report);
  CHECK(report.items.restored == kItems);
}

TEST_CASE("a damaged journal costs what it said, and no more", "[restore]") {
  Fixture fixture;
  fixture.settings.lanes = 1;
  fixture.kill_at(230);
  const std::vector<std::string> names = fixture.tenant.backend().names("restore/");
  REQUIRE(names.size() == 4);  // its beginning, and what was sent by hundreds
  fixture.tenant.backend().alter(names[1], [](base::Bytes& bytes) { bytes[200] ^= std::byte{1}; });
  const RestoreReport report = fixture.run();
  check_closed(report);
  // The bytes tell of the others: they are those that were sent.
  fixture.check_each_once();
}

TEST_CASE("a restore that was cut off is forgotten after a month", "[restore]") {
  Fixture fixture;
  fixture.kill_at(30);
  CHECK(fixture.journals() > 0);
  fixture.tenant.repository().clock().advance(std::chrono::hours{24 * 31});
  const RestoreReport report = fixture.run();
  CHECK_FALSE(report.goes_on);
  CHECK(fixture.journals() == 0);
}

TEST_CASE("an item is not taken for one like it that another item answers for", "[restore]") {
  Fixture fixture;
  fixture.twins();
  fixture.selection = {{}, {"twin a"}};
  check_closed(fixture.run());
  fixture.selection = {{}, {"twin a", "twin b"}};
  fixture.kill_at(1);  // the second one, as the first lies there
  const RestoreReport report = fixture.run();
  check_closed(report);
  CHECK(report.items.restored == 1);
  CHECK(fixture.contents_of_twins() == std::multiset<std::string>{"one|twins", "other|twins"});
}

TEST_CASE("of two items of one search key that were sent, the bytes tell which came", "[restore]") {
  Fixture fixture;
  fixture.twins();
  fixture.selection = {{}, {"twin a", "twin b"}};
  fixture.settings.lanes = 1;
  fixture.kill_at(2);
  const std::string folder = fixture.folder();
  REQUIRE(fixture.service.items(folder).size() == 1);
  // As if the other one had come instead.
  fixture.service.item(folder, fixture.service.items(folder).begin()->first).content = "one|twins";
  check_closed(fixture.run());
  CHECK(fixture.contents_of_twins() == std::multiset<std::string>{"one|twins", "other|twins"});
}

TEST_CASE("a stopped restore knows what it had not begun to send", "[restore]") {
  Fixture fixture;
  fixture.settings.lanes = 1;
  std::stop_source stop;
  fixture.service.before_call = [&](Call call, const std::string&) {
    if (call == Call::import_unit) stop.request_stop();
  };
  fixture.run(stop.get_token());
  fixture.service.before_call = nullptr;
  const std::string folder = fixture.folder();
  // Somebody puts one there that is like what was about to be sent.
  fixture.service.put_item(folder, "not ours", "another|key of item 200");
  fixture.settings.on_conflict = OnConflict::skip;
  check_closed(fixture.run());
  CHECK(fixture.keys().at("key of item 200") == 2);
}

TEST_CASE("a store that takes no more entries still tells of the past", "[restore]") {
  Fixture fixture;
  fixture.tenant.service().add_folder("second", "Second");
  for (int i = 0; i < 5; ++i) {
    fixture.tenant.service().put_item("second", base::text("s", i), base::text("s|second ", i));
  }
  fixture.point = *fixture.tenant.back_up().snapshot;
  fixture.selection.folders = {"inbox", "second"};
  fixture.settings.on_conflict = OnConflict::copy;
  fixture.settings.lanes = 1;
  int imports = 0;
  fixture.service.refuse_import = [&](const std::string&) -> std::optional<graph::ImportRefused> {
    if (++imports > 1) return std::nullopt;
    return graph::ImportRefused{{"ErrorCorruptData", "altered stream", false}, false};
  };
  CHECK(fixture.run().items.failed == 1);
  fixture.service.refuse_import = nullptr;
  fixture.refuse(store::MemoryBackend::Operation::put);
  const RestoreReport report = fixture.run();
  check_closed(report);
  CHECK(report.items.restored == 1);
  fixture.check_each_once();
}

TEST_CASE("a journal of another restore that cannot be removed does not matter", "[restore]") {
  Fixture fixture;
  fixture.settings.on_conflict = OnConflict::copy;
  fixture.kill_at(30);
  fixture.tenant.repository().clock().advance(std::chrono::hours{24 * 31});
  fixture.refuse(store::MemoryBackend::Operation::remove);
  fixture.settings.on_conflict = OnConflict::skip;
  fixture.target.into = {"Restored anew"};
  fixture.kill_at(150);
  const RestoreReport report = fixture.run();
  check_closed(report);
  CHECK(report.goes_on);
  CHECK(report.items.restored + report.items.skipped == kItems);
  CHECK(report.items.skipped >= 149);
}

TEST_CASE("a past that is there and cannot be read ends the restore", "[restore]") {
  Fixture fixture;
  fixture.kill_at(150);
  const std::size_t made = fixture.service.items(fixture.folder()).size();
  fixture.refuse(
      GENERATE(store::MemoryBackend::Operation::list, store::MemoryBackend::Operation::read));
  CHECK_THROWS_WITH(fixture.run(), test::contains_text("could be made twice"));
  CHECK(fixture.service.items(fixture.folder()).size() == made);
}

TEST_CASE("what was made before a restore was cut off must be as it should", "[restore]") {
  Fixture fixture;
  fixture.settings.lanes = 1;
  fixture.kill_at(150);
  const std::string folder = fixture.folder();
  for (const auto& [id, item] : std::map{fixture.service.items(folder)}) {
    if (item.search_key == "key of item 200")
      fixture.service.item(folder, id).item_class = "IPM.Task";
  }
  for (int again = 0; again < 2; ++again) {
    const RestoreReport report = fixture.run();
    CHECK(report.unproven == 1);
    REQUIRE(report.problems.size() == 1);
    CHECK(report.problems.front().code == "NotVerified");
    CHECK(report.items.failed == 0);
    fixture.check_each_once();
  }
}

TEST_CASE("a dry run tells what the restore that was cut off left to do", "[restore]") {
  Fixture fixture;
  fixture.kill_at(150);
  fixture.write_anew();
  fixture.settings.dry_run = true;
  const std::size_t before = fixture.journals();
  fixture.run();
  CHECK(std::ranges::count_if(fixture.lines, [](const ItemReport& line) {
          return line.action == restore::ItemAction::create;
        }) == static_cast<std::ptrdiff_t>(kItems - fixture.service.items(fixture.folder()).size()));
  CHECK(fixture.journals() == before);
}
