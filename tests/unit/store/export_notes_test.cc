// What is on its way into the store when its process ends.
#include "src/base/error.h"
#include "store/memory_backend.h"
#include "store/repository.h"
#include "tests/support/catch.h"
#include "tests/support/small_repository.h"

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

constexpr const char* kMailbox = "id of anna@contoso.com";
// Behind the header of the pack and that of the record.
constexpr std::streamoff kInFirstRecord = 128 + 64 + 5;

// A store in which items were stored and noted, and nothing was committed.
class Unfinished {
 public:
  // Enough for a recipe.
  explicit Unfinished(std::size_t items = 5, std::size_t bytes = 200'000) {
    work_ = repository.repository().begin_work();
    for (std::size_t i = 0; i < items; ++i) {
      streams.push_back(test::random_streams(i, 1, bytes).begin()->second);
      streams.back().resize(bytes);
    }
    for (std::size_t i = 0; i < items; ++i) store_and_note(i);
  }

  void store_and_note(std::size_t i) {
    const auto content = repository.tenant().new_content();
    content->append(streams[i]);
    const store::ExportedItem item{id(i), "first version", content->finish().ref};
    repository.tenant().note_exported(kMailbox, {&item, 1});
  }

  static std::string id(std::size_t i) { return "item " + std::to_string(i); }
  [[nodiscard]] std::optional<store::ContentRef> find(std::size_t i) {
    return repository.tenant().exported(kMailbox, id(i), "first version");
  }
  [[nodiscard]] bool holds(std::size_t i) {
    const auto found = find(i);
    return found && repository.tenant().read_content(*found) == streams[i];
  }
  // As when the process is killed.
  void die() {
    work_.reset();
    repository.reopen();
  }
  void begin_again() { work_ = repository.repository().begin_work(); }
  [[nodiscard]] std::vector<fs::path> spools() const {
    std::vector<fs::path> files;
    fs::path directory = repository.settings().index;
    directory += ".spool";
    if (!fs::exists(directory)) return files;
    for (const auto& entry : fs::directory_iterator{directory}) files.push_back(entry.path());
    return files;
  }

  store::MemoryBackend backend;
  test::SmallRepository repository{backend};
  std::vector<base::Bytes> streams;

 private:
  std::unique_ptr<store::Repository::Work> work_;
};

}  // namespace

TEST_CASE("what was noted is found again after the process was killed", "[store][resume]") {
  Unfinished store;
  CHECK(store.backend.names("pack/").empty());
  store.die();
  CHECK_FALSE(store.find(0));  // nobody has begun to work
  store.begin_again();
  for (std::size_t i = 0; i < store.streams.size(); ++i) CHECK(store.holds(i));
  CHECK(store.spools().empty());

  SECTION("and after it was killed again") {
    store.die();
    store.begin_again();
    for (std::size_t i = 0; i < store.streams.size(); ++i) CHECK(store.holds(i));
  }
  SECTION("of that version only, and of that mailbox") {
    CHECK_FALSE(store.repository.tenant().exported(kMailbox, Unfinished::id(0), "second version"));
    CHECK_FALSE(store.repository.tenant().exported("another", Unfinished::id(0), "first version"));
    CHECK_FALSE(store.repository.tenant().exported(kMailbox, "another item", "first version"));
  }
  SECTION("until the mailbox is committed") {
    store.repository.back_up("boris@contoso.com", test::random_streams(7, 3));
    CHECK(store.holds(0));
    store.repository.back_up("anna@contoso.com", test::random_streams(8, 3));
    CHECK_FALSE(store.find(0));
  }
}

TEST_CASE("while work goes on, what is published leaves the spool", "[store][resume]") {
  Unfinished store{3};
  CHECK(store.spools().size() == 2);  // data and recipes
  store.repository.back_up("boris@contoso.com", test::random_streams(7, 3));
  CHECK(store.spools().empty());
  CHECK(store.holds(0));
  store.store_and_note(1);  // nothing new
  CHECK(store.spools().empty());
}

