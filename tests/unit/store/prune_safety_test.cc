// What would make prune delete what is needed: work in the same process, and failures at the worst
// moment.
#include "src/base/error.h"
#include "src/base/text.h"
#include "store/internal/prune_journal.h"
#include "store/keys.h"
#include "store/memory_backend.h"
#include "store/repository.h"
#include "tests/support/catch.h"
#include "tests/support/small_repository.h"
#include "tests/support/small_store.h"
#include "tests/unit/store/pruned_store.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace {

using store::MemoryBackend;
using test::PrunedStore;
using test::Streams;

constexpr const char* kAnna = "anna@contoso.com";
constexpr const char* kBoris = "boris@contoso.com";

// Operations of the thread that prunes, from the first one on.
class Moments {
 public:
  Moments(MemoryBackend& backend, std::function<void(int, const std::string&)> act)
      : backend_(backend) {
    const auto pruning = std::this_thread::get_id();
    backend.set_hook(
        [this, pruning, act = std::move(act)](MemoryBackend::Operation, const std::string& name) {
          if (inside_ || std::this_thread::get_id() != pruning) return;
          inside_ = true;
          act(count_++, name);
          inside_ = false;
        });
  }
  ~Moments() { backend_.set_hook({}); }
  Moments(const Moments&) = delete;
  Moments& operator=(const Moments&) = delete;
  [[nodiscard]] int count() const { return count_; }

 private:
  MemoryBackend& backend_;
  int count_ = 0;
  bool inside_ = false;
};

}  // namespace

