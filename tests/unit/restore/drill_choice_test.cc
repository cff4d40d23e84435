#include "src/restore/drill_choice.h"

#include "tests/support/catch.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string>

namespace {

using restore::DrillChoice;

store::Snapshot point(const std::string& mailbox, std::uint64_t items,
                      const std::string& tenant = "contoso.com") {
  store::Snapshot snapshot;
  snapshot.tenant.name = tenant;
  snapshot.mailbox_id = mailbox;
  snapshot.items = items;
  return snapshot;
}

std::map<std::string, std::uint64_t> chosen_by_mailbox(const std::vector<store::Snapshot>& points,
                                                       const std::vector<DrillChoice>& choices) {
  std::map<std::string, std::uint64_t> chosen;
  for (const DrillChoice& choice : choices) {
    chosen[points[choice.point].tenant.name + "/" + points[choice.point].mailbox_id] +=
        choice.places.size();
  }
  return chosen;
}

std::uint64_t count_of(const std::vector<DrillChoice>& choices) {
  return std::accumulate(
      choices.begin(), choices.end(), std::uint64_t{0},
      [](std::uint64_t sum, const DrillChoice& choice) { return sum + choice.places.size(); });
}

}  // namespace

TEST_CASE("a drill chooses as many items as it is asked for, each at most once", "[drill]") {
  const auto seed = GENERATE(take(50, random(1, 1'000'000)));
  const auto count = GENERATE(std::uint64_t{1}, std::uint64_t{7}, std::uint64_t{20});
  CAPTURE(seed, count);
  const std::vector<store::Snapshot> points{point("a", 3), point("a", 4), point("b", 0),
                                            point("b", 30), point("c", 1)};
  const auto choices = restore::choose_for_drill(points, count, static_cast<std::uint32_t>(seed));
  CHECK(count_of(choices) == count);
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const DrillChoice& choice = choices[i];
    if (i > 0) CHECK(choice.point > choices[i - 1].point);
    REQUIRE_FALSE(choice.places.empty());
    CHECK(std::ranges::is_sorted(choice.places));
    CHECK(std::set(choice.places.begin(), choice.places.end()).size() == choice.places.size());
    CHECK(choice.places.back() < points[choice.point].items);
  }
}

TEST_CASE("where there are fewer items than asked for, all of them are drilled", "[drill]") {
  const std::vector<store::Snapshot> points{point("a", 2), point("b", 3), point("b", 0)};
  const auto choices = restore::choose_for_drill(points, 1'000'000, 7);
  REQUIRE(choices.size() == 2);
  CHECK(choices[0].places == std::vector<std::uint64_t>{0, 1});
  CHECK(choices[1].places == std::vector<std::uint64_t>{0, 1, 2});
  CHECK(restore::choose_for_drill({}, 20, 7).empty());
  CHECK(restore::choose_for_drill(std::vector{point("a", 0)}, 20, 7).empty());
}

TEST_CASE("a small mailbox is drilled as often as a large one", "[drill]") {
  const std::vector<store::Snapshot> points{point("large", 1'000'000), point("large", 1'000'000),
                                            point("small", 2), point("small", 10, "fabrikam.com")};
  for (std::uint32_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    const auto chosen = chosen_by_mailbox(points, restore::choose_for_drill(points, 9, seed));
    CHECK(chosen.at("contoso.com/small") == 2);
    // The turns that the smallest cannot take go to the others.
    CHECK(chosen.at("contoso.com/large") + chosen.at("fabrikam.com/small") == 7);
    CHECK(chosen.at("contoso.com/large") >= 3);
    CHECK(chosen.at("fabrikam.com/small") >= 3);
  }
  std::map<std::string, int> alone;
  for (std::uint32_t seed = 1; seed <= 3000; ++seed) {
    const auto chosen = chosen_by_mailbox(points, restore::choose_for_drill(points, 1, seed));
    REQUIRE(chosen.size() == 1);
    ++alone[chosen.begin()->first];
  }
  REQUIRE(alone.size() == 3);
  for (const auto& [mailbox, times] : alone) CHECK(times > 850);
}

TEST_CASE("every item of a mailbox is as likely as another", "[drill]") {
  const std::vector<store::Snapshot> points{point("a", 4), point("a", 6)};
  std::map<std::pair<std::size_t, std::uint64_t>, int> times;
  for (std::uint32_t seed = 1; seed <= 5000; ++seed) {
    for (const DrillChoice& choice : restore::choose_for_drill(points, 3, seed)) {
      for (const std::uint64_t place : choice.places) ++times[{choice.point, place}];
    }
  }
  // 1,500 each are expected, with a deviation of 32.
  REQUIRE(times.size() == 10);
  for (const auto& [item, count] : times) {
    CAPTURE(item.first, item.second);
    CHECK(count > 1300);
    CHECK(count < 1700);
  }
}

TEST_CASE("the same seed chooses the same items, another seed others", "[drill]") {
  const std::vector<store::Snapshot> points{point("a", 1000), point("b", 1000)};
  const auto places = [&](std::uint32_t seed) {
    std::vector<std::vector<std::uint64_t>> all;
    for (const auto& choice : restore::choose_for_drill(points, 20, seed)) {
      all.push_back(choice.places);
    }
    return all;
  };
  CHECK(places(5) == places(5));
  CHECK(places(5) != places(6));
}
