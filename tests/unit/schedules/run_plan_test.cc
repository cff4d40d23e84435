#include "schedules/run_plan.h"

#include "src/base/text.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using schedules::CalendarEvent;
using schedules::jitter_offset;
using schedules::plan_runs;
using schedules::RunPlan;
using schedules::RunRules;
using schedules::TimeZone;
using schedules::Windows;

namespace {

base::Instant at(std::string_view time) { return *base::parse_rfc3339(time); }

RunRules rules(const std::vector<std::string>& events, const std::vector<std::string>& windows = {},
               base::Duration jitter = {}, const std::string& zone_name = "Europe/Berlin") {
  const TimeZone zone{zone_name};
  RunRules all{{}, Windows{windows, zone}, jitter, "nightly of a store"};
  for (const std::string& event : events) all.schedule.emplace_back(event, zone);
  return all;
}

std::string told(const RunPlan& plan) {
  std::string text = "nothing is due";
  const auto until = [](std::optional<base::Instant> closes) {
    return closes ? base::text(" until ", base::format_rfc3339(*closes)) : "";
  };
  if (plan.due) {
    text = base::text("due ", base::format_rfc3339(plan.due->occurrence), ", missed ",
                      plan.due->missed, until(plan.due->window_closes));
  }
  if (!plan.next) return text + "; nothing follows";
  const std::string occurrence = base::format_rfc3339(plan.next->occurrence);
  const std::string start = base::format_rfc3339(plan.next->start);
  return base::text(text, "; next ", occurrence, start == occurrence ? "" : " at ",
                    start == occurrence ? "" : start, until(plan.next->window_closes));
}

struct Row {
  const char* name;
  RunRules rules;
  const char* served_through;  // null: never planned
  const char* now;
  const char* plan;
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const auto served =
        row.served_through == nullptr ? std::nullopt : base::parse_rfc3339(row.served_through);
    CHECK(told(plan_runs(row.rules, served, at(row.now))) == row.plan);
  }
}

}  // namespace

TEST_CASE("runs start at their occurrences, and what was missed is caught up once",
          "[schedules][run-plan]") {
  const RunRules nightly = rules({"02:00"});
  check({
      {"a new policy waits", nightly, nullptr, "2026-07-01T12:00:00Z",
       "nothing is due; next 2026-07-02T00:00:00Z"},
      {"before", nightly, "2026-07-01T12:00:00Z", "2026-07-01T23:59:59.999Z",
       "nothing is due; next 2026-07-02T00:00:00Z"},
      {"at the moment", nightly, "2026-07-01T12:00:00Z", "2026-07-02T00:00:00Z",
       "due 2026-07-02T00:00:00Z, missed 0; next 2026-07-03T00:00:00Z"},
      {"served", nightly, "2026-07-02T00:00:00Z", "2026-07-02T00:00:00Z",
       "nothing is due; next 2026-07-03T00:00:00Z"},
      {"late", nightly, "2026-07-01T00:00:00Z", "2026-07-02T20:00:00Z",
       "due 2026-07-02T00:00:00Z, missed 0; next 2026-07-03T00:00:00Z"},
      {"three nights off", nightly, "2026-07-01T00:00:00Z", "2026-07-05T09:00:00Z",
       "due 2026-07-05T00:00:00Z, missed 3; next 2026-07-06T00:00:00Z"},
      {"caught up", nightly, "2026-07-05T00:00:00Z", "2026-07-05T09:00:00Z",
       "nothing is due; next 2026-07-06T00:00:00Z"},
      {"years off", rules({"minutely"}), "2016-07-01T00:00:00Z", "2026-07-05T09:00:30Z",
       "due 2026-07-05T09:00:00Z, missed 1000; next 2026-07-05T09:01:00Z"},
      {"two events", rules({"02:00", "Sun 14:00"}), "2026-07-05T00:00:00Z", "2026-07-05T12:00:00Z",
       "due 2026-07-05T12:00:00Z, missed 0; next 2026-07-06T00:00:00Z"},
      {"two events at one time", rules({"02:00", "Mon 02:00"}), "2026-07-05T00:00:00Z",
       "2026-07-06T00:00:00Z", "due 2026-07-06T00:00:00Z, missed 0; next 2026-07-07T00:00:00Z"},
      {"no schedule", rules({}), "2026-07-01T00:00:00Z", "2026-07-05T12:00:00Z",
       "nothing is due; nothing follows"},
      {"no schedule, new", rules({}, {"22:00-06:00"}, 15min), nullptr, "2026-07-05T12:00:00Z",
       "nothing is due; nothing follows"},
      {"the last one", rules({"2026-07-05 02:00"}), "2026-07-01T00:00:00Z", "2026-07-05T12:00:00Z",
       "due 2026-07-05T00:00:00Z, missed 0; nothing follows"},
  });
}

