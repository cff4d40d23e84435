// A second store, through the program: made, kept up, opened when the first is gone.
#include "src/base/digest.h"
#include "src/base/file.h"
#include "src/base/text.h"
#include "tests/e2e/appliance.h"
#include "tests/e2e/small_file_system.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

namespace {

using test::Json;
namespace fs = std::filesystem;

constexpr const char* kCopyAlone = "[store]\nurl = \"copy\"\npassphrase_file = \"passphrase\"\n";

struct Setting {
  test::TemporaryDirectory directory;
  test::SimulatorProcess simulator{directory / "site",
                                   {"--mailboxes", "3", "--items", "45", "--bytes", "4MB"}};
  test::Appliance coffer{directory / "appliance", directory / "site"};

  [[nodiscard]] std::string copy() const { return (coffer.directory() / "copy").string(); }
};

Json done(const test::Appliance& coffer, const std::vector<std::string>& words) {
  const test::Told told = coffer.tell(words);
  CAPTURE(words);
  INFO(told.errors);
  INFO(told.summary().dump(1));
  REQUIRE(told.exit_status == 0);
  CHECK(told.summary().at("status") == "complete");
  return told.summary();
}

// Digests of the streams that a mailbox's restore point gives, computed from the files.
std::multiset<std::string> extracted(const test::Appliance& coffer, const Json& point,
                                     const fs::path& output) {
  done(coffer,
       {"extract", point.at("mailbox"), "--at", point.at("id"), "--output", output.string()});
  std::multiset<std::string> digests;
  const Json manifest = Json::parse(base::as_text(base::read_file(output / "manifest.json")));
  for (const Json& item : manifest.at("items")) {
    const base::Bytes stream = base::read_file(output / item.at("file").get<std::string>());
    digests.insert(base::sha256(stream).hex());
  }
  return digests;
}

fs::path largest_file(const fs::path& directory) {
  fs::path largest;
  std::uintmax_t most = 0;
  for (const auto& entry : fs::recursive_directory_iterator{directory}) {
    if (!entry.is_regular_file() || entry.file_size() <= most) continue;
    most = entry.file_size();
    largest = entry.path();
  }
  return largest;
}

}  // namespace

TEST_CASE("when the first store is gone, the copy gives all back with either key", "[e2e][copy]") {
  Setting at;
  const std::string recovery =
      at.coffer.tell({"init"}).summary().at("recovery_key").get<std::string>();
  done(at.coffer, {"backup"});
  const Json made = done(at.coffer, {"copy", "--to", at.copy()});
  CHECK(made.at("created") == true);
  CHECK(made.at("snapshots") == 3);
  CHECK(made.at("packs") > 0);
  CHECK(made.at("bytes") > 0);
  CHECK(made.at("problems").empty());
  at.simulator.post("evolve", {{"days", 2}});
  done(at.coffer, {"backup"});
  const Json kept_up = done(at.coffer, {"copy", "--to", at.copy()});
  CHECK(kept_up.at("created") == false);
  CHECK(kept_up.at("snapshots") == 3);
  CHECK(kept_up.at("skipped") == 3);

  auto points = at.coffer.tell({"snapshots"}).of_type("snapshot");
  REQUIRE(points.size() == 6);
  const auto before = extracted(at.coffer, points.back(), at.directory / "before");
  REQUIRE_FALSE(before.empty());
  fs::remove_all(at.coffer.store());
  fs::remove_all(at.coffer.store().string() + ".index");
  at.coffer.configure(kCopyAlone);

  const auto copied = at.coffer.tell({"snapshots"}).of_type("snapshot");
  REQUIRE(copied.size() == points.size());
  CHECK(copied == points);
  CHECK(done(at.coffer, {"check", "--level", "full"}).at("packs_without_parity") == 0);
  CHECK(extracted(at.coffer, points.back(), at.directory / "after") == before);
  test::write_private_file(at.coffer.passphrase_file(), recovery + "\n");
  CHECK(extracted(at.coffer, points.back(), at.directory / "recovered") == before);
}