TEST_CASE("a damaged spool costs what is damaged, and stays for nobody", "[store][resume]") {
  Unfinished store{40, 3000};
  REQUIRE(store.spools().size() == 1);
  const fs::path spool = store.spools().front();
  std::size_t lost = 0;
  SECTION("one bit") {
    std::fstream file{spool, std::ios::in | std::ios::out | std::ios::binary};
    file.seekg(kInFirstRecord);
    const auto flipped = static_cast<char>(file.get() ^ 4);
    file.seekp(kInFirstRecord);
    file.put(flipped);
    lost = 1;
  }
  SECTION("its end") {
    fs::resize_file(spool, fs::file_size(spool) - 100);
    lost = 1;
  }
  SECTION("its header") {
    std::fstream file{spool, std::ios::in | std::ios::out | std::ios::binary};
    file.put('x');
    lost = 40;
  }
  SECTION("all of it") {
    fs::resize_file(spool, 0);
    lost = 40;
  }
  SECTION("it is gone") {
    fs::remove(spool);
    lost = 40;
  }
  store.die();
  store.begin_again();
  std::size_t held = 0;
  for (std::size_t i = 0; i < store.streams.size(); ++i) held += store.holds(i) ? 1U : 0U;
  CHECK(held == 40 - lost);
  CHECK(store.spools().empty());
}

TEST_CASE("other files in the spool are left alone", "[store][resume]") {
  Unfinished store{1};
  const fs::path stranger = store.spools().front().parent_path() / "notes.txt";
  std::ofstream{stranger} << "not ours";
  store.die();
  store.begin_again();
  CHECK(store.spools() == std::vector<fs::path>{stranger});
}

TEST_CASE("where nothing can be spooled, work goes on", "[store][resume]") {
  store::MemoryBackend backend;
  test::SmallRepository repository{backend};
  fs::path directory = repository.settings().index;
  directory += ".spool";
  std::ofstream{directory} << "in the way";
  const auto work = repository.repository().begin_work();
  const auto content = repository.tenant().new_content();
  content->append(base::Bytes(100));
  const store::ExportedItem item{"item", "version", content->finish().ref};
  repository.tenant().note_exported(kMailbox, {&item, 1});
  CHECK(repository.tenant().exported(kMailbox, "item", "version") == item.content);
  const store::Snapshot snapshot =
      repository.back_up("boris@contoso.com", test::random_streams(7, 3));
  CHECK(test::restore(repository.repository(), snapshot) == test::random_streams(7, 3));
}

TEST_CASE("what nobody relies on any more is not found, and prune may take it",
          "[store][resume][prune]") {
  Unfinished store{3};
  store.repository.back_up("boris@contoso.com", test::random_streams(7, 3));
  CHECK(store.holds(0));
  store.die();  // published, but nothing names it
  static_cast<void>(store.repository.repository().prune({}, {}, {}));
  store.begin_again();
  CHECK_FALSE(store.find(0));
}

TEST_CASE("what was found again is relied on: prune leaves it alone", "[store][resume][prune]") {
  Unfinished store{3};
  store.repository.back_up("boris@contoso.com", test::random_streams(7, 3));
  store.die();
  store.begin_again();
  CHECK(store.find(0));
  static_cast<void>(store.repository.repository().prune({}, {}, {}));
  CHECK(store.holds(0));
}

TEST_CASE("a spool that cannot be taken in waits, and work goes on without one",
          "[store][resume]") {
  Unfinished store{3};
  const std::size_t left = store.spools().size();
  store.die();
  store.backend.set_hook([](store::MemoryBackend::Operation operation, const std::string& name) {
    if (operation != store::MemoryBackend::Operation::put || !name.starts_with("pack/")) return;
    throw base::Error{base::ErrorKind::full, "no space left"};
  });
  store.begin_again();
  store.backend.set_hook({});
  CHECK_FALSE(store.find(0));
  store.store_and_note(0);
  CHECK(store.spools().size() == left);
  store.die();
  store.begin_again();
  CHECK(store.holds(2));
  CHECK(store.spools().empty());
}

TEST_CASE("a note whose chunks cannot be read is as none", "[store][resume]") {
  Unfinished store{1};
  store.repository.back_up("boris@contoso.com", test::random_streams(7, 3));
  store.die();
  store.begin_again();
  store.backend.set_hook([](store::MemoryBackend::Operation operation, const std::string& name) {
    if (operation != store::MemoryBackend::Operation::read || !name.starts_with("pack/m/")) return;
    throw base::Error{base::ErrorKind::disk, "a bad sector"};
  });
  CHECK_FALSE(store.find(0));
  store.backend.set_hook({});
  CHECK(store.holds(0));
}
