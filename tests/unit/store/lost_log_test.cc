// A log that has lost records beside an index that remembers them; and an index of another copy of
// the store, which looks much the same.
#include "src/base/error.h"
#include "store/internal/object_name.h"
#include "store/memory_backend.h"
#include "store/repository.h"
#include "tests/support/catch.h"
#include "tests/support/small_repository.h"
#include "tests/support/small_store.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

using test::SmallRepository;
using test::Streams;

constexpr const char* kAnna = "anna@contoso.com";

std::set<std::string> ids(const std::vector<store::Snapshot>& snapshots) {
  std::set<std::string> ids;
  for (const store::Snapshot& snapshot : snapshots) ids.insert(snapshot.id);
  return ids;
}

bool names_remedy(const std::string& message) {
  return message.find("check --repair") != std::string::npos;
}

// Three restore points; what lay in the store after the first one is kept.
class Subject {
 public:
  explicit Subject(bool parity = false) : store(backend) {
    if (parity) store.reopen_with_parity();
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      streams.push_back(test::random_streams(seed, 6));
      points.push_back(store.back_up(kAnna, streams.back()));
      if (seed == 1) early_names = backend.names();
    }
  }

  // The records that were made since, and nothing else.
  void lose_log_since(const std::vector<std::string>& earlier) {
    store.close();
    for (const std::string& name : backend.names("log/")) {
      if (std::ranges::find(earlier, name) == earlier.end()) backend.remove(name);
    }
  }
  // All that came after the first restore point, but for the index.
  void become_an_older_copy() {
    store.close();
    for (const std::string& name : backend.names()) {
      if (std::ranges::find(early_names, name) == early_names.end()) backend.remove(name);
    }
  }
  void lose_index() {
    store.close();
    std::filesystem::remove_all(store.settings().index);
  }
  store::LogRepair repair_log() {
    store.close();
    return store::Repository::repair_log(backend, store.settings(), store.passphrase(),
                                         store.clock());
  }
  [[nodiscard]] test::Failure failure_to_write() {
    store.close();
    return test::failure_of([&] { static_cast<void>(store.open(store::Access::write)); });
  }
  [[nodiscard]] std::set<std::string> shown() { return ids(store.repository().snapshots()); }

  store::MemoryBackend backend;
  SmallRepository store;
  std::vector<Streams> streams;
  std::vector<store::Snapshot> points;
  std::vector<std::string> early_names;
};

}  // namespace

TEST_CASE("a lost log hides nothing that the index remembers, and is told", "[store][log]") {
  const bool all_of_it = GENERATE(true, false);
  Subject subject;
  subject.lose_log_since(all_of_it ? std::vector<std::string>{} : subject.early_names);

  const auto reader = subject.store.open(store::Access::read);
  CHECK(reader->snapshots().size() == 3);
  CHECK(test::restore(*reader, subject.points[2]) == subject.streams[2]);
  const store::CheckReport report = reader->check(store::CheckLevel::structure, {}, {});
  CHECK(std::ranges::any_of(report.errors, names_remedy));
  CHECK(report.affected.empty());

  const test::Failure failure = subject.failure_to_write();
  CHECK(failure.kind == base::ErrorKind::corrupt);
  CHECK(names_remedy(failure.what));
  const test::Failure rebuilding = test::failure_of([&] {
    store::Repository::rebuild_index(subject.backend, subject.store.settings(),
                                     subject.store.passphrase(), subject.store.clock(), {});
  });
  CHECK(rebuilding.kind == base::ErrorKind::corrupt);
  CHECK(names_remedy(rebuilding.what));
  CHECK(subject.store.open(store::Access::read)->snapshots().size() == 3);
}

TEST_CASE("a lost log is written anew from the index", "[store][log]") {
  const bool all_of_it = GENERATE(true, false);
  Subject subject;
  subject.lose_log_since(all_of_it ? std::vector<std::string>{} : subject.early_names);

  CHECK(subject.repair_log().damage.size() == 1);
  CHECK_FALSE(subject.repair_log().was_needed());

  const bool index_goes_too = GENERATE(true, false);
  if (index_goes_too) subject.lose_index();
  store::Repository& repository = subject.store.reopen();
  CHECK(subject.shown() == ids(subject.points));
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(test::restore(repository, subject.points[i]) == subject.streams[i]);
  }
  CHECK(repository.check(store::CheckLevel::full, {}, {}).errors.empty());
  subject.store.back_up(kAnna, subject.streams[0]);
  CHECK(subject.store.reopen().snapshots().size() == 4);
}

