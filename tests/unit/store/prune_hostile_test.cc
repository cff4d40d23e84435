// An index, a log or notes that are not what they were must not make prune delete what is needed.
#include "src/base/error.h"
#include "store/index.h"
#include "store/keys.h"
#include "store/memory_backend.h"
#include "store/repository.h"
#include "tests/support/catch.h"
#include "tests/support/small_repository.h"
#include "tests/support/small_store.h"
#include "tests/unit/store/pruned_store.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>

namespace {

using test::PrunedStore;

constexpr const char* kAnna = "anna@contoso.com";
constexpr const char* kBoris = "boris@contoso.com";

std::unique_ptr<store::Index> open_index(PrunedStore& fixture) {
  const auto keys = store::KeyRing::open(fixture.backend, fixture.store.passphrase());
  return store::Index::open(fixture.store.settings().index, keys->repository(),
                            store::Index::Mode::write);
}

store::Hold hold_on(const store::Snapshot& snapshot) {
  store::Hold hold;
  hold.id = "h";
  hold.tenant = test::SmallRepository::kTenant;
  hold.mailbox_id = snapshot.mailbox_id;
  return hold;
}

// Nothing is deleted, and the words say what to do.
void check_refuses(PrunedStore& fixture, const std::string& words) {
  const auto packs = fixture.backend.names("pack/");
  const test::Failure failure = test::failure_of([&] { fixture.prune(); });
  CHECK(failure.kind == base::ErrorKind::corrupt);
  CHECK(failure.what.find(words) != std::string::npos);
  CHECK(fixture.backend.names("pack/") == packs);
}

}  // namespace

TEST_CASE("an index that somebody has altered does not decide what is purged",
          "[store][prune][hostile]") {
  PrunedStore fixture;
  const store::Snapshot old = fixture.back_up(kAnna, 1);
  fixture.back_up(kAnna, 2);
  store::StateRow planted;
  const std::vector<store::Forgetting> forgetting{{old, "test"}};
  SECTION("a tombstone from before it was brought back") {
    fixture.store.repository().forget(forgetting);
    fixture.store.close();
    open_index(fixture)->rows(store::Table::tombstone, "",
                              [&](const std::string& key, base::ByteView value) {
                                planted = {store::Table::tombstone, key, base::to_bytes(value)};
                              });
    fixture.store.reopen().recall(std::vector{old});
  }
  SECTION("a hold that is gone") {
    fixture.store.repository().forget(forgetting);
    fixture.store.repository().add_hold(hold_on(old));
    planted = {store::Table::hold, "h", std::nullopt};
  }
  fixture.store.close();
  open_index(fixture)->apply(std::vector{planted});
  fixture.store.reopen();
  check_refuses(fixture, "rebuild-index");
}

TEST_CASE("two computations that do not agree stop a prune", "[store][prune][hostile]") {
  PrunedStore fixture;
  fixture.back_up(kAnna, 1);
  const store::Snapshot old = fixture.back_up(kBoris, 2);
  fixture.forget(old);
  fixture.store.close();
  {
    // The rows of data chunks are gone: what they hold looks dead.
    const auto index = open_index(fixture);
    std::map<std::uint32_t, store::PackRow> packs;
    index->for_each_pack([&](std::uint32_t number, const store::PackRow& row) {
      if (row.chunk_class == store::ChunkClass::data) packs[number] = row;
    });
    for (const auto& [number, row] : packs) {
      index->remove_pack(number, index->chunks_in({&number, 1}).at(number));
      index->add_pack(row, {});
    }
  }
  fixture.store.reopen();
  check_refuses(fixture, "do not agree");
}

TEST_CASE("a log that tells of nothing makes nothing dead", "[store][prune][hostile]") {
  PrunedStore fixture;
  fixture.back_up(kAnna, 1);
  fixture.store.close();
  for (const std::string& name : fixture.backend.names("log/")) fixture.backend.remove(name);
  std::filesystem::remove_all(fixture.store.settings().index);
  fixture.store.reopen();
  const auto packs = fixture.backend.names("pack/");
  store::PruneOptions options;
  options.delete_only = GENERATE(false, true);
  const store::PruneReport report = fixture.prune(options);
  CHECK(report.epoch == 0);
  CHECK(report.bytes_deleted == 0);
  CHECK(fixture.backend.names("pack/") == packs);
}

