#include "store/journal.h"

#include "src/base/error.h"
#include "store/local_backend.h"
#include "tests/support/catch.h"
#include "tests/support/small_repository.h"
#include "tests/support/temporary_directory.h"

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace {

using base::as_bytes;
using base::Error;
using base::ErrorKind;

struct Fixture {
  [[nodiscard]] store::Journal journal(const std::string& name = "audit") {
    return repository.repository().journals().open(name);
  }

  struct Told {
    std::vector<std::string> entries;
    std::vector<std::string> errors;
  };
  [[nodiscard]] Told read(const std::string& name = "audit") {
    Told told;
    journal(name).read(
        [&](std::uint64_t, base::ByteView content) {
          told.entries.emplace_back(base::as_text(content));
        },
        [&](const Error& error) { told.errors.emplace_back(error.what()); });
    return told;
  }

  void fill(int entries) {
    for (int i = 1; i <= entries; ++i) journal().append(as_bytes("entry " + std::to_string(i)));
  }

  static std::string object(int sequence) {
    return "audit/000000000000000" + std::to_string(sequence);
  }

  store::MemoryBackend backend;
  test::SmallRepository repository{backend};
};

}  // namespace

TEST_CASE("entries are told in the order in which they were added", "[store]") {
  Fixture fixture;
  CHECK(fixture.journal().head() == store::Journal::Head{});
  fixture.fill(3);
  CHECK(fixture.read().entries == std::vector<std::string>{"entry 1", "entry 2", "entry 3"});
  CHECK(fixture.read().errors.empty());
  CHECK(base::as_text(fixture.journal().read_one(2)) == "entry 2");
  CHECK(fixture.journal().head().sequence == 3);
}

TEST_CASE("who was not first learns it, and nothing is lost", "[store]") {
  Fixture fixture;
  fixture.fill(1);
  store::Journal one = fixture.journal();
  const store::Journal::Head head = one.head();
  REQUIRE(fixture.journal().append_after(head, as_bytes("the other")));
  CHECK_FALSE(one.append_after(head, as_bytes("mine")));
  one.append(as_bytes("mine"));
  CHECK(fixture.read().entries == std::vector<std::string>{"entry 1", "the other", "mine"});
  CHECK(fixture.read().errors.empty());
}

TEST_CASE("many add to a journal at once, on a disk", "[store]") {
  const test::TemporaryDirectory directory;
  const auto backend = store::open_local(directory.path() / "store");
  test::SmallRepository repository{*backend};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      store::Journal journal = repository.repository().journals().open("audit");
      for (int i = 0; i < 25; ++i) journal.append(as_bytes("x"));
    });
  }
  for (std::thread& thread : threads) thread.join();
  int entries = 0;
  int errors = 0;
  repository.repository().journals().open("audit").read(
      [&](std::uint64_t, base::ByteView) { ++entries; }, [&](const Error&) { ++errors; });
  CHECK(entries == 100);
  CHECK(errors == 0);
}

TEST_CASE("what stands in the way of the next entry is told", "[store]") {
  const test::TemporaryDirectory directory;
  const auto backend = store::open_local(directory.path() / "store");
  test::SmallRepository repository{*backend};
  std::filesystem::create_directories(directory.path() / "store/audit/0000000000000001");
  store::Journal journal = repository.repository().journals().open("audit");
  CHECK_THROWS_WITH(journal.append(as_bytes("x")), test::contains_text("0000000000000001"));
}

