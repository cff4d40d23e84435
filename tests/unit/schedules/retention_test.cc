#include "src/base/error.h"
#include "tests/support/catch.h"
#include "tests/unit/schedules/retention_rows.h"

#include <limits>

using namespace std::chrono_literals;
using schedules::RetentionPlan;
using schedules::RetentionRules;
using schedules::SeriesPoint;
using test::check;
using test::held;
using test::incomplete;

namespace {

constexpr std::chrono::hours kDay{24};
const std::string kNow = "2026-12-01T12:00:00Z";

RetentionRules last(std::uint64_t count) { return {.keep_last = count}; }

}  // namespace

TEST_CASE("each counting rule keeps the newest of as many buckets as it says", "[schedules]") {
  check({
      {"keep_last",
       last(2),
       kNow,
       {{"2026-11-01T02:00:00Z", "expired"},
        {"2026-11-02T02:00:00Z", "last"},
        {"2026-11-03T02:00:00Z", "last newest-complete"}}},
      {"keep_last takes them in any order, and all there are",
       last(5),
       kNow,
       {{"2026-11-03T02:00:00Z", "last newest-complete"}, {"2026-11-01T02:00:00Z", "last"}}},
      {"hourly",
       {.keep_hourly = 2},
       kNow,
       {{"2026-12-01T08:59:59.999Z", "expired"},
        {"2026-12-01T09:00:00Z", "expired"},
        {"2026-12-01T09:59:59.999Z", "hourly"},
        {"2026-12-01T10:00:00Z", "expired"},
        {"2026-12-01T10:59:59.999Z", "hourly newest-complete"}}},
      {"daily; days without a point do not count",
       {.keep_daily = 2},
       kNow,
       {{"2026-10-30T23:59:59.999Z", "expired"},
        {"2026-10-31T00:00:00Z", "expired"},
        {"2026-10-31T23:59:59.999Z", "daily"},
        {"2026-12-01T00:00:00Z", "daily newest-complete"}}},
      {"weekly: from Monday to Sunday",
       {.keep_weekly = 2},
       kNow,
       {{"2026-11-22T23:59:59.999Z", "expired"},
        {"2026-11-23T00:00:00Z", "expired"},
        {"2026-11-29T23:59:59.999Z", "weekly"},
        {"2026-11-30T00:00:00Z", "expired"},
        {"2026-12-01T00:00:00Z", "weekly newest-complete"}}},
      {"monthly",
       {.keep_monthly = 2},
       kNow,
       {{"2026-10-31T23:59:59.999Z", "expired"},
        {"2026-11-01T00:00:00Z", "expired"},
        {"2026-11-30T23:59:59.999Z", "monthly"},
        {"2026-12-01T00:00:00Z", "monthly newest-complete"}}},
      {"the same month of another year is another month",
       {.keep_monthly = 3},
       kNow,
       {{"2024-12-01T00:00:00Z", "expired"},
        {"2025-11-30T00:00:00Z", "monthly"},
        {"2025-12-01T00:00:00Z", "monthly"},
        {"2026-12-01T00:00:00Z", "monthly newest-complete"}}},
      {"yearly",
       {.keep_yearly = 2},
       kNow,
       {{"2024-12-31T23:59:59.999Z", "expired"},
        {"2025-01-01T00:00:00Z", "expired"},
        {"2025-12-31T23:59:59.999Z", "yearly"},
        {"2026-01-01T00:00:00Z", "expired"},
        {"2026-12-01T12:00:00Z", "yearly newest-complete"}}},
      {"before the epoch, too",
       {.keep_daily = 2, .keep_yearly = 2},
       "1970-01-01T12:00:00Z",
       {{"1969-12-30T23:59:59.999Z", "expired"},
        {"1969-12-31T00:00:00Z", "expired"},
        {"1969-12-31T23:59:59.999Z", "daily yearly"},
        {"1970-01-01T00:00:00Z", "daily yearly newest-complete"}}},
  });
}