TEST_CASE("a mailbox without a change keeps the trees that it goes on from",
          "[store][prune][leases]") {
  PrunedStore fixture;
  const Streams streams = test::random_streams(1, 12, 60'000);
  const store::Snapshot old = fixture.store.back_up(kAnna, streams);
  fixture.store.reopen();
  const auto work = fixture.store.repository().begin_work();
  const auto reader = fixture.store.tenant().open_snapshot(old);
  fixture.store.repository().forget(std::vector<store::Forgetting>{{old, "test"}});
  CHECK(fixture.prune().purged == std::vector<std::string>{old.id});
  fixture.commit_again(old, streams);
  fixture.check_all();
}

TEST_CASE("who starts from a restore point while it is purged has it, or is told",
          "[store][prune][leases]") {
  int moment = 0;
  int had = 0;
  int told = 0;
  for (bool reached = true; reached; ++moment) {
    PrunedStore fixture;
    const Streams streams = test::random_streams(1, 4, 60'000);
    const store::Snapshot old = fixture.store.back_up(kAnna, streams);
    fixture.back_up(kBoris, 2, 4);
    fixture.store.repository().forget(std::vector<store::Forgetting>{{old, "test"}});
    fixture.store.reopen();
    std::unique_ptr<store::Repository::Work> work;
    std::unique_ptr<store::SnapshotReader> reader;
    reached = false;
    {
      const Moments moments{fixture.backend, [&](int now, const std::string&) {
                              if (now != moment) return;
                              reached = true;
                              work = fixture.store.repository().begin_work();
                              try {
                                reader = fixture.store.tenant().open_snapshot(old);
                              } catch (const base::Error& error) {
                                CHECK(error.kind() == base::ErrorKind::not_found);
                                ++told;
                              }
                            }};
      fixture.prune();
    }
    if (reader) {
      ++had;
      fixture.commit_again(old, streams);
    }
    fixture.check_all();
  }
  CHECK(had > 0);
  CHECK(told > 0);
}

TEST_CASE("who starts from what is committed beside a prune does not confuse it",
          "[store][prune][leases]") {
  constexpr int kNewcomers = 3;  // one after the other: while packs of one are read, another comes
  int started = 0;
  bool ended = false;
  for (int moment = 0; !ended; ++moment) {
    PrunedStore fixture;
    const store::Snapshot old = fixture.back_up(kAnna, 1, 4);
    fixture.back_up(kBoris, 2, 4);
    fixture.forget(old);
    fixture.store.reopen();
    const auto work = fixture.store.repository().begin_work();
    std::vector<std::unique_ptr<store::SnapshotReader>> readers;
    const auto start = [&](int now) {
      const store::Snapshot newcomer =
          fixture.back_up(base::text("new ", now), 100 + static_cast<std::uint64_t>(now), 4);
      readers.push_back(fixture.store.tenant().open_snapshot(newcomer));
      ++started;
    };
    bool fenced = false;
    {
      const Moments moments{fixture.backend, [&](int now, const std::string& name) {
                              // From here on nothing can be committed.
                              fenced = fenced || name.ends_with("/fenced");
                              ended = ended || (fenced && now <= moment);
                              const bool due = now >= moment && now < moment + kNewcomers;
                              if (due && !fenced && !name.starts_with("log/")) start(now);
                            }};
      CHECK(fixture.prune().purged == std::vector<std::string>{old.id});
    }
    fixture.check_shown();
  }
  CHECK(started > 30);
}

TEST_CASE("who thinks better of it before the fence can read it at any moment",
          "[store][prune][leases]") {
  bool ended = false;
  int recalls = 0;
  for (int moment = 0; !ended; ++moment) {
    PrunedStore fixture;
    const Streams streams = test::random_streams(1, 4, 60'000);
    const store::Snapshot old = fixture.store.back_up(kAnna, streams);
    fixture.back_up(kBoris, 2, 4);
    const store::Snapshot purged = fixture.back_up(kAnna, 3, 4);
    fixture.forget(purged);
    fixture.store.repository().forget(std::vector<store::Forgetting>{{old, "test"}});
    bool recalled = false;
    {
      const Moments moments{
          fixture.backend, [&](int now, const std::string& name) {
            // From the fence on nothing is recalled any more.
            ended = ended || (name.ends_with("/fenced") && !recalled);
            if (now >= moment && !recalled && !ended && !name.starts_with("log/")) {
              fixture.store.repository().recall(std::vector{old});
              fixture.truth.emplace_back(old, streams);
              recalled = true;
              ++recalls;
            }
            if (recalled) CHECK_NOTHROW(fixture.store.tenant().open_snapshot(old));
          }};
      fixture.prune();
    }
    if (recalled) fixture.check_shown();
  }
  CHECK(recalls > 10);
}

TEST_CASE("a tenant that is first asked for beside a prune keeps what it relies on",
          "[store][prune][leases]") {
  const store::TenantDomain other{"fabrikam.com"};
  const base::Bytes bytes = test::random_streams(1, 1, 60'000).begin()->second;
  const auto put = [&](PrunedStore& fixture) {
    const auto content = fixture.store.repository().tenant(other).new_content();
    content->append(bytes);
    return content->finish().ref;
  };
  PrunedStore fixture;
  fixture.back_up(kAnna, 2, 4);
  put(fixture);  // and nothing names it
  fixture.store.repository().commit({});
  fixture.store.reopen();
  std::unique_ptr<store::Repository::Work> work;
  store::ContentRef kept;
  {
    const Moments moments{fixture.backend, [&](int, const std::string& name) {
                            if (work || !name.ends_with("/plan")) return;
                            work = fixture.store.repository().begin_work();
                            kept = put(fixture);
                          }};
    CHECK(fixture.prune().packs_deleted > 0);
  }
  CHECK(fixture.store.repository().tenant(other).read_content(kept) == bytes);
}

TEST_CASE("a note that is written though its writer was told otherwise loses nothing",
          "[store][prune][crash]") {
  PrunedStore fixture;
  const Streams streams = test::random_streams(1, 12, 60'000);
  const store::Snapshot old = fixture.store.back_up(kAnna, streams);
  fixture.back_up(kAnna, 2);
  fixture.store.repository().forget(std::vector<store::Forgetting>{{old, "test"}});
  fixture.store.reopen();
  const std::string step = GENERATE("plan", "condemned", "fenced", "deleting", "done");
  fixture.backend.set_after_put([&](const std::string& name) {
    if (!name.starts_with("gc/") || !name.ends_with(step)) return;
    throw base::Error{base::ErrorKind::disk, "the answer was lost"};
  });
  CHECK(test::failure_of([&] { fixture.prune(); }).kind == base::ErrorKind::disk);
  fixture.backend.set_after_put({});
  const bool commits = GENERATE(false, true);
  if (commits) {
    const auto work = fixture.store.repository().begin_work();
    fixture.truth.emplace_back(fixture.store.back_up(kBoris, streams), streams);
  }
  fixture.store.reopen();
  fixture.check_all();
  fixture.prune();
  CHECK(fixture.store.repository().forgotten().empty());
  CHECK(fixture.prune().epoch == 0);
  fixture.check_all();
}

TEST_CASE("a pack that goes and cannot be read any more keeps no store from opening",
          "[store][prune][crash]") {
  PrunedStore fixture;
  const store::Snapshot old = fixture.back_up(kAnna, 1);
  fixture.back_up(kAnna, 2);
  const auto packs = fixture.backend.names("pack/");
  fixture.forget(old);
  fixture.store.reopen();
  struct PowerCut {};
  fixture.backend.set_after_put([&](const std::string& name) {
    if (name.ends_with("/deleting")) throw PowerCut{};
  });
  CHECK_THROWS_AS(fixture.prune(), PowerCut);
  fixture.backend.set_after_put({});
  fixture.store.close();
  const auto keys = store::KeyRing::open(fixture.backend, fixture.store.passphrase());
  const store::PruneJournal journal{fixture.backend, *keys};
  const auto note = journal.read(journal.epochs().back(), store::PruneStep::deleting);
  REQUIRE(note);
  for (const store::PackObject& pack : note->packs) {
    for (const std::string& name : packs) {
      if (name.find(pack.id.hex()) == std::string::npos) continue;
      fixture.backend.alter(name, [](base::Bytes& bytes) { bytes.back() ^= std::byte{1}; });
    }
  }
  fixture.store.reopen();
  fixture.check_all();
}

TEST_CASE("when space is short, trash is not kept", "[store][prune][full]") {
  PrunedStore fixture;
  const store::Snapshot old = fixture.back_up(kAnna, 1);
  const store::Snapshot next = fixture.back_up(kAnna, 2);
  fixture.back_up(kAnna, 3);
  fixture.forget(old);
  fixture.store.reopen();
  const std::uint64_t first = fixture.prune().bytes_deleted;
  CHECK(fixture.backend.discarded_batches().size() == 1);
  fixture.forget(next);
  fixture.store.reopen();
  fixture.backend.set_free_bytes(0);
  const store::PruneReport report = fixture.prune();
  CHECK(report.trash_bytes_freed == first + report.bytes_deleted);
  CHECK(fixture.backend.discarded_batches().empty());
  fixture.check_all();
}

TEST_CASE("readers notice an index from before a prune that purged nothing", "[store][prune]") {
  PrunedStore fixture;
  for (std::uint64_t seed = 0; seed < 10; ++seed) fixture.back_up(kAnna, seed, 2);
  fixture.store.close();
  const std::filesystem::path index = fixture.store.settings().index;
  const std::filesystem::path copy = index.string() + ".copy";
  std::filesystem::copy(index, copy, std::filesystem::copy_options::recursive);
  fixture.store.reopen();
  const store::PruneReport report = fixture.prune();
  CHECK(report.purged.empty());
  CHECK(report.packs_rewritten == 20);
  fixture.store.close();
  for (const std::uint64_t batch : fixture.backend.discarded_batches()) {
    fixture.backend.empty_batch(batch);
  }
  std::filesystem::remove_all(index);
  std::filesystem::rename(copy, index);
  fixture.store.reopen(store::Access::read);
  fixture.check_shown();
}

TEST_CASE("a backup and a prune in two threads", "[store][prune][threads]") {
  PrunedStore fixture;
  const Streams shared = test::random_streams(7, 6, 40'000);
  std::atomic<bool> ended = false;
  std::exception_ptr failure;
  std::thread pruning{[&] {
    try {
      while (!ended) fixture.prune();
    } catch (...) {
      failure = std::current_exception();
    }
  }};
  try {
    for (std::uint64_t round = 0; round < 25; ++round) {
      const auto work = fixture.store.repository().begin_work();
      Streams streams = shared;  // which is forgotten and met again all the time
      streams.merge(test::random_streams(100 + round, 3, 40'000));
      const store::Snapshot point = fixture.store.back_up(round % 2 == 0 ? kAnna : kBoris, streams);
      fixture.truth.emplace_back(point, streams);
      if (round % 3 != 0) fixture.forget(point);
    }
  } catch (...) {
    ended = true;
    pruning.join();
    throw;
  }
  ended = true;
  pruning.join();
  if (failure) std::rethrow_exception(failure);
  fixture.check_all();
  fixture.store.reopen();
  fixture.prune();
  fixture.check_all();
}
