#include "schedules/retention.h"
#include "src/base/text.h"
#include "tests/support/catch.h"

using namespace std::chrono_literals;
using schedules::RetentionPlan;
using schedules::RetentionRules;

namespace {

// A plan of so many points, the first `removed` of which are to go.
RetentionPlan plan_of(std::size_t points, std::size_t removed, bool rules_keep_nothing = false) {
  RetentionPlan plan;
  plan.rules_keep_nothing = rules_keep_nothing;
  for (std::size_t i = 0; i < points; ++i) {
    const bool keep = i >= removed;
    plan.verdicts.push_back(
        {base::text(i), keep, {keep ? schedules::Reason::last : schedules::Reason::expired}});
  }
  return plan;
}

}  // namespace

TEST_CASE("an operator has to agree to much at once, and to rules that keep nothing",
          "[schedules]") {
  struct Row {
    const char* what;
    std::vector<RetentionPlan> plans;
    schedules::RetentionSummary summary;
  };
  const std::vector<Row> table{
      {"no mailbox", {}, {0, 0, 0, ""}},
      {"nothing to remove", {plan_of(7, 0), plan_of(0, 0)}, {2, 7, 0, ""}},
      {"exactly a fifth", {plan_of(5, 1)}, {1, 5, 1, ""}},
      {"one more than a fifth of many",
       {plan_of(500, 101), plan_of(500, 100)},
       {2, 1000, 201,
        "201 of 1000 restore points would be removed, which is more than 20 % at once"}},
      {"a fifth over all, though most of one mailbox",
       {plan_of(4, 3), plan_of(11, 0)},
       {2, 15, 3, ""}},
      {"little, but by rules that keep nothing",
       {plan_of(100, 1, true), plan_of(100, 0)},
       {2, 200, 1,
        "the retention rules are all zero and keep nothing: "
        "1 of 200 restore points would be removed"}},
      {"rules that keep nothing where there is nothing to remove",
       {plan_of(1, 0, true), plan_of(100, 1)},
       {2, 101, 1, ""}},
  };
  for (const Row& row : table) {
    CAPTURE(row.what);
    CHECK(schedules::summarize(row.plans) == row.summary);
  }
}

TEST_CASE("rules keep nothing if there are any and all are zero", "[schedules]") {
  const auto keeps_nothing = [](const RetentionRules& rules) {
    return schedules::plan_retention({}, rules, base::Instant{}).rules_keep_nothing;
  };
  CHECK_FALSE(keeps_nothing({}));
  CHECK_FALSE(keeps_nothing({.minimum_age = 1h}));
  CHECK(keeps_nothing({.keep_last = 0}));
  CHECK(keeps_nothing({.keep_within = 0s}));
  CHECK(keeps_nothing({0, 0, 0, 0, 0, 0, 0s, 24h, "UTC"}));
  CHECK_FALSE(keeps_nothing({.keep_last = 1, .keep_daily = 0}));
  CHECK_FALSE(keeps_nothing({.keep_last = 0, .keep_within = 1ms}));
  for (const auto rule :
       {&RetentionRules::keep_hourly, &RetentionRules::keep_daily, &RetentionRules::keep_weekly,
        &RetentionRules::keep_monthly, &RetentionRules::keep_yearly}) {
    RetentionRules rules;
    rules.*rule = 0;
    CHECK(keeps_nothing(rules));
    rules.*rule = 1;
    CHECK_FALSE(keeps_nothing(rules));
  }
}