TEST_CASE("the union of all rules is kept, with every reason", "[schedules]") {
  check({
      {"one point under all rules",
       {1, 1, 1, 1, 1, 1, 1h, kDay, "Europe/Berlin"},
       kNow,
       {held(kNow,
             "last hourly daily weekly monthly yearly within newest-complete minimum-age hold")}},
      {"each rule for itself",
       {.keep_last = 1, .keep_daily = 2, .keep_monthly = 2, .keep_yearly = 2},
       kNow,
       {{"2024-06-01T02:00:00Z", "expired"},
        {"2025-06-01T02:00:00Z", "yearly"},
        {"2026-11-29T02:00:00Z", "expired"},
        {"2026-11-30T02:00:00Z", "daily monthly"},
        {"2026-12-01T01:00:00Z", "expired"},
        {"2026-12-01T02:00:00Z", "last daily monthly yearly newest-complete"}}},
      {"within: of exactly that age, and younger",
       {.keep_within = kDay},
       kNow,
       {{"2026-11-30T11:59:59.999Z", "expired"},
        {"2026-11-30T12:00:00Z", "within"},
        incomplete("2026-11-30T18:00:00Z", "within"),
        {"2026-12-01T12:00:00Z", "within newest-complete"}}},
      {"within: longer than time itself",
       {.keep_within = base::Duration{std::numeric_limits<std::int64_t>::max()}},
       kNow,
       {{"1970-01-01T00:00:00Z", "within"}, {"2026-12-01T12:00:00Z", "within newest-complete"}}},
      {"a rule of zero keeps nothing and takes nothing from the others",
       {.keep_last = 0, .keep_daily = 1, .keep_yearly = 0, .keep_within = 0s},
       kNow,
       {{"2026-11-30T12:00:00Z", "expired"}, {"2026-12-01T02:00:00Z", "daily newest-complete"}}},
  });
}

TEST_CASE("the newest complete restore point is never removed", "[schedules]") {
  check({
      {"not by rules that keep nothing",
       last(0),
       kNow,
       {{"2019-01-01T00:00:00Z", "expired"}, {"2019-01-02T00:00:00Z", "newest-complete"}}},
      {"not however old it is",
       {.keep_within = kDay},
       kNow,
       {{"1999-01-01T00:00:00Z", "newest-complete"}}},
      {"not for an incomplete one that is newer; the newest is kept until another one comes",
       last(0),
       kNow,
       {{"2026-11-01T00:00:00Z", "expired"},
        incomplete("2026-11-02T00:00:00Z", "expired"),
        {"2026-11-03T00:00:00Z", "newest-complete"},
        incomplete("2026-11-04T00:00:00Z", "expired"),
        incomplete("2026-11-05T00:00:00Z", "awaits-complete")}},
      {"where none is complete yet, the newest is kept",
       last(0),
       kNow,
       {incomplete("2026-11-04T00:00:00Z", "expired"),
        incomplete("2026-11-05T00:00:00Z", "awaits-complete")}},
  });
}

TEST_CASE("a complete point represents its bucket; incomplete ones never displace it",
          "[schedules]") {
  check({
      {"the newest complete of the day, though an incomplete one is newer",
       {.keep_daily = 2},
       kNow,
       {incomplete("2026-11-30T01:00:00Z", "expired"),
        {"2026-11-30T02:00:00Z", "daily"},
        incomplete("2026-11-30T03:00:00Z", "expired"),
        {"2026-12-01T02:00:00Z", "daily newest-complete"}}},
      {"the newest incomplete one of a day that has no other; it does not count",
       {.keep_daily = 2},
       kNow,
       {{"2026-11-28T02:00:00Z", "daily"},
        incomplete("2026-11-29T02:00:00Z", "expired"),
        incomplete("2026-11-29T03:00:00Z", "daily"),
        {"2026-11-30T02:00:00Z", "daily newest-complete"}}},
      {"of such days as many as the rule says",
       {.keep_daily = 2},
       kNow,
       {{"2026-11-25T02:00:00Z", "daily"},
        incomplete("2026-11-26T02:00:00Z", "expired"),
        incomplete("2026-11-27T02:00:00Z", "daily"),
        incomplete("2026-11-28T02:00:00Z", "daily"),
        {"2026-11-30T02:00:00Z", "daily newest-complete"}}},
      {"and none that is older than all complete days that are kept",
       {.keep_daily = 2},
       kNow,
       {incomplete("2026-11-27T02:00:00Z", "expired"),
        {"2026-11-28T02:00:00Z", "daily"},
        {"2026-11-30T02:00:00Z", "daily newest-complete"}}},
      {"weeks of failed nights do not displace what was complete",
       last(2),
       kNow,
       {{"2026-11-01T02:00:00Z", "expired"},
        {"2026-11-02T02:00:00Z", "last"},
        {"2026-11-03T02:00:00Z", "last newest-complete"},
        incomplete("2026-11-04T02:00:00Z", "expired"),
        incomplete("2026-11-05T02:00:00Z", "last"),
        incomplete("2026-11-06T02:00:00Z", "last awaits-complete")}},
  });
}

