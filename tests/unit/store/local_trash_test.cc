#include "src/base/file.h"
#include "store/local_backend.h"
#include "tests/support/catch.h"
#include "tests/support/small_store.h"
#include "tests/support/temporary_directory.h"

#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace {

using base::ErrorKind;
using store::Backend;
using test::failure_of;
namespace fs = std::filesystem;

constexpr const char* kPack = "pack/d/ab/abcd";
constexpr const char* kOther = "pack/d/cd/cdef";
constexpr const char* kBatch = "store/trash/0000000000000007";

// A store of two packs and a parity, and a directory beside it that is none of its business.
struct Fixture {
  Fixture() {
    put(kPack, 1);
    put(kOther, 2);
    put("par/abcd", 3);
    fs::create_directory(directory / "outside");
    base::replace_file(directory / "outside/letter", test::noise(4, 10));
    base::replace_file(directory / "outside/pack,d,ab,abcd", test::noise(5, 100));
  }
  void put(const std::string& name, std::uint64_t seed) const {
    const base::Bytes content = test::noise(seed, 100);
    const base::ByteView view = content;
    backend->put_if_absent(name, {&view, 1});
  }
  [[nodiscard]] fs::path path(const std::string& name) const { return directory / name; }
  void check_outside() const {
    CHECK(base::read_file(path("outside/letter")) == test::noise(4, 10));
    CHECK(base::read_file(path("outside/pack,d,ab,abcd")) == test::noise(5, 100));
  }

  test::TemporaryDirectory directory;
  std::unique_ptr<Backend> backend = store::open_local(directory / "store");
};

// Names of files that this process holds open though they are gone.
std::size_t deleted_but_open(const fs::path& below) {
  std::size_t found = 0;
  for (const auto& entry : fs::directory_iterator{"/proc/self/fd"}) {
    std::error_code error;
    const std::string target = fs::read_symlink(entry.path(), error).string();
    if (target.starts_with(below.string()) && target.ends_with("(deleted)")) ++found;
  }
  return found;
}

bool is_there(const fs::path& path) { return fs::exists(fs::symlink_status(path)); }

}  // namespace

TEST_CASE("what a power cut has left both in the trash and in its place goes",
          "[store][local][trash][crash]") {
  const Fixture fixture;
  fixture.backend->discard("par/abcd", 7);
  fs::create_hard_link(fixture.path(std::string{kBatch} + "/par,abcd"),
                       fixture.path("store/par/abcd"));
  CHECK(fixture.backend->size_bytes("par/abcd"));
  fixture.backend->discard("par/abcd", 7);
  CHECK_FALSE(fixture.backend->size_bytes("par/abcd"));
  CHECK(fixture.backend->empty_batch(7) == 100);
}

