#include "src/jobs/lanes.h"

#include "tests/support/catch.h"

#include <string>
#include <string_view>
#include <vector>

namespace {

// A letter a job: backup, restore, upkeep, quick, exclusive ('x'). Ids are positions.
std::vector<jobs::LaneOf> lanes(std::string_view letters) {
  std::vector<jobs::LaneOf> lanes;
  for (const char letter : letters) {
    const auto lane = letter == 'b'   ? jobs::Lane::backup
                      : letter == 'r' ? jobs::Lane::restore
                      : letter == 'u' ? jobs::Lane::upkeep
                      : letter == 'q' ? jobs::Lane::quick
                                      : jobs::Lane::exclusive;
    lanes.push_back({std::to_string(lanes.size()), lane});
  }
  return lanes;
}

struct Row {
  std::string name;
  std::string waiting;
  std::string running;
  std::vector<std::string> begin;
};

}  // namespace

TEST_CASE("jobs begin beside those that their lane gets on with", "[jobs][lanes]") {
  const Row row = GENERATE(values<Row>({
      {"nothing waits", "", "bru", {}},
      {"one of each lane", "bruq", "", {"0", "1", "2", "3"}},
      {"backups one at a time, in their order", "bb", "", {"0"}},
      {"a backup waits for a backup", "b", "b", {}},
      {"upkeep one at a time", "uu", "", {"0"}},
      {"upkeep beside a backup", "u", "b", {"0"}},
      {"restores side by side, up to the most", "rrrrr", "", {"0", "1", "2", "3"}},
      {"those that run count", "rr", "rrr", {"0"}},
      {"a full lane holds no other up", "rrq", "rrrrb", {"2"}},
      {"quick ones at once", "qq", "brrrruq", {"0", "1"}},
      {"an exclusive one alone", "x", "", {"0"}},
      {"and nothing beside it", "xbruq", "", {"0"}},
      {"nothing begins while it runs", "bruqx", "x", {}},
      {"it waits for all others", "x", "q", {}},
      {"nothing begins behind it but what costs it nothing", "xbruq", "b", {"2", "4"}},
      {"that costs it something once only such ones run", "xrq", "rq", {}},
      {"what was ordered before it begins before it", "bxu", "", {"0"}},
      {"and then restores may begin behind it", "bxr", "", {"0", "2"}},
      {"a second exclusive one waits as well", "xxr", "u", {"2"}},
  }));
  CAPTURE(row.name);
  CHECK(jobs::may_begin(lanes(row.waiting), lanes(row.running)) == row.begin);
}
