#include "src/restore/drill_run.h"

#include "src/base/error.h"
#include "store/memory_backend.h"
#include "tests/support/catch.h"
#include "tests/support/small_repository.h"

#include <algorithm>
#include <set>

namespace {

using base::ErrorKind;
using restore::DrilledItem;
using restore::DrillReport;

struct Fixture {
  DrillReport drill(std::uint64_t items, std::stop_token stop = {}) {
    lines.clear();
    restore::DrillProgress progress;
    DrillReport report = restore::run_drill(
        store.repository(), {items, 3}, [&](const DrilledItem& item) { lines.push_back(item); },
        progress, stop);
    CHECK(lines.size() == report.verified + report.failures.size());
    CHECK(progress.items_total == report.chosen);
    CHECK(progress.items_done == lines.size());
    return report;
  }

  // A mailbox of one item of one chunk, the only record of the newest data pack, and of an empty
  // one.
  std::string back_up_one(const std::string& mailbox, const std::string& id, std::uint64_t seed) {
    const std::vector<std::string> before = backend.names("pack/d/");
    store.back_up(mailbox, {{{"inbox", id}, test::random_streams(seed, 1, 4000).begin()->second},
                            {{"notes", "empty"}, {}}});
    for (const std::string& name : backend.names("pack/d/")) {
      if (std::ranges::find(before, name) == before.end()) return name;
    }
    throw std::logic_error{"the item made no pack"};
  }

  void damage(const std::string& object, std::size_t offset) {
    backend.alter(object, [&](base::Bytes& bytes) { bytes.at(offset) ^= std::byte{16}; });
    store.reopen(store::Access::read);
  }

  store::MemoryBackend backend;
  test::SmallRepository store{backend};
  std::vector<DrilledItem> lines;
};

// In the middle of the first record of a pack.
constexpr std::size_t kInFirstChunk = 128 + 64 + 8;

}  // namespace

TEST_CASE("a drill restores random items up to the request and finds them whole", "[drill]") {
  Fixture it;
  it.store.back_up("anna@contoso.com", test::random_streams(1, 40));
  it.store.back_up("anna@contoso.com", test::random_streams(2, 40));
  it.store.back_up("bert@contoso.com", test::random_streams(3, 3));
  const DrillReport report = it.drill(20);
  CHECK(report.available == 83);
  CHECK(report.chosen == 20);
  CHECK(report.verified == 20);
  CHECK(report.failures.empty());
  CHECK(report.mailboxes == 2);
  CHECK_FALSE(report.cancelled);
  CHECK(report.body_bytes > report.stream_bytes);
  std::set<std::string> different;
  for (const DrilledItem& item : it.lines) {
    CHECK_FALSE(item.failure);
    CHECK(item.folder.starts_with("Name of folder-"));
    CHECK(item.body_bytes > item.size_bytes);
    different.insert(item.snapshot + item.item);
  }
  CHECK(different.size() == 20);
}

TEST_CASE("a store with fewer items is drilled whole, an empty one not at all", "[drill]") {
  Fixture it;
  const DrillReport of_none = it.drill(20);
  CHECK(of_none.chosen == 0);
  CHECK(of_none.available == 0);
  CHECK(it.lines.empty());
  it.store.back_up("nobody@contoso.com", {});
  it.store.back_up("anna@contoso.com", test::random_streams(1, 5));
  const DrillReport report = it.drill(20);
  CHECK(report.chosen == 5);
  CHECK(report.verified == 5);
  CHECK(report.points == 1);
}

TEST_CASE("a damaged chunk is found, and named by mailbox, folder, item and restore point",
          "[drill]") {
  Fixture it;
  it.store.back_up("bert@contoso.com", test::random_streams(9, 6));
  it.damage(it.back_up_one("anna@contoso.com", "letter", 1), kInFirstChunk);
  const DrillReport report = it.drill(20);
  CHECK(report.chosen == 8);
  CHECK(report.verified == 7);
  REQUIRE(report.failures.size() == 1);
  const DrilledItem& failed = report.failures.front();
  CHECK(failed.mailbox == "anna@contoso.com");
  CHECK(failed.folder == "Name of inbox");
  CHECK(failed.item == "letter");
  CHECK(failed.snapshot == it.store.repository().snapshots().front().id);
  CHECK(failed.failure->kind() == ErrorKind::corrupt);
}

