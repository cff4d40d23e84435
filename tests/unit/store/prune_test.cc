#include "src/base/error.h"
#include "store/memory_backend.h"
#include "store/repository.h"
#include "tests/support/catch.h"
#include "tests/support/small_repository.h"
#include "tests/support/small_store.h"
#include "tests/unit/store/pruned_store.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>
#include <stdexcept>
#include <thread>

namespace {

using store::MemoryBackend;
using test::PrunedStore;
using test::SmallRepository;
using test::Streams;

constexpr const char* kAnna = "anna@contoso.com";
constexpr const char* kBoris = "boris@contoso.com";

std::uint64_t pack_bytes(const MemoryBackend& backend) {
  std::uint64_t sum = 0;
  backend.list("pack/", [&](const std::string&, std::uint64_t size) { sum += size; });
  return sum;
}

}  // namespace

TEST_CASE("prune deletes what no restore point names, and nothing else", "[store][prune]") {
  PrunedStore fixture;
  const store::Snapshot old = fixture.back_up(kAnna, 1);
  fixture.back_up(kAnna, 2);
  fixture.back_up(kBoris, 3);
  fixture.forget(old);
  fixture.store.reopen();  // what a process wrote it leaves alone for as long as nobody says more
  const std::uint64_t before = pack_bytes(fixture.backend);

  const store::PruneReport report = fixture.prune();

  CHECK(report.purged == std::vector<std::string>{old.id});
  CHECK(report.packs_deleted > 0);
  const std::uint64_t after = pack_bytes(fixture.backend);
  CHECK(report.bytes_left == before - report.bytes_deleted + report.bytes_written);
  CHECK(after >= report.bytes_left);
  // What stands around the records of a pack, and the first MiB's worth of checksums.
  CHECK(after <= report.bytes_left + 600 * report.packs_rewritten);
  CHECK(fixture.store.repository().forgotten().empty());
  const auto recall = [&] { fixture.store.repository().recall(std::vector{old}); };
  CHECK(test::failure_of(recall).kind == base::ErrorKind::not_found);
  fixture.check_all();
}