TEST_CASE("runs follow the zone's clocks", "[schedules][run-plan][time-zone]") {
  check({
      {"the night of 23 hours", rules({"03:00"}), "2026-03-28T02:00:00Z", "2026-03-29T01:00:00Z",
       "due 2026-03-29T01:00:00Z, missed 0; next 2026-03-30T01:00:00Z"},
      {"what is skipped is not missed", rules({"02:30"}), "2026-03-28T01:30:00Z",
       "2026-03-29T12:00:00Z", "nothing is due; next 2026-03-30T00:30:00Z"},
      {"what is repeated runs once", rules({"02:30"}), "2026-10-25T00:30:00Z",
       "2026-10-25T01:30:00Z", "nothing is due; next 2026-10-26T01:30:00Z"},
      {"missed while clocks repeat", rules({"*:00/30"}), "2026-10-25T00:00:00Z",
       "2026-10-25T01:45:00Z", "due 2026-10-25T00:30:00Z, missed 0; next 2026-10-25T02:00:00Z"},
      {"Lord Howe", rules({"01:45"}, {}, {}, "Australia/Lord_Howe"), "2026-04-03T14:45:00Z",
       "2026-04-04T15:20:00Z", "due 2026-04-04T14:45:00Z, missed 0; next 2026-04-05T15:15:00Z"},
  });
}

TEST_CASE("a clock that jumps runs nothing twice and loses nothing", "[schedules][run-plan]") {
  const RunRules nightly = rules({"02:00"});
  check({
      {"back by an hour", nightly, "2026-07-05T00:00:00Z", "2026-07-04T23:00:30Z",
       "nothing is due; next 2026-07-06T00:00:00Z"},
      {"back by a day", nightly, "2026-07-05T00:00:00Z", "2026-07-04T00:00:00Z",
       "nothing is due; next 2026-07-06T00:00:00Z"},
      {"back from another century", nightly, "2106-07-05T00:00:00Z", "2026-07-04T03:00:00Z",
       "nothing is due; next 2026-07-05T00:00:00Z"},
      {"forward", nightly, "2026-07-05T00:00:00Z", "2026-07-07T10:00:00Z",
       "due 2026-07-07T00:00:00Z, missed 1; next 2026-07-08T00:00:00Z"},
  });
  CHECK_FALSE(
      plan_runs(nightly, at("2026-07-05T00:00:00Z"), at("2026-07-04T00:00:00Z")).clock_set_back);
  const RunPlan anew = plan_runs(nightly, at("2026-07-05T00:00:00Z"), at("2026-07-03T23:59:59Z"));
  CHECK(anew.clock_set_back);
  CHECK(anew.served_through == at("2026-07-03T23:59:59Z"));
}

TEST_CASE("what the caller persists is what it gave, but for a new policy",
          "[schedules][run-plan]") {
  const RunRules nightly = rules({"02:00"});
  const base::Instant now = at("2026-07-01T12:00:00Z");
  const RunPlan first = plan_runs(nightly, std::nullopt, now);
  CHECK(first.served_through == now);
  const RunPlan later = plan_runs(nightly, first.served_through, at("2026-07-02T00:00:00Z"));
  CHECK(later.served_through == now);
  CHECK(later.due);
}

