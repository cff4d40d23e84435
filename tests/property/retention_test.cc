#include "schedules/retention.h"

#include "src/base/text.h"
#include "tests/property/retention_reference.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

using schedules::RetentionRules;
using schedules::SeriesPoint;

namespace {

using Random = std::mt19937_64;

constexpr std::array kCounts{&RetentionRules::keep_last,    &RetentionRules::keep_hourly,
                             &RetentionRules::keep_daily,   &RetentionRules::keep_weekly,
                             &RetentionRules::keep_monthly, &RetentionRules::keep_yearly};

// Half hours and quarters, changes at midnight and at 00:01, a day that never was.
constexpr std::array kZones{"UTC",
                            "Europe/Berlin",
                            "America/New_York",
                            "Australia/Lord_Howe",
                            "America/St_Johns",
                            "America/Sao_Paulo",
                            "Asia/Kathmandu",
                            "Pacific/Apia",
                            "Africa/Casablanca",
                            "Pacific/Auckland"};

// How long the stretch of time is that points are spread over, in seconds.
constexpr std::array<std::int64_t, 6> kStretches{2 * 3600,    2 * 86400,    20 * 86400,
                                                 200 * 86400, 1000 * 86400, 9000 * 86400};

struct History {
  std::vector<SeriesPoint> series;
  RetentionRules rules;
  base::Instant now;
};

std::int64_t number(Random& random, std::int64_t least, std::int64_t most) {
  return std::uniform_int_distribution<std::int64_t>{least, most}(random);
}

template <typename List>
auto one_of(Random& random, const List& list) {
  return list[static_cast<std::size_t>(number(random, 0, std::ssize(list) - 1))];
}

// Near to it, where mistakes are: clocks that are set, ends of days, of months, of years.
base::Instant near_something(Random& random, base::Instant from, std::int64_t stretch) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(from) -
                       std::chrono::seconds{number(random, 0, stretch)};
  switch (number(random, 0, 3)) {
    case 0:
      return std::chrono::round<std::chrono::hours>(seconds) +
             base::Duration{number(random, -1, 1)};
    case 1:
      return std::chrono::round<std::chrono::minutes>(seconds);
    default:
      return seconds + base::Duration{number(random, 0, 999)};
  }
}

RetentionRules random_rules(Random& random) {
  RetentionRules rules;
  rules.time_zone = one_of(random, kZones);
  const std::int64_t likely = number(random, 0, 3);
  for (const auto count : kCounts) {
    if (number(random, 0, 3) < likely) {
      rules.*count = static_cast<std::uint64_t>(number(random, 0, 6));
    }
  }
  if (number(random, 0, 4) == 0) {
    rules.keep_within = std::chrono::minutes{number(random, 0, 60 * 24 * 30)};
  }
  if (number(random, 0, 4) == 0) {
    rules.minimum_age = std::chrono::minutes{number(random, 0, 60 * 24 * 30)};
  }
  return rules;
}

