// Restore points that are let go, held, brought back and purged, through the program.
#include "src/base/file.h"
#include "src/base/text.h"
#include "tests/e2e/appliance.h"
#include "tests/e2e/small_file_system.h"
#include "tests/support/catch.h"

#include <cstdint>
#include <filesystem>
#include <set>

namespace {

using test::Json;
namespace fs = std::filesystem;

struct Setting {
  test::TemporaryDirectory directory;
  test::SimulatorProcess simulator{directory / "site",
                                   {"--mailboxes", "3", "--items", "60", "--bytes", "6MB"}};
  test::Appliance coffer{directory / "appliance", directory / "site"};
};

test::Told done(const test::Appliance& coffer, const std::vector<std::string>& words) {
  test::Told told = coffer.tell(words);
  CAPTURE(words);
  INFO((told.records.empty() ? told.errors : told.records.front().dump()));
  REQUIRE(told.exit_status == 0);
  CHECK(told.summary().at("status") == "complete");
  return told;
}

// Ids of what `snapshots` shows.
std::set<std::string> shown(const test::Appliance& coffer) {
  std::set<std::string> ids;
  for (const Json& point : coffer.tell({"snapshots"}).of_type("snapshot")) {
    ids.insert(point.at("id"));
  }
  return ids;
}

fs::path last_record(const fs::path& store) {
  std::set<fs::path> records;  // of one writer
  for (const auto& entry : fs::recursive_directory_iterator{store / "log"}) {
    if (entry.is_regular_file()) records.insert(entry.path());
  }
  REQUIRE_FALSE(records.empty());
  return *records.rbegin();
}

void alter(const fs::path& file) {
  base::Bytes bytes = base::read_file(file);
  bytes.back() ^= std::byte{1};
  base::replace_file(file, bytes);
}

// Five nights of a tenant that lives.
void live(Setting& at) {
  done(at.coffer, {"init"});
  for (int night = 0; night < 5; ++night) {
    done(at.coffer, {"backup"});
    at.simulator.post("evolve", {{"days", 3}});
  }
}

}  // namespace

TEST_CASE("retention lets go, holds keep, undo brings back, prune makes it final",
          "[e2e][retention]") {
  Setting at;
  at.coffer.configure(at.coffer.configuration() + "\n[policy.nightly.retention]\nkeep_last = 2\n");
  live(at);
  const std::set<std::string> all = shown(at.coffer);
  const auto points = at.coffer.tell({"snapshots"}).of_type("snapshot");
  const std::string held = points.front().at("id");
  const Json hold =
      done(at.coffer, {"hold", "add", held, "--reason", "Case 12"}).of_type("hold").at(0);
  CHECK(hold.at("snapshot") == held);

  const test::Told plan = done(at.coffer, {"forget", "--dry-run"});
  std::set<std::string> kept;
  for (const Json& record : plan.of_type("retention")) {
    CHECK_FALSE(record.at("reasons").empty());
    if (record.at("keep").get<bool>()) kept.insert(record.at("id"));
    if (record.at("id") == held) CHECK(record.at("reasons") == Json({"hold"}));
  }
  CHECK(shown(at.coffer) == all);

  // Most would go at once: somebody has to agree.
  CHECK(at.coffer.tell({"forget"}).exit_status == 2);
  CHECK(shown(at.coffer) == all);
  done(at.coffer, {"forget", "--confirm"});
  CHECK(shown(at.coffer) == kept);
  CHECK(kept.contains(held));
  CHECK(done(at.coffer, {"forget", "--list"}).of_type("forgotten").size() ==
        all.size() - kept.size());

  const std::string back =
      done(at.coffer, {"forget", "--list"}).of_type("forgotten").at(0).at("id");
  done(at.coffer, {"forget", "--undo", back});
  CHECK(shown(at.coffer).contains(back));

  const Json pruned = done(at.coffer, {"prune"}).summary();
  CHECK(pruned.at("purged").size() == all.size() - kept.size() - 1);
  CHECK(pruned.at("bytes_deleted").get<std::uint64_t>() > 0);
  CHECK(at.coffer.tell({"forget", "--undo", *pruned.at("purged").begin()}).exit_status == 5);
  done(at.coffer, {"check", "--level", "full"});
  done(at.coffer, {"rebuild-index"});
  kept.insert(back);
  CHECK(shown(at.coffer) == kept);
  done(at.coffer, {"check", "--level", "full"});
  done(at.coffer, {"hold", "remove", hold.at("id").get<std::string>()});
  CHECK(done(at.coffer, {"hold", "list"}).of_type("hold").empty());
}