TEST_CASE("runs start in windows only", "[schedules][run-plan][window]") {
  const RunRules nightly = rules({"02:00"}, {"22:00-06:00"});
  const RunRules at_noon = rules({"12:00"}, {"22:00-06:00"});
  const RunRules hourly = rules({"hourly"}, {"22:00-06:00"});
  check({
      {"inside", nightly, "2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z",
       "due 2026-07-02T00:00:00Z, missed 0 until 2026-07-02T04:00:00Z; "
       "next 2026-07-03T00:00:00Z until 2026-07-03T04:00:00Z"},
      {"missed, and closed", nightly, "2026-07-01T00:00:00Z", "2026-07-02T10:00:00Z",
       "nothing is due; next 2026-07-02T00:00:00Z at 2026-07-02T20:00:00Z until "
       "2026-07-03T04:00:00Z"},
      {"missed, and open again", nightly, "2026-07-01T00:00:00Z", "2026-07-02T20:00:00Z",
       "due 2026-07-02T00:00:00Z, missed 0 until 2026-07-03T04:00:00Z; "
       "next 2026-07-03T00:00:00Z until 2026-07-03T04:00:00Z"},
      {"after midnight, in the window that opened before", rules({"00:30"}, {"Fri 22:00-06:00"}),
       "2026-07-01T00:00:00Z", "2026-07-04T00:00:00Z",
       "due 2026-07-03T22:30:00Z, missed 1 until 2026-07-04T04:00:00Z; "
       "next 2026-07-09T22:30:00Z at 2026-07-10T20:00:00Z until 2026-07-11T04:00:00Z"},
      {"occurs outside", at_noon, "2026-07-01T12:00:00Z", "2026-07-02T10:00:00Z",
       "nothing is due; next 2026-07-02T10:00:00Z at 2026-07-02T20:00:00Z until "
       "2026-07-03T04:00:00Z"},
      {"waited for the opening", at_noon, "2026-07-01T12:00:00Z", "2026-07-02T20:00:00Z",
       "due 2026-07-02T10:00:00Z, missed 0 until 2026-07-03T04:00:00Z; "
       "next 2026-07-03T10:00:00Z at 2026-07-03T20:00:00Z until 2026-07-04T04:00:00Z"},
      {"those that wait for one opening are one", hourly, "2026-07-02T03:00:00Z",
       "2026-07-02T20:00:00Z",
       "due 2026-07-02T20:00:00Z, missed 0 until 2026-07-03T04:00:00Z; "
       "next 2026-07-02T21:00:00Z until 2026-07-03T04:00:00Z"},
      {"the newest of them is told", hourly, "2026-07-02T03:00:00Z", "2026-07-02T12:30:00Z",
       "nothing is due; next 2026-07-02T20:00:00Z until 2026-07-03T04:00:00Z"},
      {"each minute, a year off", rules({"minutely"}, {"22:00-22:01"}), "2025-07-01T23:00:00Z",
       "2026-07-02T20:00:30Z",
       "due 2026-07-02T20:00:00Z, missed 365 until 2026-07-02T20:01:00Z; "
       "next 2026-07-03T20:00:00Z until 2026-07-03T20:01:00Z"},
      {"a night missed besides", hourly, "2026-07-01T23:00:00Z", "2026-07-02T20:00:00Z",
       "due 2026-07-02T20:00:00Z, missed 4 until 2026-07-03T04:00:00Z; "
       "next 2026-07-02T21:00:00Z until 2026-07-03T04:00:00Z"},
  });
}

TEST_CASE("jitter is stable, even, and less than was asked for", "[schedules][run-plan][jitter]") {
  const base::Instant occurrence = at("2026-07-02T00:00:00Z");
  CHECK(jitter_offset("a", occurrence, 0ms) == 0ms);
  CHECK(jitter_offset("a", occurrence, -5ms) == 0ms);
  CHECK(jitter_offset("a", occurrence, 1ms) == 0ms);
  CHECK(jitter_offset("a", occurrence, 15min) == jitter_offset("a", occurrence, 15min));
  CHECK(jitter_offset("a", occurrence, 15min) != jitter_offset("b", occurrence, 15min));
  CHECK(jitter_offset("a", occurrence, 15min) != jitter_offset("a", occurrence + 24h, 15min));

  std::map<std::int64_t, int> minutes;
  constexpr int kKeys = 15'000;
  for (int key = 0; key < kKeys; ++key) {
    const base::Duration offset = jitter_offset(std::to_string(key), occurrence, 15min);
    CHECK(offset >= 0ms);
    CHECK(offset < 15min);
    ++minutes[offset / 1min];
  }
  CHECK(minutes.size() == 15);
  for (const auto& [minute, count] : minutes) CHECK(count == Approx(1000).epsilon(0.16));
}

