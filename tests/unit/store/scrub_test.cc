#include "store/scrub.h"

#include "store/internal/commit_record.h"
#include "store/internal/object_name.h"
#include "store/internal/verification_ledger.h"
#include "store/memory_backend.h"
#include "tests/support/catch.h"
#include "tests/support/small_repository.h"
#include "tests/support/small_store.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <set>

namespace {

using namespace std::chrono_literals;
using store::MemoryBackend;
using test::SmallRepository;

constexpr const char* kAnna = "anna@contoso.com";

// A store of several packs, with parity.
struct Subject {
  Subject() {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) back_up(seed);
  }

  store::Snapshot back_up(std::uint64_t seed) {
    store.reopen_with_parity();
    store::Snapshot made = store.back_up(kAnna, test::random_streams(seed, 6));
    store.close();
    store.clock().advance(1s);
    return made;
  }
  store::CheckReport scrub(const store::ScrubSettings& settings = {}, std::stop_token stop = {}) {
    store.clock().advance(1s);
    return store::scrub(backend, settings, store.clock(), {}, stop);
  }
  // Names of the packs that the next scrub reads, in order.
  std::vector<std::string> read_by(const store::ScrubSettings& settings) {
    std::vector<std::string> read;
    backend.set_hook([&](MemoryBackend::Operation operation, const std::string& name) {
      if (operation != MemoryBackend::Operation::read || !name.starts_with("pack/")) return;
      if (read.empty() || read.back() != name) read.push_back(name);
    });
    scrub(settings);
    backend.set_hook({});
    return read;
  }

  MemoryBackend backend;
  SmallRepository store{backend};
};

}  // namespace

TEST_CASE("a scrub reads every pack, without key, index or lock", "[store][scrub]") {
  Subject subject;
  const std::size_t packs = subject.backend.names("pack/").size();
  REQUIRE(packs >= 8);
  const auto lock = subject.backend.lock_for_writing();
  const store::CheckReport report = subject.scrub();
  CHECK(report.packs == packs);
  CHECK(report.errors.empty());
  CHECK(report.packs_left == 0);
  CHECK(report.packs_without_parity == 0);
}

TEST_CASE("a place without a store is refused", "[store][scrub]") {
  MemoryBackend backend;
  test::VirtualClock clock;
  CHECK(test::failure_of([&] { store::scrub(backend, {}, clock, {}, {}); }).kind ==
        base::ErrorKind::no_store);
}

TEST_CASE("a scrub finds any flipped bit of packs and parity", "[store][scrub]") {
  Subject subject;
  std::mt19937_64 random{7};
  std::vector<std::string> names = subject.backend.names("pack/");
  const std::vector<std::string> parities = subject.backend.names("par/");
  names.insert(names.end(), parities.begin(), parities.end());
  for (int flip = 0; flip < 60; ++flip) {
    const std::string name = names[random() % names.size()];
    CAPTURE(flip, name);
    std::size_t offset = 0;
    const std::byte bit = static_cast<std::byte>(1U << (random() % 8));
    subject.backend.alter(name, [&](base::Bytes& bytes) {
      offset = random() % bytes.size();
      bytes[offset] ^= bit;
    });
    const store::CheckReport report = subject.scrub();
    REQUIRE(report.errors.size() == 1);
    CHECK(report.errors[0].find(name.substr(name.rfind('/') + 1)) != std::string::npos);
    subject.backend.alter(name, [&](base::Bytes& bytes) { bytes[offset] ^= bit; });
  }
}

TEST_CASE("a pack that is gone is told by its parity; parity that is gone is no error",
          "[store][scrub]") {
  Subject subject;
  const std::string pack = subject.backend.names("pack/d/").at(0);
  const std::string parity = "par/" + pack.substr(pack.rfind('/') + 1);
  SECTION("the pack") {
    subject.backend.remove(pack);
    const store::CheckReport report = subject.scrub();
    REQUIRE(report.errors.size() == 1);
    CHECK(report.errors[0].find("is missing") != std::string::npos);
  }
  SECTION("the parity") {
    subject.backend.remove(parity);
    const store::CheckReport report = subject.scrub();
    CHECK(report.errors.empty());
    CHECK(report.packs_without_parity == 1);
  }
  SECTION("both: somebody removed it") {
    subject.backend.remove(pack);
    subject.backend.remove(parity);
    CHECK(subject.scrub().errors.empty());
  }
}