TEST_CASE("a log that is put back needs no repair", "[store][log]") {
  Subject subject;
  subject.store.close();
  std::map<std::string, base::Bytes> log;
  for (const std::string& name : subject.backend.names("log/")) {
    log[name] = subject.backend.read(name, 0, *subject.backend.size_bytes(name));
  }
  subject.lose_log_since({});
  CHECK(subject.failure_to_write().kind == base::ErrorKind::corrupt);
  for (const auto& [name, bytes] : log) subject.backend.plant(name, bytes);
  CHECK_FALSE(subject.repair_log().was_needed());
  subject.store.reopen();
  CHECK(subject.shown() == ids(subject.points));
}

TEST_CASE("a lost record that told of something else than a restore point is missed, too",
          "[store][log]") {
  Subject subject;
  const std::vector<store::Forgetting> forgetting{{subject.points[0], "test"}};
  std::vector<std::string> earlier = subject.backend.names();
  std::size_t shown = 3;
  std::size_t holds = 0;
  SECTION("a hold") {
    store::Hold hold;
    hold.id = "h";
    hold.tenant = SmallRepository::kTenant;
    hold.mailbox_id = subject.points[0].mailbox_id;
    subject.store.repository().add_hold(hold);
    holds = 1;
  }
  SECTION("a restore point was brought back") {
    subject.store.repository().forget(forgetting);
    earlier = subject.backend.names();
    subject.store.repository().recall(std::vector{subject.points[0]});
  }
  SECTION("a restore point was purged") {
    subject.store.repository().forget(forgetting);
    earlier = subject.backend.names();
    subject.store.repository().prune({}, {}, {});
    shown = 2;
  }
  subject.lose_log_since(earlier);

  CHECK(names_remedy(subject.failure_to_write().what));
  CHECK(subject.repair_log().was_needed());
  subject.lose_index();
  store::Repository& repository = subject.store.reopen();
  CHECK(repository.snapshots().size() == shown);
  CHECK(repository.forgotten().empty());
  CHECK(repository.holds().size() == holds);
  CHECK(repository.check(store::CheckLevel::full, {}, {}).errors.empty());
}

TEST_CASE("a log that lost only that something was forgotten shows it again", "[store][log]") {
  Subject subject;
  const std::vector<std::string> earlier = subject.backend.names();
  subject.store.repository().forget(std::vector<store::Forgetting>{{subject.points[0], "test"}});
  subject.lose_log_since(earlier);
  subject.store.reopen();
  CHECK(subject.shown() == ids(subject.points));
}

TEST_CASE("an index of a later copy of the store brings nothing back", "[store][log]") {
  Subject subject;
  subject.become_an_older_copy();
  SECTION("the log is whole") { CHECK_FALSE(subject.repair_log().was_needed()); }
  SECTION("the log is damaged besides") {
    subject.backend.plant("log/stranger", base::Bytes(10));
    CHECK(subject.repair_log().was_needed());
  }
  store::Repository& repository = subject.store.reopen();
  CHECK(subject.shown() == std::set<std::string>{subject.points[0].id});
  CHECK(repository.check(store::CheckLevel::full, {}, {}).errors.empty());
}

TEST_CASE("a pack that was lost with the log is no sign of an older copy", "[store][log]") {
  Subject subject{true};
  subject.lose_log_since({});
  subject.backend.remove(subject.backend.names("pack/d/").at(0));
  CHECK(names_remedy(subject.failure_to_write().what));
  CHECK(subject.repair_log().damage.size() == 1);
  subject.store.reopen_with_parity().repair(store::CheckLevel::structure, {}, {});
  CHECK(subject.shown() == ids(subject.points));
  CHECK(subject.store.repository().check(store::CheckLevel::full, {}, {}).errors.empty());
}

TEST_CASE("a log that is gone altogether, with the index, is told if anybody ever verified it",
          "[store][log]") {
  Subject subject;
  const bool verified = GENERATE(true, false);
  CAPTURE(verified);
  if (verified) {
    static_cast<void>(subject.store.repository().check(store::CheckLevel::full, {}, {}));
  }
  subject.lose_log_since({});
  subject.lose_index();

  const store::CheckReport report =
      subject.store.reopen(store::Access::read).check(store::CheckLevel::structure, {}, {});

  // A first backup that was cut off leaves the same without having lost anything.
  CHECK(report.restore_points == 0);
  CHECK(report.packs > 0);
  CHECK(report.errors.empty() == !verified);
  if (verified) CHECK_THAT(report.errors.front(), test::contains_text("the commit log is gone"));
}
