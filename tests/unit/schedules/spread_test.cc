#include "schedules/spread.h"

#include "src/base/text.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

using schedules::slot_of;
using schedules::spread_order;

namespace {

constexpr std::size_t kIds = 20'000;

std::string id(std::size_t number) { return base::text("mailbox-", number); }

std::vector<std::string> ids(std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t number = 0; number < count; ++number) all.push_back(id(number));
  return all;
}

}  // namespace

TEST_CASE("slots get even shares", "[schedules][spread]") {
  const std::size_t slots =
      GENERATE(std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{24});
  std::vector<std::size_t> shares(slots);
  for (std::size_t number = 0; number < kIds; ++number) ++shares.at(slot_of(id(number), slots));
  CAPTURE(slots);
  // Five standard deviations of a fair draw are less than a tenth and a half of 833.
  const auto even = static_cast<double>(kIds) / static_cast<double>(slots);
  for (const std::size_t share : shares)
    CHECK(static_cast<double>(share) == Approx(even).epsilon(0.18));
}

TEST_CASE("another slot takes its share and moves nothing else", "[schedules][spread]") {
  const std::size_t slots = GENERATE(std::size_t{1}, std::size_t{5}, std::size_t{12});
  std::size_t moved = 0;
  std::size_t moved_elsewhere = 0;
  for (std::size_t number = 0; number < kIds; ++number) {
    const std::size_t before = slot_of(id(number), slots);
    const std::size_t after = slot_of(id(number), slots + 1);
    if (before == after) continue;
    ++moved;
    if (after != slots) ++moved_elsewhere;
  }
  CAPTURE(slots);
  CHECK(moved_elsewhere == 0);
  const double share = static_cast<double>(kIds) / static_cast<double>(slots + 1);
  CHECK(static_cast<double>(moved) == Approx(share).epsilon(0.15));
}

TEST_CASE("a slot is the same in every release", "[schedules][spread]") {
  CHECK(slot_of("8f1c3d52-0d8a-4c1f-9a57-2f3e6b7c8d90", 24) == 18);
  CHECK(slot_of("", 24) == 5);
  CHECK_THROWS(slot_of("any", 0));
}

TEST_CASE("mailboxes keep their order whatever others come and go", "[schedules][spread]") {
  const std::vector<std::string> all = spread_order(ids(1000));
  CHECK(std::set<std::string>(all.begin(), all.end()).size() == 1000);
  CHECK_FALSE(std::is_sorted(all.begin(), all.end()));

  std::vector<std::string> fewer = ids(1000);
  std::reverse(fewer.begin(), fewer.end());
  std::erase_if(fewer, [](const std::string& one) { return one.back() == '3'; });
  std::vector<std::string> expected = all;
  std::erase_if(expected, [](const std::string& one) { return one.back() == '3'; });
  CHECK(spread_order(fewer) == expected);

  // The place in a run of twice as many is the same share of it, but for a few hundredths.
  const std::vector<std::string> twice = spread_order(ids(2000));
  for (std::size_t place = 0; place < all.size(); ++place) {
    const auto later = std::ranges::find(twice, all[place]) - twice.begin();
    CHECK(static_cast<double>(later) / 2000 ==
          Approx(static_cast<double>(place) / 1000).margin(0.06));
  }
  CHECK(spread_order({}).empty());
}