History random_history(std::uint64_t seed) {
  Random random{seed};
  History history;
  history.rules = random_rules(random);
  // 1995 to 2036: the years that both tellers of time know alike.
  history.now =
      near_something(random, base::Instant{std::chrono::sys_days{std::chrono::year{2036} / 1 / 1}},
                     std::int64_t{16} * 365 * 86400);
  const std::int64_t stretch = one_of(random, kStretches);
  const std::int64_t percent_incomplete = one_of(random, std::array<std::int64_t, 3>{0, 30, 90});
  const std::int64_t size = number(random, 0, 24);
  for (std::int64_t i = 0; i < size; ++i) {
    SeriesPoint point;
    point.id = base::text("point ", number(random, 0, 999), " ", i);
    point.time = near_something(random, history.now, stretch);
    // Now and then exactly where another is, at the edge of a duration, or later than now.
    const std::int64_t special = number(random, 0, 29);
    if (special == 0 && !history.series.empty()) point.time = history.series.back().time;
    if (special == 1) point.time = history.now - history.rules.minimum_age;
    if (special == 2)
      point.time = history.now - history.rules.keep_within.value_or(base::Duration{});
    if (special >= 28) point.time = history.now + base::Duration{number(random, 1, 90'000'000'000)};
    point.complete = number(random, 0, 99) >= percent_incomplete;
    point.held = number(random, 0, 9) == 0;
    history.series.push_back(point);
  }
  return history;
}

std::vector<schedules::Verdict> plan(const History& history) {
  return schedules::plan_retention(history.series, history.rules, history.now).verdicts;
}

std::string joined(const std::vector<schedules::Reason>& reasons) {
  std::string all;
  for (const auto reason : reasons) all += base::text(all.empty() ? "" : " ", name(reason));
  return all;
}

std::set<std::string> kept_ids(const History& history) {
  std::set<std::string> ids;
  for (const schedules::Verdict& verdict : plan(history)) {
    if (verdict.keep) ids.insert(verdict.id);
  }
  return ids;
}

std::map<std::string, schedules::Verdict> by_id(const History& history) {
  std::map<std::string, schedules::Verdict> verdicts;
  for (const schedules::Verdict& verdict : plan(history)) verdicts[verdict.id] = verdict;
  return verdicts;
}

// COFFER_HISTORIES: how many histories each property is tried with.
std::uint64_t histories() {
  const char* variable = std::getenv("COFFER_HISTORIES");
  return variable == nullptr ? 2000 : std::stoull(variable);
}

// Calls `check` with each history, until one fails; its number is the seed.
template <typename Check>
void for_each_history(Check check) {
  for (std::uint64_t seed = 1; seed <= histories(); ++seed) {
    const History history = random_history(seed);
    INFO("history " << seed << " in " << history.rules.time_zone);
    check(history);
  }
}

}  // namespace

TEST_CASE("the plan is what a slow reference says, reason by reason", "[schedules][property]") {
  std::map<std::string, std::uint64_t> seen;
  for_each_history([&](const History& history) {
    const test::RetentionReference reference{history.series, history.rules, history.now};
    const auto verdicts = plan(history);
    REQUIRE(verdicts.size() == history.series.size());
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
      INFO(base::format_rfc3339(history.series[i].time));
      REQUIRE(verdicts[i].id == history.series[i].id);
      REQUIRE(joined(verdicts[i].reasons) == reference.reasons(i));
      REQUIRE(verdicts[i].keep == (reference.reasons(i) != "expired"));
      for (const schedules::Reason reason : verdicts[i].reasons) {
        ++seen[std::string{schedules::name(reason)}];
      }
    }
  });
  // The histories are worth something: each reason is common among them.
  CHECK(seen.size() == 14);
  for (const auto& [reason, count] : seen) {
    CAPTURE(reason);
    CHECK(count >= histories() / 10);
  }
}

TEST_CASE("raising a count or a duration never removes more", "[schedules][property]") {
  for_each_history([](const History& history) {
    // Without rules everything is kept, so the first one may well remove something.
    if (joined(schedules::plan_retention({{"x", {}}}, history.rules, {}).verdicts[0].reasons)
            .find("no-rules") != std::string::npos) {
      return;
    }
    const std::set<std::string> before = kept_ids(history);
    const auto check_more = [&](const History& more) {
      const std::set<std::string> after = kept_ids(more);
      REQUIRE(std::includes(after.begin(), after.end(), before.begin(), before.end()));
    };
    for (const auto count : kCounts) {
      History more = history;
      more.rules.*count = (more.rules.*count).value_or(0) + 1;
      check_more(more);
    }
    History more = history;
    more.rules.keep_within =
        more.rules.keep_within.value_or(base::Duration{}) + std::chrono::hours{30};
    check_more(more);
    more = history;
    more.rules.minimum_age += std::chrono::hours{30};
    check_more(more);
  });
}

TEST_CASE("points of the future change no other verdict", "[schedules][property]") {
  for_each_history([](const History& history) {
    History without = history;
    std::erase_if(without.series,
                  [&](const SeriesPoint& point) { return point.time > history.now; });
    auto verdicts = by_id(history);
    for (const SeriesPoint& point : history.series) {
      if (point.time <= history.now) continue;
      REQUIRE(verdicts.at(point.id).keep);
      verdicts.erase(point.id);
    }
    REQUIRE(verdicts == by_id(without));
  });
}

TEST_CASE("planning again over what was kept removes nothing", "[schedules][property]") {
  for_each_history([](const History& history) {
    const std::set<std::string> kept = kept_ids(history);
    History again = history;
    std::erase_if(again.series, [&](const SeriesPoint& point) { return !kept.contains(point.id); });
    REQUIRE(kept_ids(again) == kept);
  });
}

TEST_CASE("the order of the series does not matter", "[schedules][property]") {
  for_each_history([](const History& history) {
    History shuffled = history;
    std::shuffle(shuffled.series.begin(), shuffled.series.end(), Random{history.series.size()});
    REQUIRE(by_id(shuffled) == by_id(history));
  });
}

TEST_CASE("the newest complete point and everything held stay", "[schedules][property]") {
  for_each_history([](const History& history) {
    const std::set<std::string> kept = kept_ids(history);
    const SeriesPoint* newest = nullptr;
    for (const SeriesPoint& point : history.series) {
      if (point.held) REQUIRE(kept.contains(point.id));
      if (!point.complete || point.time > history.now) continue;
      if (newest == nullptr || point.time > newest->time) newest = &point;
    }
    if (newest == nullptr) return;
    REQUIRE(std::any_of(history.series.begin(), history.series.end(), [&](const SeriesPoint& one) {
      return one.complete && one.time == newest->time && kept.contains(one.id);
    }));
  });
}
