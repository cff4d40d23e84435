#include "src/jobs/retention_job.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <map>

namespace {

const base::Instant kNow = *base::parse_rfc3339("2026-12-01T12:00:00Z");
const store::TenantDomain kContoso{"contoso"};
const store::TenantDomain kFabrikam{"fabrikam"};

// Made so many days before now, at noon.
store::Snapshot snapshot(const std::string& id, const std::string& mailbox_id, int days_ago,
                         const std::string& policy = "nightly") {
  store::Snapshot made;
  made.id = id;
  made.tenant = kContoso;
  made.mailbox_id = mailbox_id;
  made.address = mailbox_id + "@contoso.example";
  made.policy = policy;
  made.time = kNow - std::chrono::hours{24} * days_ago;
  made.complete = true;
  return made;
}

bool nothing_held(const store::Snapshot&) { return false; }

jobs::RetentionPolicy keeping_last(std::uint64_t count, const std::string& name = "nightly") {
  return {kContoso, name, {.keep_last = count}};
}

// Of each restore point the reasons, by id: "last newest-complete".
std::map<std::string, std::string> reasons(const jobs::RetentionReport& report) {
  std::map<std::string, std::string> all;
  for (const jobs::PlannedSeries& series : report.series) {
    for (const jobs::PlannedPoint& point : series.points) {
      std::string& text = all[point.snapshot.id];
      for (const std::string& reason : point.reasons) text += (text.empty() ? "" : " ") + reason;
      CHECK(point.keep == (text != "expired"));
    }
  }
  return all;
}

using Reasons = std::map<std::string, std::string>;

}  // namespace

TEST_CASE("each mailbox is a series of its own, by tenant and id, not by address",
          "[jobs][retention]") {
  std::vector<store::Snapshot> snapshots{snapshot("a2", "a", 1), snapshot("b1", "b", 9),
                                         snapshot("a1", "a", 2), snapshot("other", "a", 5)};
  snapshots[0].address = "renamed@contoso.example";
  snapshots[3].tenant = kFabrikam;
  const jobs::RetentionReport report = jobs::plan_retention(
      snapshots, nothing_held, {keeping_last(1), {kFabrikam, "nightly", {.keep_last = 1}}}, kNow);
  CHECK(reasons(report) == Reasons{{"a1", "expired"},
                                   {"a2", "last newest-complete"},
                                   {"b1", "last newest-complete"},
                                   {"other", "last newest-complete"}});
  REQUIRE(report.series.size() == 3);
  CHECK(report.series[0].points[0].snapshot.id == "a1");  // oldest first
}

TEST_CASE("a mailbox goes by the policy of its newest restore point", "[jobs][retention]") {
  const std::vector<jobs::RetentionPolicy> policies{keeping_last(1, "nightly"),
                                                    keeping_last(2, "hourly")};
  std::vector<store::Snapshot> snapshots{snapshot("1", "a", 3, "nightly"),
                                         snapshot("2", "a", 2, "nightly"),
                                         snapshot("3", "a", 1, "hourly")};
  const Reasons two{{"1", "expired"}, {"2", "last"}, {"3", "last newest-complete"}};
  CHECK(reasons(jobs::plan_retention(snapshots, nothing_held, policies, kNow)) == two);

  SECTION("not by that of one dated after now") {
    snapshots.push_back(snapshot("4", "a", -1, "nightly"));
    Reasons expected = two;
    expected["4"] = "future";
    CHECK(reasons(jobs::plan_retention(snapshots, nothing_held, policies, kNow)) == expected);
  }
  SECTION("of two at the same time by that of the greater id") {
    snapshots.push_back(snapshot("30", "a", 1, "nightly"));
    CHECK(
        reasons(jobs::plan_retention(snapshots, nothing_held, policies, kNow)) ==
        Reasons{
            {"1", "expired"}, {"2", "expired"}, {"3", "expired"}, {"30", "last newest-complete"}});
  }
}

TEST_CASE("a mailbox whose policy is not configured is kept whole", "[jobs][retention]") {
  const std::vector<store::Snapshot> snapshots{
      snapshot("1", "a", 3, "nightly"), snapshot("2", "a", 2, "gone"), snapshot("3", "b", 2, "")};
  const Reasons kept{
      {"1", "no-policy"}, {"2", "newest-complete no-policy"}, {"3", "newest-complete no-policy"}};
  CHECK(reasons(jobs::plan_retention(snapshots, nothing_held, {keeping_last(0)}, kNow)) == kept);
  // A policy of that name that is another tenant's is another policy.
  const jobs::RetentionPolicy moved{kFabrikam, "gone", {.keep_last = 0}};
  const jobs::RetentionReport report = jobs::plan_retention(snapshots, nothing_held, {moved}, kNow);
  CHECK(reasons(report) == kept);
  for (const jobs::PolicyOutcome& outcome : report.outcomes) CHECK_FALSE(outcome.configured);
  CHECK(jobs::confirmations(report).empty());
}

