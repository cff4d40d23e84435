// What every backend promises (store/backend.h), asked of each.
#include "store/backend.h"

#include "store/local_backend.h"
#include "store/memory_backend.h"
#include "tests/support/catch.h"
#include "tests/support/small_store.h"
#include "tests/support/temporary_directory.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using base::ErrorKind;
using store::Backend;
using test::failure_of;

// A backend of the given kind, empty, with what it needs to live.
struct Subject {
  explicit Subject(const std::string& kind) {
    if (kind == "memory") backend = std::make_unique<store::MemoryBackend>();
    if (kind == "local") backend = store::open_local(directory / "store");
  }

  Backend::Put put(const std::string& name, base::ByteView content) const {
    return backend->put_if_absent(name, {&content, 1});
  }
  [[nodiscard]] base::Bytes whole(const std::string& name) const {
    return backend->read(name, 0, static_cast<std::size_t>(backend->size_bytes(name).value()));
  }
  [[nodiscard]] std::map<std::string, std::uint64_t> listed(const std::string& prefix) const {
    std::map<std::string, std::uint64_t> found;
    backend->list(prefix, [&](const std::string& name, std::uint64_t size_bytes) {
      CHECK(found.emplace(name, size_bytes).second);
    });
    return found;
  }

  test::TemporaryDirectory directory;
  std::unique_ptr<Backend> backend;
};

Subject subject() { return Subject{GENERATE(values<std::string>({"memory", "local"}))}; }

