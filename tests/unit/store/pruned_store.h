// A small store in memory that is pruned, and the truth about it.
#pragma once

#include "store/memory_backend.h"
#include "store/repository.h"
#include "tests/support/catch.h"
#include "tests/support/small_repository.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace test {

// Mailboxes with restore points, each of which must come back bit by bit as long as it is shown.
class PrunedStore {
 public:
  PrunedStore() : store(backend) {}

  store::Snapshot back_up(const std::string& mailbox, std::uint64_t seed, std::size_t items = 12) {
    const auto work = store.repository().begin_work();
    Streams streams = test::random_streams(seed, items, 60'000);
    store::Snapshot point = store.back_up(mailbox, streams);
    truth.emplace_back(point, std::move(streams));
    return point;
  }
  void forget(const store::Snapshot& point) {
    store.repository().forget(std::vector<store::Forgetting>{{point, "test"}});
    std::erase_if(truth, [&](const auto& entry) { return entry.first.id == point.id; });
  }
  store::PruneReport prune(store::PruneOptions options = {}) {
    return store.repository().prune(options, {}, {});
  }
  // A restore point with the trees of another one, as a run makes of a mailbox without a change.
  store::Snapshot commit_again(const store::Snapshot& base, const Streams& streams) {
    store.clock().advance(std::chrono::seconds{1});
    store::Snapshot next = base;
    next.id = "after " + base.id;
    next.time = store.clock().now();
    store.repository().commit(std::vector{next});
    truth.emplace_back(next, streams);
    return next;
  }
  // Also after losing the index, which then knows only what packs and log say.
  void check_all() {
    check_shown();
    store.close();
    std::filesystem::remove_all(store.settings().index);
    store.reopen();
    check_shown();
  }
  void check_shown() {
    REQUIRE(store.repository().snapshots().size() == truth.size());
    for (const auto& [point, streams] : truth) {
      CHECK(test::restore(store.repository(), point) == streams);
    }
    CHECK(store.repository().check(store::CheckLevel::full, {}, {}).errors.empty());
  }

  store::MemoryBackend backend;
  SmallRepository store;
  std::vector<std::pair<store::Snapshot, Streams>> truth;
};

}  // namespace test
