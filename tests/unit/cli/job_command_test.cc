#include "src/cli/job_command.h"

#include "src/base/error.h"
#include "tests/support/catch.h"

#include <string>
#include <vector>

using jobs::Lane;

TEST_CASE("command lines become jobs with a title and a lane", "[cli][jobs]") {
  struct Row {
    std::vector<std::string> words;
    std::string title;
    Lane lane;
  };
  for (const Row& row : std::vector<Row>{
           {{"backup"}, "Backup of all policies", Lane::backup},
           {{"--json", "backup", "--policy", "nightly"}, "Backup of policy nightly", Lane::backup},
           {{"backup", "a@b", "--full"}, "Full backup of a@b", Lane::backup},
           {{"restore", "a@b", "--to", "c@d"}, "Restore of a@b into c@d", Lane::restore},
           {{"restore", "a@b", "--dry-run"}, "Dry run of a restore of a@b", Lane::restore},
           {{"forget", "--policy", "nightly"}, "Retention of policy nightly", Lane::upkeep},
           {{"prune"}, "Prune", Lane::upkeep},
           {{"prune", "--delete-only"}, "Prune", Lane::exclusive},
           {{"check"}, "Structure check", Lane::upkeep},
           {{"check", "--level", "full", "--repair"},
            "Full verification with repair",
            Lane::exclusive},
           {{"rebuild-index"}, "Making the index anew", Lane::exclusive},
           {{"hold", "add", "a@b"}, "Hold on a@b", Lane::quick},
           {{"drill", "--items", "5"}, "Drill of 5 items", Lane::upkeep},
           {{"copy", "--to", "second"}, "Copy to second", Lane::upkeep}}) {
    CAPTURE(row.words);
    const jobs::JobOrder order = cli::order_of(row.words, "/");
    CHECK(order.title == row.title);
    CHECK(order.words == row.words);
    CHECK(cli::lane_of(order) == row.lane);
  }
}

TEST_CASE("a job tells what it is about and why", "[cli][jobs]") {
  const auto order = cli::order_of({"restore", "a@b", "--reason", "asked for"}, "/");
  CHECK(order.command == "restore");
  CHECK(order.mailbox == "a@b");
  CHECK(order.reason == "asked for");
  CHECK(cli::order_of({"backup", "--policy", "nightly"}, "/").policy == "nightly");
}

TEST_CASE("what tells secrets, and what makes no sense, is no job", "[cli][jobs]") {
  for (const auto& words : std::vector<std::vector<std::string>>{{"key", "recovery"},
                                                                 {"init"},
                                                                 {"serve"},
                                                                 {"ls", "a@b"},
                                                                 {"--help"},
                                                                 {"backup", "--nonsense"},
                                                                 {}}) {
    CAPTURE(words);
    CHECK_THROWS_AS(cli::order_of(words, "/"), base::Error);
  }
}

TEST_CASE("a restore is for the restore point that is meant when it is ordered", "[cli][jobs]") {
  const auto choose = [](const std::string& mailbox, const std::string& at) {
    return "point of " + mailbox + " at " + at;
  };
  const auto words = [&](const std::vector<std::string>& given) {
    return cli::at_fixed_point(cli::order_of(given, "/"), choose).words;
  };
  using Words = std::vector<std::string>;
  CHECK(words({"restore", "a@b"}) == Words{"restore", "a@b", "--at=point of a@b at latest"});
  CHECK(words({"restore", "--at", "2026-11-20", "a@b", "--json"}) ==
        Words{"restore", "a@b", "--json", "--at=point of a@b at 2026-11-20"});
  CHECK(words({"restore", "--at=2026-11-20", "a@b"}) ==
        Words{"restore", "a@b", "--at=point of a@b at 2026-11-20"});
  CHECK(words({"backup", "a@b"}) == Words{"backup", "a@b"});
}