TEST_CASE("an object is the parts it was put as", "[conformance][backend]") {
  const Subject store = subject();
  const base::Bytes first = test::noise(1, 1000);
  const base::Bytes second = test::noise(2, 100'000);
  const std::vector<base::ByteView> parts{first, {}, second};
  CHECK(store.backend->put_if_absent("pack/d/ab/abcd", parts) == Backend::Put::stored);

  CHECK(store.backend->size_bytes("pack/d/ab/abcd") == 101'000);
  CHECK(store.backend->read("pack/d/ab/abcd", 0, 1000) == first);
  CHECK(store.backend->read("pack/d/ab/abcd", 1000, 100'000) == second);
  CHECK(store.backend->read("pack/d/ab/abcd", 999, 2) == base::Bytes{first[999], second[0]});
  CHECK(store.backend->read("pack/d/ab/abcd", 101'000, 0).empty());
}

TEST_CASE("an empty object is an object", "[conformance][backend]") {
  const Subject store = subject();
  CHECK(store.put("hold/1", {}) == Backend::Put::stored);
  CHECK(store.backend->size_bytes("hold/1") == 0);
  CHECK(store.backend->read("hold/1", 0, 0).empty());
  CHECK(store.put("hold/1", test::noise(1, 5)) == Backend::Put::exists);
}

TEST_CASE("a name that is taken keeps its object", "[conformance][backend]") {
  const Subject store = subject();
  const base::Bytes content = test::noise(1, 50);
  CHECK(store.put("log/w/0001", content) == Backend::Put::stored);
  CHECK(store.put("log/w/0001", test::noise(2, 60)) == Backend::Put::exists);
  CHECK(store.whole("log/w/0001") == content);
}

TEST_CASE("of many that put one name at once, one wins, whole", "[conformance][backend]") {
  const Subject store = subject();
  for (int round = 0; round < 20; ++round) {
    const std::string name = "log/w/" + std::to_string(round);
    std::atomic<int> stored{0};
    {
      std::vector<std::jthread> writers;
      for (std::uint64_t writer = 0; writer < 4; ++writer) {
        writers.emplace_back([&, writer] {
          const base::Bytes content = test::noise(writer, 1000);
          if (store.put(name, content) == Backend::Put::stored) ++stored;
        });
      }
    }
    CHECK(stored == 1);
    const base::Bytes content = store.whole(name);
    int matches = 0;
    for (std::uint64_t writer = 0; writer < 4; ++writer) {
      if (content == test::noise(writer, 1000)) ++matches;
    }
    CHECK(matches == 1);
  }
}

TEST_CASE("what is not there is said to be missing", "[conformance][backend]") {
  const Subject store = subject();
  CHECK_FALSE(store.backend->size_bytes("pack/d/ab/abcd"));
  CHECK(failure_of([&] { static_cast<void>(store.backend->read("pack/d/ab/abcd", 0, 1)); }).kind ==
        ErrorKind::not_found);
  CHECK(store.listed("").empty());
  CHECK_NOTHROW(store.backend->remove("pack/d/ab/abcd"));
}

TEST_CASE("a range beyond the end is damage, however large", "[conformance][backend]") {
  const Subject store = subject();
  store.put("pack/d/ab/abcd", test::noise(1, 100));
  constexpr auto kLargest = std::numeric_limits<std::uint64_t>::max();
  constexpr auto kLargestSize = std::numeric_limits<std::size_t>::max();
  struct Range {
    std::uint64_t offset;
    std::size_t size;
  };
  const std::vector<Range> ranges{
      {0, 101}, {101, 0}, {50, 51}, {kLargest, 1}, {kLargest, kLargestSize}, {1, kLargestSize}};
  for (const Range& range : ranges) {
    CAPTURE(range.offset, range.size);
    const auto failure = failure_of([&] {
      static_cast<void>(store.backend->read("pack/d/ab/abcd", range.offset, range.size));
    });
    CHECK(failure.kind == ErrorKind::corrupt);
    CHECK(failure.what.find("pack/d/ab/abcd") != std::string::npos);
  }
}

TEST_CASE("a listing has every object below a prefix, and nothing else", "[conformance][backend]") {
  const Subject store = subject();
  store.put("conf/0", test::noise(1, 10));
  store.put("pack/d/ab/abcd", test::noise(1, 20));
  store.put("pack/d/ac/acdc", test::noise(1, 30));
  store.put("pack/m/ab/abba", test::noise(1, 40));
  store.backend->replace("keys/slot.0", test::noise(1, 50));
  using Listing = std::map<std::string, std::uint64_t>;
  CHECK(store.listed("").size() == 5);
  CHECK(store.listed("pack/d/") == Listing{{"pack/d/ab/abcd", 20}, {"pack/d/ac/acdc", 30}});
  CHECK(store.listed("pack/d/ab/ab") == Listing{{"pack/d/ab/abcd", 20}});
  CHECK(store.listed("keys/") == Listing{{"keys/slot.0", 50}});
  CHECK(store.listed("pack/x/").empty());
  CHECK(store.listed("ack").empty());

  // The store may be used from within.
  store.backend->list("pack/", [&](const std::string& name, std::uint64_t size_bytes) {
    CHECK(store.backend->size_bytes(name) == size_bytes);
  });
}

TEST_CASE("replacing and removing take effect at once", "[conformance][backend]") {
  const Subject store = subject();
  store.backend->replace("conf/1", test::noise(1, 10));
  CHECK(store.whole("conf/1") == test::noise(1, 10));
  store.backend->replace("conf/1", test::noise(2, 5));
  CHECK(store.whole("conf/1") == test::noise(2, 5));
  store.backend->remove("conf/1");
  CHECK_FALSE(store.backend->size_bytes("conf/1"));
  CHECK(store.put("conf/1", test::noise(3, 7)) == Backend::Put::stored);
  CHECK(store.whole("conf/1") == test::noise(3, 7));
}

TEST_CASE("a copy stays when its object is replaced or removed", "[conformance][backend]") {
  const Subject store = subject();
  CHECK(failure_of([&] {
          store.backend->keep_copy("pack/d/ab/abcd", "trash/quarantine/abcd");
        }).kind == ErrorKind::not_found);
  store.put("pack/d/ab/abcd", test::noise(1, 1000));
  CHECK(store.whole("pack/d/ab/abcd") == test::noise(1, 1000));
  store.backend->keep_copy("pack/d/ab/abcd", "trash/quarantine/abcd");
  store.backend->replace("pack/d/ab/abcd", test::noise(2, 900));
  CHECK(store.whole("pack/d/ab/abcd") == test::noise(2, 900));
  CHECK(store.whole("trash/quarantine/abcd") == test::noise(1, 1000));
  // The first copy is the one that is kept.
  store.backend->keep_copy("pack/d/ab/abcd", "trash/quarantine/abcd");
  CHECK(store.whole("trash/quarantine/abcd") == test::noise(1, 1000));
  store.backend->remove("pack/d/ab/abcd");
  CHECK(store.whole("trash/quarantine/abcd") == test::noise(1, 1000));
}

TEST_CASE("writers exclude each other, by turns", "[conformance][backend]") {
  const Subject store = subject();
  auto lock = store.backend->lock_for_writing();
  const auto failure = failure_of([&] { static_cast<void>(store.backend->lock_for_writing()); });
  CHECK(failure.kind == ErrorKind::in_use);
  CHECK(failure.what.find("in use by") != std::string::npos);
  lock = nullptr;
  CHECK_NOTHROW(lock = store.backend->lock_for_writing());
  CHECK(store.listed("").empty());
}

TEST_CASE("many threads read and write at once", "[conformance][backend]") {
  const Subject store = subject();
  std::vector<std::jthread> threads;
  std::atomic<int> wrong{0};
  for (std::uint64_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::uint64_t i = 0; i < 25; ++i) {
        const std::string name = "pack/d/aa/" + std::to_string(thread) + "-" + std::to_string(i);
        const base::Bytes content = test::noise(thread * 100 + i, 500);
        if (store.put(name, content) != Backend::Put::stored) ++wrong;
        if (store.whole(name) != content) ++wrong;
      }
    });
  }
  threads.clear();
  CHECK(wrong == 0);
  CHECK(store.listed("pack/").size() == 100);
}

}  // namespace