// Their trees are differences from those of another restore point, of which some come before it in
// the order in which prune reads them, and some after.
TEST_CASE("nodes keep what they are a difference from", "[store][prune][difference]") {
  const bool base_goes = GENERATE(true, false);
  CAPTURE(base_goes);
  PrunedStore fixture;
  const Streams streams = test::random_streams(1, 30, 20'000);
  // What only the base will name lies in a pack of its own.
  const auto alone = fixture.store.tenant().new_content();
  alone->append(streams.begin()->second);
  alone->finish();
  fixture.store.repository().commit({});
  const store::Snapshot base = fixture.store.back_up(kAnna, streams);
  for (const char* mailbox : {"a", "b", "c", "d", "e", "f"}) {
    Streams changed;
    changed[streams.begin()->first] = base::to_bytes(base::as_bytes(std::string{mailbox}));
    const store::Snapshot point = fixture.store.back_up(mailbox, changed, &base);
    changed.insert(streams.begin(), streams.end());
    fixture.truth.emplace_back(point, std::move(changed));
  }
  fixture.truth.emplace_back(base, streams);
  fixture.forget(fixture.back_up(kBoris, 2));
  if (base_goes) fixture.forget(base);
  fixture.store.reopen();

  const store::PruneReport report = fixture.prune();

  CHECK(report.purged.size() == (base_goes ? 2 : 1));
  fixture.check_all();
  CHECK(fixture.prune().purged.empty());
  fixture.check_all();
}

TEST_CASE("what only work needed goes with the first prune after its end", "[store][prune]") {
  PrunedStore fixture;
  fixture.back_up(kAnna, 1);
  const std::size_t needed = fixture.backend.names("pack/").size();
  const store::Snapshot old = fixture.back_up(kBoris, 2);
  auto work = fixture.store.repository().begin_work();
  static_cast<void>(fixture.store.tenant().open_snapshot(old));
  fixture.forget(old);
  CHECK(fixture.prune().packs_deleted == 0);
  work.reset();
  CHECK(fixture.prune().packs_deleted == 2);
  CHECK(fixture.backend.names("pack/").size() == needed);
  fixture.check_all();
}

TEST_CASE("a store in which nothing is dead is left as it is", "[store][prune]") {
  PrunedStore fixture;
  fixture.back_up(kAnna, 1);
  fixture.store.reopen();
  const auto names = fixture.backend.names();
  const store::PruneReport report = fixture.prune();
  CHECK(report.epoch == 0);
  CHECK(report.bytes_deleted == 0);
  CHECK(fixture.backend.names() == names);
}

TEST_CASE("a pack that is mostly dead is written anew", "[store][prune]") {
  PrunedStore fixture;
  Streams streams = test::random_streams(1, 20, 60'000);
  const store::Snapshot old = fixture.store.back_up(kAnna, streams);
  for (std::size_t left = streams.size(); left > 3; --left) streams.erase(streams.begin());
  const store::Snapshot kept = fixture.store.back_up(kAnna, streams);
  fixture.truth.emplace_back(kept, streams);
  fixture.store.repository().forget(std::vector<store::Forgetting>{{old, "test"}});
  fixture.store.reopen();

  const store::PruneReport report = fixture.prune();

  CHECK(report.packs_rewritten > 0);
  CHECK(report.chunks_moved > 0);
  CHECK(report.bytes_written < report.bytes_deleted);
  fixture.check_all();
  // And then there is nothing more to do.
  CHECK(fixture.prune().epoch == 0);
}

TEST_CASE("many small packs become few", "[store][prune]") {
  PrunedStore fixture;
  for (std::uint64_t seed = 0; seed < 10; ++seed) fixture.back_up(kAnna, seed, 2);
  fixture.store.reopen();
  CHECK(fixture.backend.names("pack/").size() == 20);
  CHECK(fixture.prune().packs_rewritten == 20);
  CHECK(fixture.backend.names("pack/").size() == 2);
  fixture.check_all();
}

TEST_CASE("a hold keeps what was forgotten before it", "[store][prune]") {
  PrunedStore fixture;
  const store::Snapshot old = fixture.back_up(kAnna, 1);
  fixture.back_up(kAnna, 2);
  fixture.store.repository().forget(std::vector<store::Forgetting>{{old, "test"}});
  store::Hold hold;
  hold.id = "h";
  hold.tenant = SmallRepository::kTenant;
  hold.mailbox_id = old.mailbox_id;
  fixture.store.repository().add_hold(hold);
  fixture.store.reopen();
  CHECK(fixture.prune().purged.empty());
  fixture.store.repository().recall(std::vector{old});
  fixture.check_all();
}

TEST_CASE("a dry run changes nothing and tells what would be done", "[store][prune]") {
  PrunedStore fixture;
  const store::Snapshot old = fixture.back_up(kAnna, 1);
  fixture.back_up(kAnna, 2);
  fixture.forget(old);
  fixture.store.reopen();
  const auto names = fixture.backend.names();
  store::PruneOptions options;
  options.dry_run = true;
  const store::PruneReport dry = fixture.prune(options);
  CHECK(fixture.backend.names() == names);
  CHECK(dry.epoch == 0);
  const store::PruneReport wet = fixture.prune();
  CHECK(dry.purged == wet.purged);
  CHECK(dry.packs_deleted == wet.packs_deleted);
  CHECK(dry.bytes_deleted == wet.bytes_deleted);
}

TEST_CASE("the trash is emptied when its time has passed", "[store][prune]") {
  PrunedStore fixture;
  const store::Snapshot old = fixture.back_up(kAnna, 1);
  fixture.back_up(kAnna, 2);
  fixture.forget(old);
  fixture.store.reopen();
  const std::uint64_t deleted = fixture.prune().bytes_deleted;
  CHECK(fixture.backend.discarded_batches().size() == 1);
  SECTION("nightly") {
    for (int night = 0; night < 2; ++night) {
      fixture.store.clock().advance(std::chrono::hours{24});
      CHECK(fixture.prune().trash_bytes_freed == 0);
    }
    fixture.store.clock().advance(std::chrono::hours{23});
    CHECK(fixture.prune().trash_bytes_freed == 0);
    fixture.store.clock().advance(std::chrono::hours{2});
  }
  SECTION("not by a clock that has jumped ahead") {
    fixture.store.clock().advance(std::chrono::hours{24 * 365});
    CHECK(fixture.prune().trash_bytes_freed == 0);
    fixture.store.clock().advance(std::chrono::hours{25});
  }
  SECTION("though the clock was a year ahead when it was filled") {
    fixture.store.clock().advance(-std::chrono::hours{24 * 365});
    CHECK(fixture.prune().trash_bytes_freed == 0);
    fixture.store.clock().advance(std::chrono::hours{40});
    CHECK(fixture.prune().trash_bytes_freed == 0);
    fixture.store.clock().advance(std::chrono::hours{40});
  }
  CHECK(fixture.prune().trash_bytes_freed == deleted);
  CHECK(fixture.backend.discarded_batches().empty());
}

TEST_CASE("a damaged note of an earlier prune decides nothing and stops nothing",
          "[store][prune]") {
  PrunedStore fixture;
  const store::Snapshot old = fixture.back_up(kAnna, 1);
  const store::Snapshot next = fixture.back_up(kAnna, 2);
  fixture.back_up(kAnna, 3);
  fixture.forget(old);
  fixture.store.reopen();
  fixture.prune();
  for (const std::string& name : fixture.backend.names("gc/")) {
    fixture.backend.alter(name, [](base::Bytes& bytes) { bytes.back() ^= std::byte{1}; });
  }
  fixture.forget(next);
  fixture.store.reopen();
  fixture.store.clock().advance(std::chrono::hours{100});
  const store::PruneReport report = fixture.prune();
  CHECK(report.purged == std::vector<std::string>{next.id});
  CHECK(report.trash_bytes_freed == 0);
  CHECK(fixture.backend.discarded_batches().size() == 2);
  fixture.check_all();
}

TEST_CASE("deleting only writes no pack and empties the trash at once", "[store][prune]") {
  PrunedStore fixture;
  const store::Snapshot old = fixture.back_up(kAnna, 1);
  for (std::uint64_t seed = 2; seed < 12; ++seed) fixture.back_up(kAnna, seed, 2);
  fixture.forget(old);
  fixture.store.reopen();
  store::PruneOptions options;
  options.delete_only = true;
  const store::PruneReport report = fixture.prune(options);
  CHECK(report.packs_rewritten == 0);
  CHECK(report.bytes_written == 0);
  CHECK(report.trash_bytes_freed == report.bytes_deleted);
  CHECK(fixture.backend.discarded_batches().empty());
  fixture.check_all();
}

TEST_CASE("work that is not committed keeps what it relies on", "[store][prune]") {
  PrunedStore fixture;
  const Streams streams = test::random_streams(1, 12, 60'000);
  const store::Snapshot old = fixture.store.back_up(kAnna, streams);
  fixture.store.reopen();
  SECTION("chunks that it found in the store, and those that it wrote") {
    const auto work = fixture.store.repository().begin_work();
    Streams more = streams;
    for (const auto& [name, stream] : test::random_streams(2, 5)) more[name] = stream;
    const store::Snapshot prepared = fixture.store.prepare(kBoris, more);
    fixture.store.repository().forget(std::vector<store::Forgetting>{{old, "test"}});
    const store::PruneReport report = fixture.prune();
    CHECK(report.purged.size() == 1);
    fixture.store.repository().commit(std::vector{prepared});
    fixture.truth.emplace_back(prepared, more);
  }
  SECTION("the restore point that it starts from") {
    const auto work = fixture.store.repository().begin_work();
    const auto writer = fixture.store.tenant().new_snapshot(&old);
    fixture.store.repository().forget(std::vector<store::Forgetting>{{old, "test"}});
    CHECK(fixture.prune().purged.size() == 1);
    store::Snapshot next = old;
    next.id = "next";
    next.time += std::chrono::seconds{1};
    next.roots = writer->finish().roots;
    fixture.store.repository().commit(std::vector{next});
    fixture.truth.emplace_back(next, streams);
  }
  fixture.check_all();
}

TEST_CASE("what comes while a prune is at work is kept", "[store][prune]") {
  // A backup of what is about to be deleted runs and commits inside the prune, before each of its
  // operations on the backend in turn.
  const int moment = GENERATE(range(0, 40));
  PrunedStore fixture;
  const Streams streams = test::random_streams(1, 12, 60'000);
  const store::Snapshot old = fixture.store.back_up(kAnna, streams);
  fixture.back_up(kBoris, 2);
  fixture.store.repository().forget(std::vector<store::Forgetting>{{old, "test"}});
  fixture.store.reopen();
  int operations = 0;
  bool inside = false;
  bool holding = false;
  const auto pruning = std::this_thread::get_id();
  fixture.backend.set_hook([&](MemoryBackend::Operation, const std::string& name) {
    if (std::this_thread::get_id() != pruning) return;  // the thread that backups themselves need
    // While commits are held none can be made by the same thread.
    if (name.starts_with("gc/") && name.ends_with("/fenced")) holding = true;
    if (name.starts_with("gc/") && name.ends_with("/done")) holding = false;
    if (name.starts_with("log/")) return;  // which is read while they are held, too
    if (inside || holding || operations++ != moment) return;
    inside = true;
    const auto work = fixture.store.repository().begin_work();
    const store::Snapshot point = fixture.store.back_up(kAnna, streams);
    fixture.truth.emplace_back(point, streams);
    inside = false;
  });
  fixture.prune();
  fixture.backend.set_hook({});
  fixture.check_all();
}

// Whether it came to its end before an operation at which it is to die.
bool survives(const std::function<bool(int operation, const std::string& name)>& dies) {
  struct PowerCut {};
  PrunedStore fixture;
  const store::Snapshot old = fixture.back_up(kAnna, 1, 4);
  fixture.back_up(kAnna, 2, 4);
  // Of this one a part lives on: its pack is written anew.
  Streams streams = test::random_streams(20, 6, 60'000);
  const store::Snapshot whole = fixture.store.back_up(kBoris, streams);
  for (std::size_t left = streams.size(); left > 2; --left) streams.erase(streams.begin());
  fixture.truth.emplace_back(fixture.store.back_up(kBoris, streams), streams);
  fixture.forget(old);
  fixture.forget(whole);
  fixture.store.reopen();
  int operations = 0;
  const auto die_in_time = [&](MemoryBackend::Operation, const std::string& name) {
    if (dies(operations++, name)) throw PowerCut{};
  };
  fixture.backend.set_hook(die_in_time);
  bool died = false;
  try {
    fixture.prune();
  } catch (const PowerCut&) {
    died = true;
  } catch (const base::Error&) {
    died = true;  // it came back through a thread of the store
  }
  fixture.backend.set_hook({});
  fixture.store.reopen();
  fixture.check_shown();
  // The next one ends it, and all that is dead is gone.
  fixture.prune();
  CHECK(fixture.store.repository().forgotten().empty());
  CHECK(fixture.prune().epoch == 0);
  fixture.check_all();
  return !died;
}

TEST_CASE("a prune that dies anywhere has deleted nothing that is needed",
          "[store][prune][crash]") {
  SECTION("at any operation") {
    int moment = 0;
    while (!survives([&](int operation, const std::string&) { return operation == moment; })) {
      ++moment;
    }
    CHECK(moment > 50);
  }
  SECTION("before and after each note") {
    for (const char* step : {"plan", "condemned", "fenced", "deleting", "done"}) {
      bool written = false;
      const auto is_note = [&](const std::string& name) {
        return name.starts_with("gc/") && name.ends_with(std::string{"/"} + step);
      };
      CHECK(!survives([&](int, const std::string& name) { return is_note(name); }));
      const bool last = step == std::string_view{"done"};
      // Nothing comes after the last one.
      CHECK(survives([&](int, const std::string& name) {
              const bool after = written;
              written = written || is_note(name);
              return after;
            }) == last);
    }
  }
}

TEST_CASE("what hides what is needed stops a prune", "[store][prune]") {
  PrunedStore fixture;
  const store::Snapshot old = fixture.back_up(kAnna, 1);
  fixture.back_up(kAnna, 2);
  fixture.forget(old);
  fixture.store.reopen();
  SECTION("a node that cannot be read") {
    for (const std::string& name : fixture.backend.names("pack/m/")) {
      fixture.backend.alter(name, [](base::Bytes& bytes) { bytes[200] ^= std::byte{1}; });
    }
  }
  SECTION("a gap in the log") { fixture.backend.remove(fixture.backend.names("log/").at(1)); }
  SECTION("a damaged commit record") {
    fixture.backend.alter(fixture.backend.names("log/").at(1),
                          [](base::Bytes& bytes) { bytes[200] ^= std::byte{1}; });
  }
  const auto packs = fixture.backend.names("pack/");
  CHECK(test::failure_of([&] { fixture.prune(); }).kind == base::ErrorKind::corrupt);
  CHECK(fixture.backend.names("pack/") == packs);
}

TEST_CASE("an index from before a prune is noticed", "[store][prune][crash]") {
  PrunedStore fixture;
  const store::Snapshot old = fixture.back_up(kAnna, 1);
  fixture.back_up(kAnna, 2);
  fixture.forget(old);
  fixture.store.close();
  const std::filesystem::path index = fixture.store.settings().index;
  const std::filesystem::path copy = index.string() + ".copy";
  std::filesystem::copy(index, copy, std::filesystem::copy_options::recursive);
  fixture.store.reopen();
  fixture.prune();
  fixture.store.close();
  std::filesystem::remove_all(index);
  std::filesystem::rename(copy, index);
  fixture.store.reopen();
  CHECK(fixture.store.repository().forgotten().empty());
  fixture.check_all();
}
