// Making a store: where one may be made, and what is left of one that was cut off.
#include "src/base/error.h"
#include "store/keys.h"
#include "store/local_backend.h"
#include "store/memory_backend.h"
#include "store/repository.h"
#include "tests/support/catch.h"
#include "tests/support/small_store.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/virtual_clock.h"

#include <filesystem>
#include <fstream>

TEST_CASE("a store is not made among the files of others", "[store][repository]") {
  test::TemporaryDirectory directory;
  std::ofstream{directory / "Holiday pictures.zip"} << "precious";
  const auto backend = store::open_local(directory.path());
  test::VirtualClock clock;
  test::TemporaryDirectory elsewhere;
  store::Repository::Settings settings;
  settings.index = elsewhere / "index";

  const test::Failure failure = test::failure_of([&] {
    store::Repository::create(*backend, settings, base::Secret{std::string_view{"pass"}}, clock);
  });
  CHECK(failure.kind == base::ErrorKind::usage);
  CHECK_THAT(failure.what, Catch::Contains("Holiday pictures.zip"));
  const std::filesystem::directory_iterator files{directory.path()};
  CHECK(std::distance(begin(files), end(files)) == 1);
}

TEST_CASE("a creation that was cut off before there was a store is begun anew",
          "[store][repository]") {
  const test::TemporaryDirectory directory;
  test::VirtualClock clock;
  const base::Secret passphrase{std::string_view{"pass"}};
  store::Repository::Settings settings;
  settings.index = directory / "index";
  settings.kdf_memory_bytes = test::kCheapKdf.memory_bytes;
  settings.kdf_passes = test::kCheapKdf.passes;
  for (int whole = 0; whole < 9; ++whole) {  // copies: two key slots, then the configuration
    CAPTURE(whole);
    store::MemoryBackend backend;
    int left = whole;
    backend.set_hook([&](store::MemoryBackend::Operation operation, const std::string&) {
      if (operation == store::MemoryBackend::Operation::replace && left-- == 0) {
        throw base::Error{base::ErrorKind::disk, "cut off"};
      }
    });
    const auto create = [&] {
      return store::Repository::create(backend, settings, passphrase, clock);
    };
    CHECK_THROWS_WITH(create(), "cut off");
    backend.set_hook({});
    REQUIRE(store::Repository::exists(backend) == (whole > 6));
    if (whole > 6) {
      CHECK_THROWS_WITH(create(), "there is a store at 'memory' already");
      CHECK_NOTHROW(store::KeyRing::open(backend, passphrase));
    } else {
      CHECK_NOTHROW(store::KeyRing::open(backend, create()));
    }
  }
}

TEST_CASE("what a creation left is told from the files of others", "[store][repository]") {
  const test::TemporaryDirectory directory;
  const auto backend = store::open_local(directory / "store");
  const auto refused = [&] {
    test::VirtualClock clock;
    store::Repository::Settings settings;
    settings.index = directory / "index";
    return test::failure_of([&] {
      store::Repository::create(*backend, settings, base::Secret{std::string_view{"x"}}, clock);
    });
  };
  std::filesystem::create_directories(directory / "store" / "conf");
  std::filesystem::create_directories(directory / "store" / "keys");
  std::filesystem::create_directories(directory / "store" / "Pictures");
  CHECK_THAT(refused().what, Catch::Contains("not empty (Pictures)"));
  std::filesystem::remove(directory / "store" / "Pictures");
  std::ofstream{directory / "store" / "keys" / "backup.pem"} << "precious";
  CHECK_THAT(refused().what, Catch::Contains("not empty (keys/backup.pem)"));
  CHECK(std::filesystem::file_size(directory / "store" / "keys" / "backup.pem") == 8);
}

TEST_CASE("an index path that holds anything else is refused, and nothing there is touched",
          "[store][repository]") {
  const test::TemporaryDirectory directory;
  const std::filesystem::path keys = directory / "keys";
  std::filesystem::create_directory(keys);
  std::ofstream{keys / "backup.key"} << "precious";
  store::MemoryBackend backend;
  test::VirtualClock clock;
  const base::Secret passphrase{std::string_view{"passphrase"}};
  for (const std::filesystem::path& place : {keys, keys / "backup.key"}) {
    CAPTURE(place);
    store::Repository::Settings settings;
    settings.index = place;
    CHECK_THROWS_WITH(store::Repository::create(backend, settings, passphrase, clock),
                      Catch::Contains("nothing was touched"));
  }
  CHECK(std::filesystem::file_size(keys / "backup.key") == 8);
  CHECK_FALSE(std::filesystem::exists(directory / "keys.set-aside"));
}