TEST_CASE("a mailbox goes only when somebody says so, and a hold is above that",
          "[e2e][retention]") {
  Setting at;
  live(at);
  const std::string address =
      at.coffer.tell({"snapshots"}).of_type("snapshot").front().at("mailbox");
  const std::string hold = done(at.coffer, {"hold", "add", address}).of_type("hold").at(0).at("id");
  const test::Told refused = at.coffer.tell({"forget", "--mailbox", address, "--confirm"});
  CHECK(refused.exit_status == 2);
  CHECK(refused.error().at("message").get<std::string>().find(hold) != std::string::npos);
  done(at.coffer, {"hold", "remove", hold});
  CHECK(at.coffer.tell({"forget", "--mailbox", address}).exit_status == 2);
  done(at.coffer, {"forget", "--mailbox", address, "--confirm", "--reason", "left"});
  done(at.coffer, {"prune"});
  CHECK(at.coffer.tell({"ls", address}).exit_status == 5);
  done(at.coffer, {"backup"});
  done(at.coffer, {"ls", address});
  done(at.coffer, {"check", "--level", "full"});
}

TEST_CASE("prune frees a disk on which nothing is free", "[e2e][retention]") {
  Setting at;
  const std::filesystem::path small = at.coffer.directory() / "small";
  const test::SmallFileSystem disk{small, "size=200m"};
  if (!disk.is_there()) return;
  std::string configuration = at.coffer.configuration();
  const std::string url = "url = \"store\"";
  configuration.replace(configuration.find(url), url.size(),
                        "url = \"small/store\"\nindex = \"small/index\"");
  at.coffer.configure(configuration);
  live(at);
  const std::string address =
      at.coffer.tell({"snapshots"}).of_type("snapshot").front().at("mailbox");
  at.simulator.post("evolve", {{"days", 5}});

  const auto space = std::filesystem::space(small);
  disk.remount(base::text("size=", space.capacity - space.free));
  CHECK(std::filesystem::space(small).available == 0);
  CHECK(at.coffer.tell({"backup"}).exit_status == 14);

  done(at.coffer, {"forget", "--mailbox", address, "--confirm"});
  const Json pruned = done(at.coffer, {"prune"}).summary();
  CHECK(pruned.at("trash_bytes_freed").get<std::uint64_t>() > 0);
  CHECK(std::filesystem::space(small).available > 100'000);
  done(at.coffer, {"check", "--level", "full"});
  disk.remount(base::text("size=", space.capacity));
  done(at.coffer, {"backup"});
  done(at.coffer, {"check", "--level", "full"});
}

TEST_CASE("a record of the log that nothing remembers is told as lost", "[e2e][retention]") {
  Setting at;
  done(at.coffer, {"init"});
  const std::string mailbox = done(at.coffer, {"mailboxes"}).of_type("mailbox").at(0).at("address");
  done(at.coffer, {"backup", mailbox});
  done(at.coffer, {"hold", "add", mailbox, "--reason", "Case 12"});
  const bool index_is_there = GENERATE(true, false);
  if (!index_is_there) fs::remove_all(at.coffer.store().string() + ".index");
  alter(last_record(at.coffer.store()));

  const test::Told told = at.coffer.tell({"check", "--repair"});
  CHECK(told.exit_status == (index_is_there ? 0 : 13));
  CHECK((told.summary().at("errors") == 0) == index_is_there);
  CHECK(done(at.coffer, {"hold", "list"}).of_type("hold").size() == (index_is_there ? 1 : 0));
  CHECK(shown(at.coffer).size() == 1);
  done(at.coffer, {"check"});
}
