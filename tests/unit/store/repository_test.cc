#include "store/repository.h"

#include "src/base/error.h"
#include "src/base/file.h"
#include "store/index.h"
#include "store/internal/commit_log.h"
#include "store/internal/reserve_size.h"
#include "store/keys.h"
#include "store/local_backend.h"
#include "store/memory_backend.h"
#include "tests/support/catch.h"
#include "tests/support/small_repository.h"
#include "tests/support/small_store.h"
#include "tests/support/temporary_directory.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

namespace {

using test::SmallRepository;
using test::Streams;

constexpr const char* kAnna = "anna@contoso.com";
constexpr const char* kBoris = "boris@contoso.com";

std::vector<std::string> ids(const std::vector<store::Snapshot>& snapshots) {
  std::vector<std::string> ids;
  for (const store::Snapshot& snapshot : snapshots) ids.push_back(snapshot.id);
  return ids;
}

std::uint64_t stored_bytes(const store::Backend& backend) {
  std::uint64_t sum = 0;
  backend.list("", [&](const std::string&, std::uint64_t size) { sum += size; });
  return sum;
}

store::CheckReport check(store::Repository& repository,
                         store::CheckLevel level = store::CheckLevel::full) {
  return repository.check(level, {}, {});
}

// The two kinds of backend, behind one name.
struct AnyBackend {
  explicit AnyBackend(bool local) {
    if (local) {
      owned = store::open_local(directory / "store");
    } else {
      owned = std::make_unique<store::MemoryBackend>();
    }
  }
  test::TemporaryDirectory directory;
  std::unique_ptr<store::Backend> owned;
};

}  // namespace