TEST_CASE("damage in the first store is told, and the other mailboxes are copied", "[e2e][copy]") {
  Setting at;
  done(at.coffer, {"init"});
  const std::string first = at.coffer.tell({"mailboxes"}).of_type("mailbox").at(0).at("address");
  done(at.coffer, {"backup", first});
  const fs::path pack = largest_file(at.coffer.store() / "pack" / "d");
  done(at.coffer, {"backup"});
  {
    std::fstream file{pack, std::ios::in | std::ios::out | std::ios::binary};
    for (std::uintmax_t place = 200; place + 4096 < fs::file_size(pack); place += 4096) {
      file.seekp(static_cast<std::streamoff>(place));
      file.put('!');
    }
  }
  const test::Told told = at.coffer.tell({"copy", "--to", at.copy()});
  CHECK(told.exit_status == 3);
  CHECK(told.summary().at("status") == "partial");
  const Json problems = told.summary().at("problems");
  REQUIRE_FALSE(problems.empty());
  CHECK(std::ranges::any_of(problems,
                            [&](const Json& problem) { return problem.at("mailbox") == first; }));
  CHECK(told.summary().at("snapshots").get<std::size_t>() + problems.size() == 4);
  // The damaged pack is not there, and healing the first store brings the rest.
  CHECK_FALSE(fs::exists(fs::path{at.copy()} / fs::relative(pack, at.coffer.store())));
  done(at.coffer, {"check", "--level", "full", "--repair"});
  CHECK(done(at.coffer, {"copy", "--to", at.copy()}).at("snapshots") == problems.size());
}

TEST_CASE("a place that is none for a second store is refused and left alone", "[e2e][copy]") {
  Setting at;
  CHECK(at.coffer.tell({"copy", "--to", at.copy()}).exit_status == 10);
  CHECK_FALSE(fs::exists(at.copy()));
  done(at.coffer, {"init"});
  const auto refused = [&](const std::string& place) {
    CAPTURE(place);
    const test::Told told = at.coffer.tell({"copy", "--to", place});
    CHECK(told.exit_status == 2);
    CHECK(told.error().at("kind") == "usage");
    CHECK(told.summary().at("command") == "copy");
    CHECK(told.summary().at("snapshots") == 0);
  };
  refused("s3://bucket/prefix");
  refused(at.coffer.store().string());
  refused((at.coffer.store() / "copy").string());
  CHECK_FALSE(fs::exists(at.coffer.store() / "copy"));
  fs::create_directories(at.copy());
  test::write_private_file(fs::path{at.copy()} / "Letter.txt", "somebody's");
  refused(at.copy());
  CHECK(std::distance(fs::directory_iterator{at.copy()}, {}) == 1);
  CHECK_FALSE(fs::exists(at.copy() + ".index"));
  refused((fs::path{at.copy()} / "Letter.txt").string());
  CHECK(at.coffer.tell({"copy"}).exit_status == 2);
}

TEST_CASE("a second store whose disk is full says so, and a rerun goes on", "[e2e][copy]") {
  Setting at;
  const fs::path small = at.coffer.directory() / "small";
  const test::SmallFileSystem disk{small, "size=200m"};
  if (!disk.is_there()) return;
  const std::string place = (small / "copy").string();
  done(at.coffer, {"init"});
  done(at.coffer, {"copy", "--to", place});
  done(at.coffer, {"backup"});

  const auto space = fs::space(small);
  disk.remount(base::text("size=", space.capacity - space.free + 500'000));
  CHECK(at.coffer.tell({"copy", "--to", place}).exit_status == 14);
  disk.remount(base::text("size=", space.capacity));
  CHECK(done(at.coffer, {"copy", "--to", place}).at("skipped") == 0);
  at.coffer.configure("[store]\nurl = \"small/copy\"\npassphrase_file = \"passphrase\"\n");
  CHECK(at.coffer.tell({"snapshots"}).of_type("snapshot").size() == 3);
  done(at.coffer, {"check", "--level", "full"});
}

TEST_CASE("people are told what a copy did", "[e2e][copy]") {
  Setting at;
  done(at.coffer, {"init"});
  done(at.coffer, {"backup"});
  const test::Finished shown = at.coffer.show({"copy", "--to", at.copy()});
  CHECK(shown.exit_status == 0);
  for (const char* told : {"Second store made at", "3 restore points copied", "0 holds added"}) {
    CHECK_THAT(shown.output, test::contains_text(told));
  }
}
