#include "src/daemon/second_store.h"

#include "src/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

#include <filesystem>

namespace {

namespace fs = std::filesystem;

struct Fixture {
  Fixture() {
    first.directory = root() / "store";
    first.index = root() / "fast" / "index";
    first.parity = false;
    fs::create_directories(first.directory);
    fs::create_directories(first.index);
  }
  [[nodiscard]] fs::path root() const { return directory / "root"; }
  [[nodiscard]] std::string complaint(const std::string& url) const {
    try {
      static_cast<void>(appliance::second_store(first, url));
      return {};
    } catch (const base::Error& error) {
      CHECK(error.kind() == base::ErrorKind::usage);
      return error.message();
    }
  }

  test::TemporaryDirectory directory;
  appliance::StoreSettings first;
};

}  // namespace

TEST_CASE("a second store has its index beside it and the first's keys and parity",
          "[daemon][copy]") {
  Fixture at;
  at.first.passphrase.path = "/etc/coffer/passphrase";
  const auto second = appliance::second_store(at.first, (at.root() / "copy/").string());
  CHECK(second.directory == at.root() / "copy");
  CHECK(second.index == at.root() / "copy.index");
  CHECK(second.passphrase.path == at.first.passphrase.path);
  CHECK_FALSE(second.parity);
}

TEST_CASE("a relative place is relative to the working directory", "[daemon][copy]") {
  const Fixture at;
  CHECK(appliance::second_store(at.first, "a-copy/../copy").directory ==
        fs::current_path() / "copy");
}

TEST_CASE("stores that would lie in each other are refused", "[daemon][copy]") {
  const Fixture at;
  fs::create_directory_symlink(at.root(), at.directory / "link");
  for (const fs::path& place :
       {at.root() / "store", at.root() / "store" / "copy", at.root(), at.root() / "fast" / "index",
        at.root() / "fast" / "index" / "copy", at.root() / "fast", at.directory / "link" / "store",
        at.directory / "link" / "store" / "copy"}) {
    CAPTURE(place);
    CHECK_THAT(at.complaint(place.string()), test::contains_text("in each other"));
  }
  CHECK(at.complaint((at.root() / "store2").string()).empty());
}

TEST_CASE("a second store does not take the first's index for its own", "[daemon][copy]") {
  Fixture at;
  at.first.index = at.root() / "copy.index";
  CHECK_THAT(at.complaint((at.root() / "copy").string()), test::contains_text("in each other"));
}

TEST_CASE("what is no directory is refused", "[daemon][copy]") {
  const Fixture at;
  CHECK_THAT(at.complaint("s3://bucket/copy"), test::contains_text("object storage"));
  CHECK_THAT(at.complaint("sftp://host/copy"), test::contains_text("must be a directory"));
  CHECK_THAT(at.complaint(""), test::contains_text("must be a directory"));
}