TEST_CASE("an item whose stored digest differs fails its drill", "[drill]") {
  Fixture it;
  const auto content = it.store.tenant().new_content();
  content->append(test::random_streams(4, 1).begin()->second);
  store::ItemEntry item;
  item.folder_id = "inbox";
  item.id = "forged";
  item.content = content->finish().ref;
  item.content.sha256.bytes[0] ^= std::byte{1};
  const auto writer = it.store.tenant().new_snapshot(nullptr);
  writer->put_folder({"root", "", "Root", "", "msgfolderroot"});
  writer->put_folder({"inbox", "root", "Inbox", "IPF.Note", "inbox"});
  writer->put_item(item, {});
  store::Snapshot point = it.store.prepare("anna@contoso.com", {});
  const auto built = writer->finish();
  point.items = built.items;
  point.roots = built.roots;
  it.store.repository().commit(std::vector{point});
  const DrillReport report = it.drill(20);
  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures.front().item == "forged");
  CHECK(report.failures.front().folder == "Inbox");
  CHECK(report.failures.front().failure->kind() == ErrorKind::corrupt);
  CHECK(report.verified == 0);
}

TEST_CASE("a restore point that holds fewer items than it says fails its drill", "[drill]") {
  Fixture it;
  store::Snapshot point = it.store.prepare("anna@contoso.com", test::random_streams(1, 3));
  point.items = 5;
  it.store.repository().commit(std::vector{point});
  const DrillReport report = it.drill(20);
  CHECK(report.chosen == 5);
  CHECK(report.verified == 3);
  REQUIRE(report.failures.size() == 2);
  CHECK(report.failures.back().mailbox == "anna@contoso.com");
  CHECK(report.failures.back().item.empty());
}

TEST_CASE("damage that hides a restore point's items costs those, and no others", "[drill]") {
  Fixture it;
  it.store.back_up("bert@contoso.com", test::random_streams(9, 6));
  const std::vector<std::string> before = it.backend.names("pack/m/");
  it.store.back_up("anna@contoso.com", test::random_streams(1, 4));
  for (const std::string& name : it.backend.names("pack/m/")) {
    if (std::ranges::find(before, name) == before.end()) it.backend.remove(name);
  }
  it.store.reopen(store::Access::read);
  const DrillReport report = it.drill(20);
  CHECK(report.verified == 6);
  REQUIRE(report.failures.size() == 4);
  for (const DrilledItem& failed : report.failures) {
    CHECK(failed.mailbox == "anna@contoso.com");
    CHECK(failed.failure->kind() == ErrorKind::corrupt);
  }
}

TEST_CASE("a disk that fails is no damage of an item: the drill ends", "[drill]") {
  Fixture it;
  it.store.back_up("anna@contoso.com", test::random_streams(1, 4));
  it.store.reopen(store::Access::read);
  it.backend.set_hook([](store::MemoryBackend::Operation operation, const std::string& name) {
    if (operation == store::MemoryBackend::Operation::read && name.starts_with("pack/d/")) {
      throw base::Error{ErrorKind::disk, "input/output error"};
    }
  });
  restore::DrillProgress progress;
  try {
    restore::run_drill(it.store.repository(), {20, 3}, [](const DrilledItem&) {}, progress, {});
    FAIL("the drill should have ended");
  } catch (const base::Error& error) {
    CHECK(error.kind() == ErrorKind::disk);
  }
}

TEST_CASE("a drill that is stopped keeps what it found", "[drill]") {
  Fixture it;
  it.store.back_up("anna@contoso.com", test::random_streams(1, 30));
  std::stop_source source;
  restore::DrillProgress progress;
  std::uint64_t seen = 0;
  const DrillReport report = restore::run_drill(
      it.store.repository(), {20, 3},
      [&](const DrilledItem&) {
        if (++seen == 5) source.request_stop();
      },
      progress, source.get_token());
  CHECK(report.cancelled);
  CHECK(report.chosen == 20);
  CHECK(report.verified == 5);
  CHECK(report.failures.empty());
}
