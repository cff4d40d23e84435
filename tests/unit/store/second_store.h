// A store with mailboxes, and a place for a second one: what the tests of copying act on.
#pragma once

#include "src/base/error.h"
#include "store/memory_backend.h"
#include "store/repository.h"
#include "tests/support/catch.h"
#include "tests/support/small_repository.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace test {

class SecondStore {
 public:
  SecondStore() : first(first_backend) { settings.index = directory / "index"; }

  store::Snapshot back_up(const std::string& mailbox, std::uint64_t seed, std::size_t items = 12) {
    Streams streams = random_streams(seed, items, 60'000);
    store::Snapshot point = first.back_up(mailbox, streams);
    truth.emplace_back(point, std::move(streams));
    return point;
  }
  store::CopyReport copy(const store::CopyOptions& options = {}, std::stop_token stop = {}) {
    first.reopen(store::Access::read);
    const bool created = prepare().created;
    const auto second = open();
    store::CopyReport report = first.repository().copy_to(*second, options, {}, std::move(stop));
    report.created = created;
    return report;
  }
  store::Repository::SecondStore prepare() {
    return store::Repository::prepare_second(first_backend, *backend, settings, first.passphrase());
  }
  std::unique_ptr<store::Repository> open(store::Access access = store::Access::write) {
    return store::Repository::open(*backend, settings, first.passphrase(), access, first.clock());
  }
  // All of the truth, and nothing else, is there and comes back bit by bit; also when the index is
  // made anew.
  void check() {
    for (const bool anew : {false, true}) {
      if (anew) std::filesystem::remove_all(settings.index);
      const auto second = open();
      REQUIRE(second->snapshots().size() == truth.size());
      for (const auto& [point, streams] : truth) CHECK(restore(*second, point) == streams);
      CHECK(second->check(store::CheckLevel::full, {}, {}).errors.empty());
    }
  }
  // As if it had never been there.
  void begin_anew() {
    backend = std::make_unique<store::MemoryBackend>();
    std::filesystem::remove_all(settings.index);
  }

  store::MemoryBackend first_backend;
  std::unique_ptr<store::MemoryBackend> backend = std::make_unique<store::MemoryBackend>();
  SmallRepository first;
  TemporaryDirectory directory;
  store::Repository::Settings settings;
  std::vector<std::pair<store::Snapshot, Streams>> truth;
};

inline std::vector<std::string> ids(const std::vector<store::Snapshot>& points) {
  std::vector<std::string> ids;
  for (const store::Snapshot& point : points) ids.push_back(point.id);
  std::ranges::sort(ids);
  return ids;
}

inline store::Hold hold_on(const store::Snapshot& point, const std::string& id) {
  store::Hold hold;
  hold.id = id;
  hold.tenant = point.tenant;
  hold.mailbox_id = point.mailbox_id;
  hold.reason = "a lawsuit";
  hold.time = point.time;
  return hold;
}

inline std::string largest_pack(const store::Backend& backend, const std::string& prefix) {
  std::string largest;
  std::uint64_t most = 0;
  backend.list(prefix, [&](const std::string& name, std::uint64_t size_bytes) {
    if (size_bytes > most) largest = name;
    most = std::max(most, size_bytes);
  });
  return largest;
}

}  // namespace test