TEST_CASE("a log that ends before what an earlier prune knew stops a prune",
          "[store][prune][hostile]") {
  PrunedStore fixture;
  const store::Snapshot first = fixture.back_up(kAnna, 1);
  fixture.back_up(kAnna, 2);
  fixture.forget(first);
  fixture.back_up(kBoris, 3);
  const auto known = fixture.backend.names("log/");
  fixture.store.reopen();
  fixture.prune();
  fixture.store.close();
  // Back to before the last restore point, and no index that would know better.
  for (const std::string& name : fixture.backend.names("log/")) {
    if (name >= known.back()) fixture.backend.remove(name);
  }
  std::filesystem::remove_all(fixture.store.settings().index);
  fixture.store.reopen();
  check_refuses(fixture, "check --repair");
  const auto check_tells = [&] {
    const store::CheckReport report =
        fixture.store.repository().check(store::CheckLevel::structure, {}, {});
    return std::ranges::any_of(report.errors, [](const std::string& error) {
      return error.find("lacks records that prune 1 knew") != std::string::npos;
    });
  };
  CHECK(check_tells());
  fixture.backend.plant("log/stranger", base::Bytes(10));
  CHECK(check_tells());  // more damage to the log hides nothing
  fixture.backend.remove("log/stranger");

  fixture.store.close();
  const auto gave_up = [&] {
    return store::Repository::repair_log(fixture.backend, fixture.store.settings(),
                                         fixture.store.passphrase(), fixture.store.clock());
  };
  CHECK_FALSE(gave_up().lost.empty());
  CHECK_FALSE(gave_up().was_needed());
  fixture.store.reopen();
  CHECK(!check_tells());
  CHECK(fixture.prune().epoch != 0);
  CHECK(fixture.store.repository().check(store::CheckLevel::full, {}, {}).errors.empty());
}

TEST_CASE("trash stays as long as ever after the end of the log was given up",
          "[store][prune][log]") {
  PrunedStore fixture;
  const store::Snapshot first = fixture.back_up(kAnna, 1);
  fixture.back_up(kAnna, 2);
  fixture.store.clock().advance(std::chrono::hours{24 * 30});
  fixture.back_up(kBoris, 3);
  const auto known = fixture.backend.names("log/");
  fixture.forget(first);
  fixture.store.reopen();
  const std::uint64_t deleted = fixture.prune().bytes_deleted;
  REQUIRE(fixture.backend.discarded_batches().size() == 1);
  fixture.store.close();
  // Nothing tells any more that it was forgotten: what lies in the trash is needed.
  for (const std::string& name : fixture.backend.names("log/")) {
    if (std::ranges::find(known, name) == known.end()) fixture.backend.remove(name);
  }
  std::filesystem::remove_all(fixture.store.settings().index);
  CHECK_FALSE(store::Repository::repair_log(fixture.backend, fixture.store.settings(),
                                            fixture.store.passphrase(), fixture.store.clock())
                  .lost.empty());
  fixture.store.reopen();
  CHECK(test::failure_of([&] { fixture.prune(); }).kind == base::ErrorKind::corrupt);
  CHECK(fixture.backend.discarded_batches().size() == 1);

  fixture.forget(first);
  fixture.store.reopen();
  CHECK(fixture.prune().trash_bytes_freed == 0);
  for (int night = 0; night < 4; ++night) fixture.store.clock().advance(std::chrono::hours{24});
  std::uint64_t freed = 0;
  for (int night = 0; night < 4; ++night) {
    fixture.store.clock().advance(std::chrono::hours{24});
    freed += fixture.prune().trash_bytes_freed;
  }
  CHECK(freed >= deleted);
  fixture.check_all();
}

TEST_CASE("planted epochs do not end pruning", "[store][prune][hostile]") {
  PrunedStore fixture;
  const store::Snapshot old = fixture.back_up(kAnna, 1);
  fixture.back_up(kAnna, 2);
  const std::string planted = GENERATE("9999999999999999", "1000000000000000", "0999999999999999");
  CAPTURE(planted);
  fixture.backend.plant("gc/" + planted + "/plan", base::Bytes(100));
  fixture.backend.plant("gc/9999999999999998/deleting", base::Bytes(100));
  fixture.backend.plant("gc/0000000000000007/nothing", base::Bytes(100));
  fixture.backend.plant("pack/x", base::Bytes(100));
  fixture.backend.discard("pack/x", 9'999'999'999'999'999);
  fixture.forget(old);
  fixture.store.reopen();
  CHECK(fixture.prune().epoch == 1);
  fixture.check_all();
  const store::Snapshot another = fixture.back_up(kAnna, 3);
  fixture.back_up(kAnna, 4);
  fixture.forget(another);
  fixture.store.reopen();
  CHECK(fixture.prune().epoch == 2);
  fixture.check_all();
}
