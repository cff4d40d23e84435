#include "src/jobs/run_order.h"

#include "schedules/spread.h"
#include "src/base/text.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace {

backup::Mailbox mailbox(const std::string& id, const std::string& policy = "nightly",
                        std::size_t rank = 0) {
  backup::Mailbox made;
  made.id = {id};
  made.address = id + "@contoso.com";
  made.policy = policy;
  made.rank = rank;
  return made;
}

store::Snapshot point(const std::string& id, int hour) {
  store::Snapshot made;
  made.mailbox_id = id;
  made.time = base::Instant{std::chrono::hours{hour}};
  return made;
}

std::vector<std::string> ids(const std::vector<backup::Mailbox>& mailboxes) {
  std::vector<std::string> all;
  for (const backup::Mailbox& each : mailboxes) all.push_back(each.id.value);
  return all;
}

std::vector<std::string> sorted(std::vector<backup::Mailbox> mailboxes,
                                const std::vector<store::Snapshot>& points) {
  jobs::sort_for_run(mailboxes, points);
  return ids(mailboxes);
}

}  // namespace

TEST_CASE("who waits longest is backed up first, and who never was before all", "[jobs][order]") {
  CHECK(sorted({mailbox("a"), mailbox("b"), mailbox("c"), mailbox("d")},
               {point("a", 9), point("b", 7), point("d", 8)}) ==
        std::vector<std::string>{"c", "b", "d", "a"});
}

TEST_CASE("policies and the order inside of them come first", "[jobs][order]") {
  CHECK(sorted({mailbox("s1", "first", 0), mailbox("s2", "first", 0), mailbox("u1", "first", 1),
                mailbox("u2", "first", 1), mailbox("v", "second", 0)},
               {point("s1", 9), point("s2", 8), point("u1", 2), point("u2", 1)}) ==
        std::vector<std::string>{"s2", "s1", "u2", "u1", "v"});
}

TEST_CASE("a window too short for all leaves nobody out for good", "[jobs][order]") {
  std::vector<backup::Mailbox> all;
  for (int i = 0; i < 10; ++i) all.push_back(mailbox(base::text("m", i)));
  std::vector<store::Snapshot> points;
  for (int night = 0; night < 4; ++night) {
    std::vector<backup::Mailbox> run = all;
    jobs::sort_for_run(run, points);
    for (int i = 0; i < 3; ++i) {
      const std::string& id = run[static_cast<std::size_t>(i)].id.value;
      std::erase_if(points, [&](const store::Snapshot& each) { return each.mailbox_id == id; });
      points.push_back(point(id, night));
    }
  }
  CHECK(points.size() == all.size());
}

TEST_CASE("mailboxes that wait as long are spread", "[jobs][order]") {
  std::vector<std::string> expected;
  std::vector<backup::Mailbox> all;
  for (int i = 0; i < 50; ++i) {
    all.push_back(mailbox(base::text("m", i)));
    expected.push_back(all.back().id.value);
  }
  const auto place = [](const std::string& id) { return schedules::spread_place(id); };
  std::ranges::sort(expected, {}, place);
  CHECK(sorted(all, {}) == expected);
  CHECK_FALSE(std::ranges::is_sorted(expected));
}