TEST_CASE("a scrub keeps to its rate", "[store][scrub]") {
  Subject subject;
  store::ScrubSettings settings;
  settings.bytes_per_second = 10'000;
  const base::Duration before = subject.store.clock().slept();
  const store::CheckReport report = subject.scrub(settings);
  const double slept =
      std::chrono::duration<double>(subject.store.clock().slept() - before).count();
  CHECK(slept == Approx(static_cast<double>(report.bytes_read) / 10'000).margin(0.01));
}

TEST_CASE("a share at a time covers the store once, oldest first", "[store][scrub]") {
  Subject subject;
  store::ScrubSettings share;
  share.bytes_per_second = 10'000;
  share.time_limit = 1ms;  // one pack each time
  const std::vector<std::string> names = subject.backend.names("pack/");
  std::vector<std::string> order;
  for (std::size_t night = 0; night < names.size(); ++night) {
    const std::vector<std::string> read = subject.read_by(share);
    REQUIRE(read.size() == 1);
    order.push_back(read.front());
  }
  CHECK(std::set<std::string>(order.begin(), order.end()) ==
        std::set<std::string>(names.begin(), names.end()));
  // The next pass begins with what was read longest ago, and packs that are new come before it.
  CHECK(subject.read_by(share).front() == order[0]);
  CHECK(subject.read_by(share).front() == order[1]);
  subject.back_up(50);
  const std::string next = subject.read_by(share).front();
  CHECK(std::find(names.begin(), names.end(), next) == names.end());
}

TEST_CASE("a stopped scrub keeps what it did", "[store][scrub]") {
  Subject subject;
  std::stop_source stop;
  std::set<std::string> read;
  subject.backend.set_hook([&](MemoryBackend::Operation operation, const std::string& name) {
    if (operation != MemoryBackend::Operation::read || !name.starts_with("pack/")) return;
    read.insert(name);
    if (read.size() == 3) stop.request_stop();
  });
  const store::CheckReport first = subject.scrub({}, stop.get_token());
  CHECK(first.packs == 3);
  CHECK(first.packs_left == subject.backend.names("pack/").size() - 3);
  subject.backend.set_hook({});
  CHECK(subject.scrub().packs == first.packs_left);
}

TEST_CASE("damage stays the first thing that is read, and does not hold up the rest",
          "[store][scrub]") {
  Subject subject;
  const std::vector<std::string> names = subject.backend.names("pack/");
  const std::string& victim = names.at(3);
  subject.backend.alter(victim, [](base::Bytes& bytes) { bytes[200] ^= std::byte{1}; });
  CHECK(subject.scrub().errors.size() == 1);
  // The pass is over: the next one reads all of them again, the damaged one first.
  const std::vector<std::string> read = subject.read_by({});
  CHECK(read.size() == names.size());
  CHECK(read.front() == victim);
}

TEST_CASE("what cannot be believed of the ledger counts as unknown", "[store][scrub]") {
  Subject subject;
  const std::size_t packs = subject.backend.names("pack/").size();
  store::ScrubSettings share;
  share.time_limit = 1ms;
  share.bytes_per_second = 10'000;
  subject.scrub(share);
  const std::string ledger = "scrub/verified";
  base::Bytes whole;
  subject.backend.alter(ledger, [&](base::Bytes& bytes) { whole = bytes; });
  std::mt19937_64 random{7};
  for (int round = 0; round < 40; ++round) {
    base::Bytes hostile = whole;
    if (random() % 3 == 0) hostile.resize(random() % hostile.size());
    for (std::byte& byte : hostile) {
      if (random() % 8 == 0) byte = static_cast<std::byte>(random());
    }
    if (hostile == whole) continue;
    subject.backend.plant(ledger, hostile);
    const store::CheckReport report = subject.scrub();
    CHECK(report.packs == packs);
    CHECK(report.errors.empty());
  }
}

TEST_CASE("names planted in the log keep no scrub from its work", "[store][scrub]") {
  Subject subject;
  const std::size_t packs = subject.backend.names("pack/").size();
  const std::size_t count = GENERATE(4096U, 4097U, 70'000U);
  CAPTURE(count);
  // With the one writer that there is, one more than count.
  for (std::uint64_t number = 0; number < count; ++number) {
    const store::WriterId writer = store::WriterId::from(test::noise(number, 16));
    subject.backend.plant(store::commit_name(writer, 1), {});
  }
  subject.backend.plant("log/0123456789abcdef0123456789abcdef/end", {});
  CHECK(subject.scrub().packs == packs);
  // What was read is noted all the same: longest ago first.
  const store::VerificationLedger ledger =
      store::VerificationLedger::load(subject.backend, subject.store.clock().now());
  for (const store::PackObject& pack : store::list_packs(subject.backend, {})) {
    CHECK(ledger.verified(pack.id));
  }
  CHECK_FALSE(ledger.scrubbed);
}

TEST_CASE("a clock that ran ahead does not hide packs for years", "[store][scrub]") {
  Subject subject;
  const std::size_t packs = subject.backend.names("pack/").size();
  store::VerificationLedger ledger;
  const base::Instant future = subject.store.clock().now() + 24h * 3650;
  for (const store::PackObject& pack : store::list_packs(subject.backend, {})) {
    ledger.note(pack.id, future);
  }
  ledger.under_way = store::VerificationPass{future, {}};
  ledger.scrubbed = store::VerificationPass{future, {}};
  ledger.save(subject.backend);
  CHECK(subject.scrub().packs == packs);
}

TEST_CASE("a restore point was verified by passes that began after its commit", "[store][scrub]") {
  Subject subject;
  const auto verified = [&](const store::Snapshot& point) {
    subject.store.reopen();
    const auto instants = subject.store.repository().last_verified({&point, 1});
    subject.store.close();
    return instants.at(0);
  };
  const store::Snapshot early = subject.back_up(20);
  CHECK_FALSE(verified(early));
  store::ScrubSettings share;
  share.time_limit = 1ms;
  share.bytes_per_second = 1000;
  const base::Instant begin = subject.store.clock().now() + 1s;
  subject.scrub(share);
  const store::Snapshot late = subject.back_up(21);
  CHECK_FALSE(verified(early));
  subject.scrub();
  CHECK(verified(early) == begin);
  // Its packs were read too, but whether all of them nobody noted.
  CHECK_FALSE(verified(late));

  subject.store.clock().advance(1h);
  const base::Instant check = subject.store.clock().now();
  subject.store.reopen().check(store::CheckLevel::full, {}, {});
  CHECK(verified(early) == check);
  CHECK(verified(late) == check);

  // A pass that found damage proves nothing.
  subject.backend.alter(subject.backend.names("pack/d/").at(0),
                        [](base::Bytes& bytes) { bytes[300] ^= std::byte{1}; });
  subject.store.clock().advance(1h);
  subject.scrub();
  CHECK(verified(early) == check);
}

TEST_CASE("no scrub proves restore points that are known to have lost content", "[store][scrub]") {
  MemoryBackend backend;
  SmallRepository store{backend};
  const store::Snapshot hit = store.back_up(kAnna, test::random_streams(1, 6));
  const std::vector<std::string> of_the_first = backend.names("pack/d/");
  const store::Snapshot whole = store.back_up("boris@contoso.com", test::random_streams(2, 6));
  const auto verified = [&](const store::Snapshot& point) {
    return store.reopen(store::Access::read).last_verified({&point, 1}).front();
  };
  const auto scrub = [&] {
    store.close();
    store.clock().advance(1s);
    return store::scrub(backend, {}, store.clock(), {}, {});
  };
  for (const std::string& name : of_the_first) backend.remove(name);
  store.reopen();
  CHECK_FALSE(store.repository().repair(store::CheckLevel::structure, {}, {}).affected.empty());

  CHECK(scrub().errors.empty());  // of what is there nothing is damaged
  CHECK_FALSE(verified(hit));
  CHECK_FALSE(verified(whole));

  store.reopen();
  store.repository().forget(std::vector<store::Forgetting>{{hit, "test"}});
  store.reopen();
  store.repository().prune({}, {}, {});
  store.clock().advance(1s);
  CHECK(store.repository().check(store::CheckLevel::full, {}, {}).errors.empty());
  CHECK(verified(whole));
}