TEST_CASE("what is discarded is out of sight, and packs can be read on", "[store][local][trash]") {
  const Fixture fixture;
  Backend& backend = *fixture.backend;
  backend.discard(kPack, 7);
  backend.discard("par/abcd", 7);
  backend.discard("pack/d/ab/none", 8);
  CHECK(backend.discarded_batches() == std::vector<std::uint64_t>{7});
  CHECK_FALSE(backend.size_bytes(kPack));
  std::vector<std::string> listed;
  backend.list("", [&](const std::string& name, std::uint64_t) { listed.push_back(name); });
  CHECK(listed == std::vector<std::string>{kOther});
  CHECK(backend.read(kPack, 0, 100) == test::noise(1, 100));
  CHECK(store::open_local(fixture.path("store"))->read(kPack, 10, 20) ==
        base::to_bytes(base::ByteView{test::noise(1, 100)}.subspan(10, 20)));
  CHECK(failure_of([&] { static_cast<void>(backend.read("par/abcd", 0, 1)); }).kind ==
        ErrorKind::not_found);
  // Side by side below the batch, a comma for a slash, so that people find them.
  CHECK(base::read_file(fixture.path(kBatch) / "pack,d,ab,abcd") == test::noise(1, 100));
  CHECK(base::read_file(fixture.path(kBatch) / "par,abcd") == test::noise(3, 100));
  struct stat status {};
  REQUIRE(::stat(fixture.path(kBatch).c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0700);
}

TEST_CASE("a name is free again once its object was discarded", "[store][local][trash]") {
  const Fixture fixture;
  fixture.backend->discard(kPack, 7);
  fixture.put(kPack, 9);
  CHECK(fixture.backend->read(kPack, 0, 100) == test::noise(9, 100));
  fixture.backend->discard(kPack, 7);  // over the one that is there
  CHECK(fixture.backend->read(kPack, 0, 100) == test::noise(9, 100));
}

TEST_CASE("an emptied batch gives its space back, and the others stay", "[store][local][trash]") {
  const Fixture fixture;
  Backend& backend = *fixture.backend;
  backend.discard(kPack, 7);
  backend.discard("par/abcd", 7);
  backend.discard(kOther, 12);
  CHECK(backend.discarded_batches() == std::vector<std::uint64_t>{7, 12});
  static_cast<void>(backend.read(kPack, 0, 1));  // open from now on
  CHECK(backend.empty_batch(7) == 200);
  CHECK(backend.discarded_batches() == std::vector<std::uint64_t>{12});
  CHECK_FALSE(is_there(fixture.path(kBatch)));
  CHECK(deleted_but_open(fixture.path("store")) == 0);
  CHECK(failure_of([&] { static_cast<void>(backend.read(kPack, 0, 1)); }).kind ==
        ErrorKind::not_found);
  CHECK(backend.read(kOther, 0, 100) == test::noise(2, 100));
  CHECK(backend.empty_batch(7) == 0);
  CHECK(store::open_local(fixture.path("nowhere"))->empty_batch(7) == 0);
  CHECK(store::open_local(fixture.path("nowhere"))->discarded_batches().empty());
}

TEST_CASE("links in the trash lead nowhere", "[store][local][trash]") {
  const Fixture fixture;
  Backend& backend = *fixture.backend;
  SECTION("as an object") {
    backend.discard(kOther, 7);
    fs::create_symlink(fixture.path("outside/letter"), fixture.path(kBatch) / "pack,d,ab,abcd");
    fs::create_directory_symlink(fixture.path("outside"), fixture.path(kBatch) / "directory");
    backend.discard(kPack, 8);
    CHECK(backend.read(kPack, 0, 100) == test::noise(1, 100));
    CHECK(backend.empty_batch(7) == 100);
    CHECK_FALSE(is_there(fixture.path(kBatch)));
  }
  SECTION("as a batch") {
    fs::create_directory(fixture.path("store/trash"));
    fs::create_directory_symlink(fixture.path("outside"), fixture.path(kBatch));
    CHECK_THROWS_AS(backend.discard(kPack, 7), base::Error);
    CHECK(backend.read(kPack, 0, 100) == test::noise(1, 100));
    backend.remove(kPack);
    CHECK(failure_of([&] { static_cast<void>(backend.read(kPack, 0, 1)); }).kind ==
          ErrorKind::not_found);
    CHECK(backend.empty_batch(7) == 0);
    CHECK_FALSE(is_there(fixture.path(kBatch)));
  }
  SECTION("as the trash") {
    fs::create_directory(fixture.path("outside/0000000000000007"));
    fs::create_directory_symlink(fixture.path("outside"), fixture.path("store/trash"));
    CHECK_THROWS_AS(backend.discard(kPack, 7), base::Error);
    CHECK_THROWS_AS(backend.empty_batch(7), base::Error);
    CHECK(is_there(fixture.path("outside/0000000000000007")));
    CHECK(backend.read(kPack, 0, 100) == test::noise(1, 100));
  }
  SECTION("on the way to an object") {
    fs::remove_all(fixture.path("store/pack/d"));
    fs::create_directories(fixture.path("outside/ab"));
    fs::rename(fixture.path("outside/pack,d,ab,abcd"), fixture.path("outside/ab/abcd"));
    fs::create_directory_symlink(fixture.path("outside"), fixture.path("store/pack/d"));
    CHECK_THROWS_AS(backend.discard(kPack, 7), base::Error);
    fs::rename(fixture.path("outside/ab/abcd"), fixture.path("outside/pack,d,ab,abcd"));
  }
  fixture.check_outside();
}

TEST_CASE("whatever lies in a batch goes with it", "[store][local][trash]") {
  const Fixture fixture;
  Backend& backend = *fixture.backend;
  backend.discard(kOther, 7);
  fs::create_directories(fixture.path(kBatch) / "pack,d,ab,abcd/deep/deeper");
  base::replace_file(fixture.path(kBatch) / "pack,d,ab,abcd/deep/letter", test::noise(6, 50));
  fs::create_symlink(fixture.path("outside"), fixture.path(kBatch) / "pack,d,ab,abcd/link");
  REQUIRE(::mkfifo((fixture.path(kBatch) / "pipe").c_str(), 0600) == 0);
  SECTION("a directory in an object's place makes way for it") {
    backend.discard(kPack, 7);
    CHECK(backend.read(kPack, 0, 100) == test::noise(1, 100));
    CHECK(backend.empty_batch(7) == 200);
  }
  SECTION("and is not taken for one") {
    backend.remove(kPack);
    CHECK(failure_of([&] { static_cast<void>(backend.read(kPack, 0, 1)); }).kind ==
          ErrorKind::not_found);
    CHECK(backend.empty_batch(7) == 150);
  }
  CHECK_FALSE(is_there(fixture.path(kBatch)));
  fixture.check_outside();
}

TEST_CASE("only directories of sixteen digits are batches", "[store][local][trash]") {
  const Fixture fixture;
  fixture.backend->discard(kPack, 7);
  for (const char* name : {"quarantine", "7", "000000000000000x", "00000000000000007", "-1"}) {
    fs::create_directory(fixture.path("store/trash") / name);
  }
  CHECK(fixture.backend->discarded_batches() == std::vector<std::uint64_t>{7});
}

TEST_CASE("space is set aside, made larger, and given back", "[store][local][trash]") {
  const Fixture fixture;
  Backend& backend = *fixture.backend;
  const fs::path reserve = fixture.path("store/reserve");
  const auto allocated = [&] {
    struct stat status {};
    REQUIRE(::stat(reserve.c_str(), &status) == 0);
    return static_cast<std::uint64_t>(status.st_blocks) * 512;
  };
  backend.keep_reserve(100'000);
  CHECK(allocated() >= 100'000);
  backend.keep_reserve(300'000);
  CHECK(allocated() >= 300'000);
  backend.keep_reserve(1000);  // what is there stays
  CHECK(allocated() >= 300'000);
  std::size_t listed = 0;
  backend.list("", [&](const std::string&, std::uint64_t) { ++listed; });
  CHECK(listed == 3);
  backend.release_reserve();
  CHECK_FALSE(is_there(reserve));
  CHECK_NOTHROW(backend.release_reserve());
  backend.keep_reserve(std::uint64_t{1} << 60);  // a reserve must not be what fills the disk
  CHECK_FALSE(is_there(reserve));
}

TEST_CASE("a reserve that cannot be had is done without", "[store][local][trash]") {
  const Fixture fixture;
  const fs::path reserve = fixture.path("store/reserve");
  SECTION("a link") { fs::create_symlink(fixture.path("outside/letter"), reserve); }
  SECTION("a directory") { fs::create_directory(reserve); }
  CHECK_NOTHROW(fixture.backend->keep_reserve(1000));
  fixture.check_outside();
}

TEST_CASE("the last space pays for the lock of who frees some", "[store][local][trash]") {
  const Fixture fixture;
  fixture.backend->keep_reserve(100'000);
  const auto lock = fixture.backend->lock_for_writing(Backend::Reserve::use);
  // There was space for the name: the reserve is for what follows.
  CHECK(is_there(fixture.path("store/reserve")));
}