TEST_CASE("holds and the minimum age beat all rules", "[schedules]") {
  check({
      {"a hold",
       last(1),
       kNow,
       {held("2020-01-01T00:00:00Z", "hold"),
        {"2020-01-02T00:00:00Z", "expired"},
        held("2026-01-01T00:00:00Z", "last newest-complete hold")}},
      {"the minimum age, which a point of exactly that age has reached",
       {.keep_last = 1, .minimum_age = kDay},
       kNow,
       {{"2026-11-30T12:00:00Z", "expired"},
        {"2026-11-30T12:00:00.001Z", "minimum-age"},
        incomplete("2026-12-01T11:00:00Z", "minimum-age"),
        {"2026-12-01T12:00:00Z", "last newest-complete minimum-age"}}},
      {"held points still represent their buckets",
       {.keep_daily = 1},
       kNow,
       {{"2026-12-01T01:00:00Z", "expired"},
        held("2026-12-01T02:00:00Z", "daily newest-complete hold")}},
  });
}

TEST_CASE("points dated after now are kept and expire nothing", "[schedules]") {
  check({
      {"they are no bucket's representative",
       {.keep_last = 1, .keep_daily = 1, .keep_yearly = 1, .minimum_age = 1s},
       kNow,
       {{"2026-11-30T02:00:00Z", "expired"},
        {"2026-12-01T12:00:00Z", "last daily yearly newest-complete minimum-age"},
        {"2026-12-01T12:00:00.001Z", "future"},
        held("2036-12-01T12:00:00Z", "hold future"),
        incomplete("2099-12-01T12:00:00Z", "future")}},
      {"and are kept by themselves",
       {.keep_within = 1h},
       kNow,
       {{"2026-12-01T12:00:00.001Z", "future"}, {"2027-01-01T00:00:00Z", "future"}}},
      {"without rules, too", {}, kNow, {{"2027-01-01T00:00:00Z", "future"}}},
  });
}

TEST_CASE("without any rule everything is kept", "[schedules]") {
  check({
      {"a minimum age and a time zone are no rules",
       {.minimum_age = 1h, .time_zone = "Europe/Berlin"},
       kNow,
       {held("2020-01-01T00:00:00Z", "hold no-rules"),
        incomplete("2020-01-02T00:00:00Z", "no-rules"),
        {"2020-01-03T00:00:00Z", "newest-complete no-rules"}}},
      {"nothing stays nothing", last(1), kNow, {}},
  });
}

TEST_CASE("of two points of the same moment the one with the greater id is newer", "[schedules]") {
  const base::Instant time = test::instant("2026-11-30T02:00:00Z");
  for (const bool swapped : {false, true}) {
    std::vector<SeriesPoint> series{{"a", time}, {"b", time}};
    if (swapped) std::swap(series[0], series[1]);
    const RetentionPlan plan = schedules::plan_retention(series, last(1), test::instant(kNow));
    for (const schedules::Verdict& verdict : plan.verdicts) {
      CHECK(verdict.keep == (verdict.id == "b"));
    }
  }
}

TEST_CASE("an unknown time zone is refused, with and without points", "[schedules]") {
  const RetentionRules rules = {.keep_last = 1, .time_zone = "Europe/Belrin"};
  for (const auto& series : {std::vector<SeriesPoint>{}, test::series_of({{kNow, ""}})}) {
    try {
      schedules::plan_retention(series, rules, test::instant(kNow));
      FAIL("accepted");
    } catch (const base::Error& error) {
      CHECK(error.kind() == base::ErrorKind::usage);
      CHECK_THAT(error.message(), test::contains_text("Europe/Belrin"));
    }
  }
}

TEST_CASE("every reason has its name", "[schedules]") {
  std::vector<std::string> names;
  for (auto reason = schedules::Reason::last; reason <= schedules::Reason::expired;
       reason = static_cast<schedules::Reason>(static_cast<int>(reason) + 1)) {
    names.emplace_back(schedules::name(reason));
  }
  CHECK(names == std::vector<std::string>{"last", "hourly", "daily", "weekly", "monthly", "yearly",
                                          "within", "newest-complete", "awaits-complete",
                                          "minimum-age", "hold", "future", "no-rules", "expired"});
}