TEST_CASE("a changed, missing, moved or foreign entry is told, and the others still are",
          "[store]") {
  Fixture fixture;
  fixture.fill(5);
  const auto object_of = [&](int sequence) {
    const std::string name = Fixture::object(sequence);
    return fixture.backend.read(name, 0, *fixture.backend.size_bytes(name));
  };
  SECTION("changed") {
    fixture.backend.alter(Fixture::object(2),
                          [](base::Bytes& bytes) { bytes[130] ^= std::byte{1}; });
    CHECK(fixture.read().entries.size() == 4);
    CHECK(fixture.read().errors.size() == 2);  // and the next one was tied to something else
  }
  SECTION("a changed header") {
    for (std::size_t at = 0; at < 128; ++at) {
      const base::Bytes whole = object_of(2);
      fixture.backend.alter(Fixture::object(2),
                            [&](base::Bytes& bytes) { bytes[at] ^= std::byte{1}; });
      INFO("byte " << at);
      CHECK_FALSE(fixture.read().errors.empty());
      CHECK(fixture.read().entries.size() == 4);
      fixture.backend.plant(Fixture::object(2), whole);
    }
  }
  SECTION("missing") {
    fixture.backend.remove(Fixture::object(2));
    fixture.backend.remove(Fixture::object(3));
    CHECK(fixture.read().entries.size() == 3);
    REQUIRE(fixture.read().errors.size() == 1);
    CHECK_THAT(fixture.read().errors[0], test::contains_text("1 after it are missing"));
  }
  SECTION("moved") {
    fixture.backend.plant(Fixture::object(3), object_of(2));
    CHECK(fixture.read().entries.size() == 4);
    CHECK_FALSE(fixture.read().errors.empty());
  }
  SECTION("of another journal") {
    fixture.journal("other").append(as_bytes("entry 1"));
    fixture.backend.plant(Fixture::object(1),
                          fixture.backend.read("other/0000000000000001", 0, 128 + 7 + 16));
    CHECK(fixture.read().entries.size() == 4);
  }
  SECTION("of another store") {
    Fixture other;
    other.fill(5);
    fixture.backend.plant(
        Fixture::object(5),
        other.backend.read(Fixture::object(5), 0, *other.backend.size_bytes(Fixture::object(5))));
    CHECK(fixture.read().entries.size() == 4);
    CHECK(fixture.read().errors.size() == 1);
  }
  SECTION("an older last entry put back in place of a newer one") {
    const base::Bytes old = object_of(5);
    fixture.backend.remove(Fixture::object(5));
    fixture.journal().append(as_bytes("another fifth"));
    fixture.fill(1);
    fixture.backend.plant(Fixture::object(5), old);
    CHECK(fixture.read().errors.size() == 1);
  }
  SECTION("cut short, or larger than any") {
    fixture.backend.plant(Fixture::object(2), base::Bytes(100));
    fixture.backend.plant(Fixture::object(4), base::Bytes(store::Journal::kMostContentBytes + 200));
    CHECK(fixture.read().entries.size() == 3);
  }
  SECTION("a name that is none") {
    fixture.backend.plant("audit/9999999999999999", object_of(5));
    fixture.backend.plant("audit/notes", object_of(5));
    CHECK(fixture.read().entries.size() == 5);
    CHECK(fixture.read().errors.size() == 2);
    CHECK(fixture.journal().append(as_bytes("more")).sequence == 6);
  }
}

TEST_CASE("a journal whose last entry cannot be read takes more, and tells", "[store]") {
  Fixture fixture;
  fixture.fill(2);
  fixture.backend.set_hook([](store::MemoryBackend::Operation operation, const std::string& name) {
    if (operation == store::MemoryBackend::Operation::read && name == Fixture::object(2)) {
      throw Error{ErrorKind::disk, "input/output error"};
    }
  });
  fixture.journal().append(as_bytes("entry 3"));
  fixture.backend.set_hook(nullptr);
  CHECK(fixture.read().entries.size() == 3);
  REQUIRE(fixture.read().errors.size() == 1);
  CHECK_THAT(fixture.read().errors[0], test::contains_text("does not follow"));
}

TEST_CASE("names of journals are found, and removing leaves nothing", "[store]") {
  Fixture fixture;
  fixture.journal("restore/one").append(as_bytes("1"));
  fixture.journal("restore/two").append(as_bytes("2"));
  fixture.fill(1);
  const store::Journals journals = fixture.repository.repository().journals();
  CHECK(journals.names_below("restore") == std::vector<std::string>{"restore/one", "restore/two"});
  fixture.journal("restore/one").remove();
  CHECK(journals.names_below("restore") == std::vector<std::string>{"restore/two"});
  CHECK(fixture.read().entries.size() == 1);
}