TEST_CASE("a run waits for its jitter", "[schedules][run-plan][jitter]") {
  const RunRules nightly = rules({"02:00"}, {}, 15min);
  const base::Instant occurrence = at("2026-07-02T00:00:00Z");
  const base::Instant start = occurrence + jitter_offset(nightly.key, occurrence, 15min);
  REQUIRE(start > occurrence);
  const base::Instant served = occurrence - 24h;

  const RunPlan early = plan_runs(nightly, served, start - 1ms);
  CHECK_FALSE(early.due);
  REQUIRE(early.next);
  CHECK(early.next->occurrence == occurrence);
  CHECK(early.next->start == start);
  const RunPlan on_time = plan_runs(nightly, served, start);
  REQUIRE(on_time.due);
  CHECK(on_time.due->occurrence == occurrence);
  CHECK(on_time.due->missed == 0);

  // While one waits, the one before it is what was missed.
  const RunPlan late = plan_runs(nightly, served - 48h, start - 1ms);
  REQUIRE(late.due);
  CHECK(late.due->occurrence == served);
  CHECK(late.due->missed == 1);
  CHECK(late.next->start == start);
}

TEST_CASE("a daemon that sleeps until each start serves every occurrence once, in order",
          "[schedules][run-plan][property]") {
  struct Policy {
    const char* name;
    RunRules rules;
    base::Duration longest_gap;
  };
  const std::vector<Policy> policies{
      {"hourly, jitter longer than the hour", rules({"hourly"}, {}, 3h), 3h},
      {"nightly in windows", rules({"02:30", "14:00"}, {"22:00-06:00", "Sat 12:00-18:00"}, 40min),
       49h},
      {"every quarter in short windows", rules({"*:00/15"}, {"01:00-03:10"}, 5min), 25h},
      {"Lord Howe", rules({"*:00/20"}, {}, 20min, "Australia/Lord_Howe"), 2h},
  };
  for (const Policy& policy : policies) {
    for (const char* const from : {"2026-03-25T12:00:00Z", "2026-10-22T12:00:00Z",
                                   "2026-04-02T12:00:00Z", "2026-10-01T12:00:00Z"}) {
      CAPTURE(policy.name, from);
      const base::Instant begin = at(from);
      base::Instant now = begin;
      RunPlan plan = plan_runs(policy.rules, std::nullopt, now);
      base::Instant served = plan.served_through;
      base::Instant last_start = begin;
      while (now < begin + std::chrono::days{6}) {
        CHECK_FALSE(plan.due);
        REQUIRE(plan.next);
        REQUIRE(plan.next->start > now);
        const schedules::NextRun expected = *plan.next;
        now = expected.start;
        plan = plan_runs(policy.rules, served, now);
        REQUIRE(plan.due);
        CHECK(plan.due->occurrence == expected.occurrence);
        CHECK(plan.due->window_closes == expected.window_closes);
        CHECK(plan.due->missed == 0);
        CHECK(plan.due->occurrence > served);
        CHECK(policy.rules.windows.is_open(now));
        CHECK(now - last_start <= policy.longest_gap);
        last_start = now;
        served = plan.due->occurrence;
        plan = plan_runs(policy.rules, served, now);
      }
    }
  }
}

TEST_CASE("whatever the clock does, no occurrence is served twice",
          "[schedules][run-plan][property]") {
  std::mt19937_64 dice{11};
  const RunRules policy = rules({"*:00/20", "Sun 02:30"}, {"20:00-08:00"}, 10min);
  std::vector<base::Instant> all;
  base::Instant now = at("2026-10-24T12:00:00Z");
  base::Instant served = plan_runs(policy, std::nullopt, now).served_through;
  for (int step = 0; step < 2000; ++step) {
    // Mostly on, sometimes back by up to four hours.
    const auto move = std::chrono::seconds{static_cast<std::int64_t>(dice() % (4 * 3600))};
    now += dice() % 4 == 0 ? -move : move;
    const RunPlan plan = plan_runs(policy, served, now);
    if (!plan.due) continue;
    CHECK(policy.windows.is_open(now));
    CHECK(plan.due->occurrence <= now);
    all.push_back(plan.due->occurrence);
    served = plan.due->occurrence;
  }
  CHECK(all.size() > 100);
  CHECK(std::ranges::adjacent_find(all, std::ranges::greater_equal{}) == all.end());
}