TEST_CASE("a policy without retention keeps everything for another reason", "[jobs][retention]") {
  const std::vector<store::Snapshot> snapshots{snapshot("1", "a", 3)};
  const jobs::RetentionPolicy policy{kContoso, "nightly", {}};
  CHECK(reasons(jobs::plan_retention(snapshots, nothing_held, {policy}, kNow)) ==
        Reasons{{"1", "newest-complete no-rules"}});
}

TEST_CASE("what is held is kept", "[jobs][retention]") {
  const std::vector<store::Snapshot> snapshots{snapshot("1", "a", 3), snapshot("2", "a", 2),
                                               snapshot("3", "a", 1)};
  const auto held = [](const store::Snapshot& point) { return point.id == "2"; };
  CHECK(reasons(jobs::plan_retention(snapshots, held, {keeping_last(1)}, kNow)) ==
        Reasons{{"1", "expired"}, {"2", "hold"}, {"3", "last newest-complete"}});
}

TEST_CASE("a mistake in a small policy does not hide among many mailboxes", "[jobs][retention]") {
  std::vector<store::Snapshot> snapshots;
  for (int day = 0; day < 100; ++day) {
    snapshots.push_back(snapshot(base::text("large ", day), "a", day, "large"));
  }
  for (int day = 0; day < 5; ++day) {
    snapshots.push_back(snapshot(base::text("small ", day), "b", day, "small"));
  }
  const jobs::RetentionReport report = jobs::plan_retention(
      snapshots, nothing_held, {keeping_last(90, "large"), keeping_last(3, "small")}, kNow);
  CHECK(jobs::confirmations(report) ==
        std::vector<std::string>{"policy small of tenant contoso: 2 of 5 restore points would be "
                                 "removed, which is more than 20 % at once"});
}

TEST_CASE("the time zone of a policy is refused with the policy's name", "[jobs][retention]") {
  jobs::RetentionPolicy policy = keeping_last(1);
  policy.rules.time_zone = "Europe/Belrin";
  try {
    jobs::plan_retention({snapshot("1", "a", 1)}, nothing_held, {policy}, kNow);
    FAIL("accepted");
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::usage);
    CHECK_THAT(error.what(), test::contains_text("Europe/Belrin"));
    CHECK_THAT(error.what(), test::contains_text("policy nightly"));
  }
}

TEST_CASE("the plan is told in records that scripts know", "[jobs][retention]") {
  const auto held = [](const store::Snapshot& point) { return point.id == "2"; };
  const jobs::RetentionReport report = jobs::plan_retention(
      {snapshot("1", "a", 2), snapshot("2", "a", 1), snapshot("3", "b", 1, "")}, held,
      {keeping_last(1)}, kNow);
  const std::vector<jobs::Record> records = jobs::retention_records(report);
  REQUIRE(records.size() == 3);
  CHECK(jobs::to_json(records[0]) ==
        R"({"type":"retention","id":"1","mailbox":"a@contoso.example","mailbox_id":"a",)"
        R"("time":"2026-11-29T12:00:00Z","complete":true,"keep":false,"reasons":["expired"],)"
        R"("policy":"nightly","tenant":"contoso"})");
  CHECK_THAT(jobs::to_json(records[1]),
             test::contains_text(R"("keep":true,"reasons":["last","newest-complete","hold"])"));
  CHECK_THAT(jobs::to_json(records[2]),
             test::contains_text(R"("reasons":["newest-complete","no-policy"],"policy":null)"));
  CHECK(jobs::to_json(jobs::retention_summary(report)) ==
        R"({"type":"summary","command":"forget","mailboxes":2,"snapshots":3,"kept":2,"removed":1,)"
        R"("confirmation":["policy nightly of tenant contoso: 1 of 2 restore points would be )"
        R"(removed, which is more than 20 % at once"],"policies":[)"
        R"({"tenant":"contoso","policy":null,"configured":false,"mailboxes":1,"snapshots":1,)"
        R"("kept":1,"removed":0,"confirmation":null},)"
        R"({"tenant":"contoso","policy":"nightly","configured":true,"mailboxes":1,"snapshots":2,)"
        R"("kept":1,"removed":1,"confirmation":"1 of 2 restore points would be removed, which is )"
        R"(more than 20 % at once"}]})");
}