TEST_CASE("what was committed is there after reopening", "[store][repository]") {
  AnyBackend backend{GENERATE(false, true)};
  SmallRepository store{*backend.owned};
  const Streams annas = test::random_streams(1, 60, 200'000);
  const Streams boriss = test::random_streams(2, 30);
  const store::Snapshot anna = store.prepare(kAnna, annas);
  const store::Snapshot boris = store.prepare(kBoris, boriss);
  CHECK(store.tenant().uncommitted_bytes() > 0);
  CHECK(store.repository().snapshots().empty());

  store.repository().commit(std::vector<store::Snapshot>{boris, anna});

  CHECK(store.tenant().uncommitted_bytes() == 0);
  for (const store::Access access : {store::Access::write, store::Access::read}) {
    store::Repository& repository = store.reopen(access);
    CHECK(ids(repository.snapshots()) == std::vector<std::string>{anna.id, boris.id});
    CHECK(ids(repository.snapshots_of(SmallRepository::kTenant, boris.mailbox_id)) ==
          std::vector<std::string>{boris.id});
    CHECK(repository.snapshots_of({"fabrikam.com"}, boris.mailbox_id).empty());
    CHECK(test::restore(repository, anna) == annas);
    CHECK(test::restore(repository, boris) == boriss);
    const store::CheckReport report = check(repository);
    CHECK(report.errors.empty());
    CHECK(report.affected.empty());
    CHECK(report.packs >= 2);
    CHECK(report.chunks > 90);
    CHECK(report.bytes_read > 1'000'000);
  }
}

TEST_CASE("equal mailboxes have equal roots, and an unchanged one costs little",
          "[store][repository]") {
  store::MemoryBackend backend;
  SmallRepository store{backend};
  const Streams streams = test::random_streams(3, 200);
  const store::Snapshot first = store.back_up(kAnna, streams);
  const std::uint64_t before = stored_bytes(backend);
  const std::size_t objects = backend.names("pack/").size();

  store::Snapshot again = store.prepare(kAnna, streams, &first);
  CHECK(again.roots == first.roots);
  CHECK(store.prepare(kAnna, streams).roots == first.roots);
  store.repository().commit(std::vector<store::Snapshot>{again});

  CHECK(stored_bytes(backend) - before < 4096);
  CHECK(backend.names("pack/").size() == objects);
}

TEST_CASE("snapshots of a mailbox are ordered by time", "[store][repository]") {
  store::MemoryBackend backend;
  SmallRepository store{backend};
  std::vector<store::Snapshot> snapshots;
  for (std::uint64_t i = 0; i < 5; ++i) {
    snapshots.push_back(store.prepare(kAnna, test::random_streams(i, 5)));
  }
  std::swap(snapshots[0], snapshots[3]);
  for (const store::Snapshot& each : snapshots) {
    store.repository().commit(std::vector<store::Snapshot>{each});
  }
  std::sort(snapshots.begin(), snapshots.end(),
            [](const auto& left, const auto& right) { return left.time < right.time; });
  CHECK(ids(store.repository().snapshots_of(SmallRepository::kTenant, snapshots[0].mailbox_id)) ==
        ids(snapshots));
}

TEST_CASE("what is not committed is not there, and is not stored twice", "[store][repository]") {
  store::MemoryBackend backend;
  SmallRepository store{backend};
  const Streams streams = test::random_streams(4, 40);
  static_cast<void>(store.prepare(kAnna, streams));
  store.repository().commit({});  // the packs alone
  store::Repository& repository = store.reopen();
  CHECK(repository.snapshots().empty());

  const auto content = store.tenant().new_content();
  content->append(streams.begin()->second);
  CHECK(content->finish().new_bytes == 0);
}

TEST_CASE("a crash at any step loses nothing that was acknowledged", "[store][repository][crash]") {
  struct PowerCut {};
  store::MemoryBackend backend;
  SmallRepository store{backend};
  const Streams old_streams = test::random_streams(5, 30);
  const Streams new_streams = test::random_streams(6, 30);
  const store::Snapshot first = store.back_up(kAnna, old_streams);
  const int dies_at = GENERATE(range(1, 6));
  CAPTURE(dies_at);

  int writes = 0;
  bool acknowledged = false;
  store::Snapshot second;
  backend.set_hook([&](store::MemoryBackend::Operation operation, const std::string&) {
    const bool is_write = operation == store::MemoryBackend::Operation::put ||
                          operation == store::MemoryBackend::Operation::replace;
    if (is_write && ++writes == dies_at) throw PowerCut{};
    if (writes >= dies_at) throw PowerCut{};  // the dead do nothing more
  });
  try {
    second = store.prepare(kAnna, new_streams, &first);
    store.repository().commit(std::vector<store::Snapshot>{second});
    acknowledged = true;
  } catch (const PowerCut&) {
  } catch (const base::Error&) {
  }
  store.close();
  backend.set_hook({});

  store::Repository& repository = store.reopen();
  CHECK(check(repository).errors.empty());
  CHECK(test::restore(repository, first) == old_streams);
  Streams both = old_streams;
  both.insert(new_streams.begin(), new_streams.end());
  if (acknowledged) {
    CHECK(ids(repository.snapshots()) == std::vector<std::string>{first.id, second.id});
    CHECK(test::restore(repository, second) == both);
  } else {
    CHECK(ids(repository.snapshots()) == std::vector<std::string>{first.id});
  }
  // The next run completes.
  const store::Snapshot third = store.back_up(kAnna, new_streams, &first);
  CHECK(test::restore(repository, third) == both);
  CHECK(check(repository).errors.empty());
}

TEST_CASE("a commit that the index missed is taken from the log", "[store][repository][crash]") {
  store::MemoryBackend backend;
  SmallRepository store{backend};
  const Streams streams = test::random_streams(7, 30);
  const store::Snapshot first = store.back_up(kAnna, streams);
  store.close();
  const std::filesystem::path aside = store.settings().index.string() + ".copy";
  std::filesystem::copy(store.settings().index, aside, std::filesystem::copy_options::recursive);
  store.reopen();
  const store::Snapshot second = store.back_up(kAnna, test::random_streams(8, 30), &first);
  store.close();
  // The index as it was before: neither the new packs nor the new commit are in it.
  std::filesystem::remove_all(store.settings().index);
  std::filesystem::rename(aside, store.settings().index);

  store::Repository& repository = store.reopen(GENERATE(store::Access::write, store::Access::read));
  CHECK(ids(repository.snapshots()) == std::vector<std::string>{first.id, second.id});
  CHECK(test::restore(repository, second).size() == 60);
  CHECK(check(repository).errors.empty());
}

TEST_CASE("a store sets space aside when it is made, and more as it grows", "[store][repository]") {
  const test::TemporaryDirectory directory;
  const auto backend = store::open_local(directory / "store");
  SmallRepository store{*backend};
  const auto reserved = [&] { return std::filesystem::file_size(directory / "store/reserve"); };
  CHECK(reserved() == store::reserve_size(0));
  store.back_up(kAnna, test::random_streams(1, 30, 1'500'000));
  store.close();
  CHECK(reserved() > store::reserve_size(0));
}

TEST_CASE("an index that is lost, broken or foreign is made anew", "[store][repository][crash]") {
  const store::Access access = GENERATE(store::Access::write, store::Access::read);
  store::MemoryBackend backend;
  SmallRepository store{backend};
  const Streams streams = test::random_streams(9, 50);
  const store::Snapshot first = store.back_up(kAnna, streams);
  const store::Snapshot second = store.back_up(kBoris, test::random_streams(10, 20));
  store.close();
  const std::filesystem::path& index = store.settings().index;

  SECTION("deleted") { std::filesystem::remove_all(index); }
  SECTION("emptied") {
    std::filesystem::remove_all(index);
    std::filesystem::create_directory(index);
  }
  SECTION("every file garbled") {
    for (const auto& file : std::filesystem::directory_iterator{index}) {
      if (file.is_regular_file()) std::ofstream{file.path()} << "garbage";
    }
  }
  SECTION("tables cut, or with a bit flipped") {
    store.reopen(store::Access::write);  // its log has become tables
    store.close();
    const bool cut = GENERATE(true, false);
    for (const auto& file : std::filesystem::directory_iterator{index}) {
      if (file.path().extension() != ".sst") continue;
      base::Bytes bytes = base::read_file(file.path());
      bytes[bytes.size() / 4] ^= std::byte{1};
      if (cut) bytes.resize(bytes.size() / 2);
      base::replace_file(file.path(), bytes);
    }
  }
  SECTION("of another repository") {
    store::MemoryBackend other_backend;
    SmallRepository other{other_backend};
    other.back_up(kAnna, test::random_streams(11, 5));
    other.close();
    std::filesystem::remove_all(index);
    std::filesystem::copy(other.settings().index, index, std::filesystem::copy_options::recursive);
  }

  store::Repository& repository = store.reopen(access);
  CHECK(ids(repository.snapshots()) == std::vector<std::string>{first.id, second.id});
  CHECK(test::restore(repository, first) == streams);
  CHECK_FALSE(std::filesystem::exists(index.string() + ".set-aside"));
  CHECK(check(repository).errors.empty());
}

TEST_CASE("an index that knows more than the store is not believed", "[store][repository][crash]") {
  store::MemoryBackend backend;
  SmallRepository store{backend};
  const Streams streams = test::random_streams(12, 20);
  const store::Snapshot first = store.back_up(kAnna, streams);
  const std::vector<std::string> before = backend.names();
  store.back_up(kAnna, test::random_streams(13, 20), &first);
  store.close();

  // The whole store is an older copy. If only the log were, it would have lost its end.
  for (const std::string& name : backend.names()) {
    if (std::find(before.begin(), before.end(), name) == before.end()) backend.remove(name);
  }
  store::Repository& repository = store.reopen();
  CHECK(ids(repository.snapshots()) == std::vector<std::string>{first.id});
  CHECK(test::restore(repository, first) == streams);
  CHECK(check(repository).errors.empty());
  // And a new commit goes on from there.
  store.back_up(kAnna, test::random_streams(14, 20), &first);
  CHECK(store.reopen().snapshots().size() == 2);
}

TEST_CASE("rebuilding the index brings back the same listing", "[store][repository]") {
  AnyBackend backend{GENERATE(false, true)};
  SmallRepository store{*backend.owned};
  store.back_up(kAnna, test::random_streams(15, 80));
  store.back_up(kBoris, test::random_streams(16, 10));
  store.reopen();
  store.back_up(kAnna, test::random_streams(17, 10));
  const std::vector<store::Snapshot> before = store.repository().snapshots();
  const store::StoreStatistics old_statistics = store.repository().statistics();
  store.close();

  store::Progress last;
  const auto rebuilt = store::Repository::rebuild_index(
      *backend.owned, store.settings(), store.passphrase(), store.clock(),
      [&](const store::Progress& progress) { last = progress; });

  CHECK(ids(rebuilt->snapshots()) == ids(before));
  CHECK(last.total_bytes > 0);
  CHECK(last.done_bytes == last.total_bytes);
  const store::StoreStatistics statistics = rebuilt->statistics();
  CHECK(statistics.chunks == old_statistics.chunks);
  CHECK(statistics.packs == old_statistics.packs);
  CHECK(statistics.unique_bytes == old_statistics.unique_bytes);
  for (const store::Snapshot& snapshot : before) {
    CHECK(test::restore(*rebuilt, snapshot).size() == snapshot.items);
  }
}

TEST_CASE("statistics tell what was given and what it takes", "[store][repository]") {
  store::MemoryBackend backend;
  SmallRepository store{backend};
  const Streams streams = test::random_streams(18, 40);
  std::uint64_t bytes = 0;
  for (const auto& [name, stream] : streams) bytes += stream.size();
  const store::Snapshot first = store.back_up(kAnna, streams);
  store.back_up(kAnna, streams, &first);
  store.back_up(kBoris, streams);

  const store::StoreStatistics statistics = store.repository().statistics();
  CHECK(statistics.snapshots == 3);
  CHECK(statistics.mailboxes == 2);
  CHECK(statistics.items == 120);
  CHECK(statistics.logical_bytes == 3 * bytes);
  CHECK(statistics.unique_bytes > bytes);
  CHECK(statistics.unique_bytes < bytes + 100'000);
  CHECK(statistics.stored_bytes > bytes);
  CHECK(statistics.packs == backend.names("pack/").size());
  CHECK(statistics.index_bytes > 0);
}

TEST_CASE("opening tells apart what is wrong", "[store][repository]") {
  AnyBackend backend{GENERATE(false, true)};
  test::VirtualClock clock;
  test::TemporaryDirectory directory;
  store::Repository::Settings settings;
  settings.index = directory / "index";
  const auto open = [&](std::string_view passphrase, store::Access access) {
    return store::Repository::open(*backend.owned, settings, base::Secret{passphrase}, access,
                                   clock);
  };
  CHECK(test::failure_of([&] { open("any", store::Access::read); }).kind ==
        base::ErrorKind::no_store);
  CHECK(test::failure_of([&] { open("any", store::Access::write); }).kind ==
        base::ErrorKind::no_store);

  SmallRepository store{*backend.owned};
  settings = store.settings();
  CHECK(test::failure_of([&] { open("wrong", store::Access::read); }).kind ==
        base::ErrorKind::wrong_key);
  CHECK(test::failure_of([&] { static_cast<void>(store.open(store::Access::write)); }).kind ==
        base::ErrorKind::in_use);
  CHECK(test::failure_of([&] {
          store::Repository::create(*backend.owned, settings, base::Secret{std::string_view{"x"}},
                                    clock);
        }).kind == base::ErrorKind::usage);
  // A dead or finished writer leaves nothing in the way.
  store.close();
  store.reopen();
  store.close();
  CHECK(open(store.recovery_key().text(), store::Access::write)->snapshots().empty());
}

TEST_CASE("readers work beside a writer", "[store][repository]") {
  AnyBackend backend{GENERATE(false, true)};
  SmallRepository store{*backend.owned};
  const Streams streams = test::random_streams(19, 30);
  const store::Snapshot first = store.back_up(kAnna, streams);

  const auto reader = store.open(store::Access::read);
  CHECK(ids(reader->snapshots()) == std::vector<std::string>{first.id});
  const store::Snapshot second = store.back_up(kAnna, test::random_streams(20, 30), &first);
  CHECK(test::restore(*reader, first) == streams);
  const auto later = store.open(store::Access::read);
  CHECK(ids(later->snapshots()) == std::vector<std::string>{first.id, second.id});
  CHECK(test::restore(*later, second).size() == 60);
  CHECK(check(*later).errors.empty());
}

TEST_CASE("a reader that needs the index made anew waits for no writer", "[store][repository]") {
  store::MemoryBackend backend;
  SmallRepository store{backend};
  store.back_up(kAnna, test::random_streams(21, 5));
  store.close();
  std::filesystem::remove_all(store.settings().index);
  const auto lock = backend.lock_for_writing();
  const test::Failure failure =
      test::failure_of([&] { static_cast<void>(store.open(store::Access::read)); });
  CHECK(failure.kind == base::ErrorKind::in_use);
  CHECK_THAT(failure.what, Catch::Contains("made anew"));
}

TEST_CASE("several writers' chains know each other", "[store][repository]") {
  store::MemoryBackend backend;
  SmallRepository store{backend};
  const store::Snapshot first = store.back_up(kAnna, test::random_streams(22, 5));
  const std::string lost = backend.names("log/").at(0);
  store.close();
  std::filesystem::remove_all(store.settings().index);
  store.reopen();  // a new index is a new writer
  store.back_up(kAnna, test::random_streams(23, 5), &first);
  store.close();
  CHECK(backend.names("log/").size() == 2);

  backend.remove(lost);
  const test::Failure failure = test::failure_of([&] {
    store::Repository::rebuild_index(backend, store.settings(), store.passphrase(), store.clock(),
                                     {});
  });
  CHECK(failure.kind == base::ErrorKind::corrupt);
  CHECK_THAT(failure.what, Catch::Contains(lost));
}

TEST_CASE("damage in the log is told at opening when it would be needed", "[store][repository]") {
  store::MemoryBackend backend;
  SmallRepository store{backend};
  store.back_up(kAnna, test::random_streams(24, 5));
  store.back_up(kAnna, test::random_streams(25, 5));
  store.close();
  const std::string first = backend.names("log/").at(0);

  SECTION("an altered record: found by check, in the way of a rebuild") {
    backend.alter(first, [](base::Bytes& bytes) { bytes.back() ^= std::byte{1}; });
    store::Repository& repository = store.reopen();
    const store::CheckReport report = check(repository, store::CheckLevel::structure);
    REQUIRE_FALSE(report.errors.empty());
    CHECK_THAT(report.errors.front(), Catch::Contains(first));
    CHECK(repository.snapshots().size() == 2);
    store.close();
    CHECK(test::failure_of([&] {
            store::Repository::rebuild_index(backend, store.settings(), store.passphrase(),
                                             store.clock(), {});
          }).kind == base::ErrorKind::corrupt);
    CHECK(store.reopen().snapshots().size() == 2);  // the old index is still in its place
  }
  SECTION("a gap stops opening") {
    backend.remove(first);
    const test::Failure failure = test::failure_of([&] { store.reopen(); });
    CHECK(failure.kind == base::ErrorKind::corrupt);
    CHECK_THAT(failure.what, Catch::Contains(first));
  }
}
