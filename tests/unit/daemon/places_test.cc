#include "src/daemon/places.h"

#include "src/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

#include <filesystem>

namespace fs = std::filesystem;

TEST_CASE("a place is judged by where it really lies", "[daemon]") {
  const test::TemporaryDirectory directory;
  const fs::path store = directory / "store";
  fs::create_directories(store / "pack");
  fs::create_directory_symlink(store, directory / "link");
  CHECK(appliance::is_at_or_below(store, store));
  CHECK(appliance::is_at_or_below(store / "pack" / "new" / "one", store));
  CHECK(appliance::is_at_or_below(directory / "link" / "out", store));
  CHECK(appliance::is_at_or_below(directory / "other" / ".." / "store" / "out", store));
  CHECK_FALSE(appliance::is_at_or_below(directory / "store.index", store));
  CHECK_FALSE(appliance::is_at_or_below(directory.path(), store));
  CHECK_FALSE(appliance::is_at_or_below(store / ".." / "out", store));
}

TEST_CASE("a relative path is judged from the working directory", "[daemon]") {
  const fs::path here = fs::current_path();
  CHECK(appliance::is_at_or_below("there-is-no-such-directory", here));
  CHECK_FALSE(appliance::is_at_or_below("there-is-no-such-directory", here / "store"));
}

TEST_CASE("nothing but the store writes where it lies", "[daemon]") {
  const test::TemporaryDirectory directory;
  appliance::StoreSettings settings;
  settings.directory = directory / "store";
  settings.index = directory / "store.index";
  appliance::require_outside_store(settings, directory / "out", "--output");
  for (const char* inside : {"store", "store/out", "store.index/out"}) {
    CHECK_THROWS_WITH(
        appliance::require_outside_store(settings, directory / inside, "--output"),
        test::contains_text("--output") && test::contains_text("only the store writes"));
  }
}
