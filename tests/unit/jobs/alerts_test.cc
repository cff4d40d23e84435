#include "src/jobs/alerts.h"

#include "src/base/text.h"
#include "tests/support/catch.h"

#include <algorithm>

namespace {

using jobs::JobEnd;
using jobs::Matter;
using jobs::Severity;
using jobs::Verification;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const base::Instant kNow = *base::parse_rfc3339("2026-12-01T12:00:00Z");

bool nothing_open(std::string_view) { return false; }
bool all_open(std::string_view) { return true; }

jobs::RunFact run(int hours_ago, JobEnd end, const std::string& policy = "nightly") {
  return {policy, "Backup of policy " + policy, kNow - hours{hours_ago}, end, 2, "no route"};
}

std::vector<std::string> keys(const std::vector<Matter>& matters) {
  std::vector<std::string> all;
  for (const Matter& matter : matters) all.push_back(matter.key);
  return all;
}

using Keys = std::vector<std::string>;

jobs::MailboxFact mailbox(const std::string& name, int days_ago) {
  return {name + "@contoso.example", "nightly", kNow - hours{24} * days_ago, {}, hours{48}};
}

}  // namespace

TEST_CASE("a policy's last run that failed or was partial is a matter", "[jobs][alerts]") {
  struct Row {
    const char* name;
    std::vector<jobs::RunFact> runs;
    Keys open;
    Severity severity;
  };
  const std::vector<Row> table{
      {"none yet", {}, {}, {}},
      {"complete", {run(1, JobEnd::complete)}, {}, {}},
      {"failed", {run(1, JobEnd::failed)}, {"run/nightly"}, Severity::critical},
      {"partial", {run(1, JobEnd::partial)}, {"run/nightly"}, Severity::warning},
      {"interrupted", {run(1, JobEnd::interrupted)}, {}, {}},
      {"cancelled", {run(1, JobEnd::cancelled)}, {}, {}},
      {"failed, then complete", {run(2, JobEnd::failed), run(1, JobEnd::complete)}, {}, {}},
      {"complete, then failed, told in another order",
       {run(1, JobEnd::failed), run(2, JobEnd::complete)},
       {"run/nightly"},
       Severity::critical},
      {"failed, then interrupted: nothing is better yet",
       {run(2, JobEnd::failed), run(1, JobEnd::interrupted)},
       {"run/nightly"},
       Severity::critical},
      {"each policy for itself",
       {run(2, JobEnd::failed), run(1, JobEnd::complete, "hourly")},
       {"run/nightly"},
       Severity::critical},
  };
  for (const Row& row : table) {
    CAPTURE(row.name);
    const auto matters = jobs::judge_runs(row.runs);
    CHECK(keys(matters) == row.open);
    if (!matters.empty()) CHECK(matters.front().severity == row.severity);
  }
  const Matter failed = jobs::judge_runs({run(1, JobEnd::failed)}).front();
  CHECK(failed.subject == "Backup of policy nightly failed");
  CHECK(failed.message == "It ended 2026-12-01 11:00 UTC with 2 problems: no route");
}

TEST_CASE("runs that did not happen when they were due are one matter a policy", "[jobs][alerts]") {
  CHECK(jobs::judge_missed({{"nightly", {}}}).empty());
  const auto matters = jobs::judge_missed(
      {{"nightly", {kNow - hours{50}, kNow - hours{26}, kNow - hours{2}}}, {"hourly", {kNow}}});
  CHECK(keys(matters) == Keys{"missed_run/nightly", "missed_run/hourly"});
  CHECK(matters[0].message ==
        "3 runs were missed: due 2026-11-29 10:00 UTC, …, 2026-12-01 10:00 UTC");
  CHECK(matters[1].message == "1 run was missed: due 2026-12-01 12:00 UTC");
}

TEST_CASE("mailboxes without a good backup for longer than promised are one matter a policy",
          "[jobs][alerts]") {
  CHECK(jobs::judge_mailboxes({mailbox("ann", 2)}, kNow).empty());  // not longer than promised
  const auto one = jobs::judge_mailboxes({mailbox("ann", 3), mailbox("bob", 1)}, kNow);
  REQUIRE(keys(one) == Keys{"overdue/nightly"});
  CHECK(one[0].subject ==
        "1 mailbox of policy nightly has had no good backup for longer than promised");
  CHECK(one[0].message ==
        "ann@contoso.example (last 2026-11-28 12:00 UTC; promised within 48 h 0 min)");
  CHECK(one[0].stage == 0);

  std::vector<jobs::MailboxFact> all;
  for (int i = 0; i < 5000; ++i) all.push_back(mailbox(base::text("m", 10000 + i), 3));
  all[4711].last_good.reset();  // never, and nobody remembers since when: first of all
  const auto many = jobs::judge_mailboxes(all, kNow);
  REQUIRE(keys(many) == Keys{"overdue/nightly"});
  CHECK_THAT(many[0].subject, test::contains_text("5,000 mailboxes of policy nightly have"));
  CHECK_THAT(many[0].message, Catch::Matchers::StartsWith("m14711@contoso.example (never; "));
  CHECK_THAT(many[0].message, test::contains_text("m10008@contoso.example"));
  CHECK_THAT(many[0].message, !test::contains_text("m10009@contoso.example"));
  CHECK_THAT(many[0].message, test::contains_text("and 4,990 more"));
  CHECK(many[0].stage == 3);
}

TEST_CASE("a mailbox that never had a backup has it promised since it is to be protected",
          "[jobs][alerts]") {
  jobs::MailboxFact fresh{"new@contoso.example", "nightly", {}, kNow - hours{47}, hours{48}};
  CHECK(jobs::judge_mailboxes({fresh}, kNow).empty());
  fresh.protected_since = kNow - hours{49};
  CHECK(jobs::judge_mailboxes({fresh}, kNow).size() == 1);
  fresh.promised = base::Duration{0};  // by no schedule
  CHECK(jobs::judge_mailboxes({fresh}, kNow).empty());
}

TEST_CASE("damage is a matter until what looks at least at the same finds nothing",
          "[jobs][alerts]") {
  const auto found = [](Verification what, int hours_ago, std::uint64_t errors, bool whole = true) {
    return jobs::VerificationFact{what, kNow - hours{hours_ago}, errors, 0, whole};
  };
  struct Row {
    const char* name;
    std::vector<jobs::VerificationFact> facts;
    bool open;
  };
  const std::vector<Row> table{
      {"nothing was looked at", {}, false},
      {"nothing was found", {found(Verification::full, 1, 0)}, false},
      {"found", {found(Verification::full, 1, 1)}, true},
      {"found, then gone",
       {found(Verification::full, 2, 1), found(Verification::full, 1, 0)},
       false},
      {"gone, then found",
       {found(Verification::full, 2, 0), found(Verification::full, 1, 1)},
       true},
      {"full, then structure only",
       {found(Verification::full, 2, 1), found(Verification::structure, 1, 0)},
       true},
      {"structure, then full",
       {found(Verification::structure, 2, 1), found(Verification::full, 1, 0)},
       false},
      {"scrub, then full, which reads no parity",
       {found(Verification::scrub, 2, 1), found(Verification::full, 1, 0)},
       true},
      {"scrub, then scrub",
       {found(Verification::scrub, 2, 1), found(Verification::scrub, 1, 0)},
       false},
      {"scrub, then half a scrub",
       {found(Verification::scrub, 2, 1), found(Verification::scrub, 1, 0, false)},
       true},
      {"drill, then another choice",
       {found(Verification::drill, 2, 1), found(Verification::drill, 1, 0)},
       true},
      {"drill, then full",
       {found(Verification::drill, 2, 1), found(Verification::full, 1, 0)},
       false},
  };
  for (const Row& row : table) {
    CAPTURE(row.name);
    CHECK(jobs::judge_verifications(row.facts).size() == (row.open ? 1U : 0U));
  }
  const Matter matter =
      jobs::judge_verifications({{Verification::drill, kNow - hours{1}, 2, 0, true},
                                 {Verification::scrub, kNow, 5, 4, true}})
          .front();
  CHECK(matter.message ==
        "A check (scrub) that ended 2026-12-01 12:00 UTC found 5 errors and healed "
        "4, a drill that ended 2026-12-01 11:00 UTC found 2 errors");
  CHECK_THAT(matter.next_step, test::contains_text("`coffer check --level scrub`, `coffer check "
                                                   "--level full` ends this alert"));
}

TEST_CASE("a store fills by share or by growth, and is well again a little later",
          "[jobs][alerts]") {
  struct Row {
    const char* name;
    jobs::StoreFact store;
    bool begins;
    bool goes_on;
  };
  const std::vector<Row> table{
      {"half empty", {500, 1000, {}}, false, false},
      {"a tenth free", {100, 1000, {}}, false, true},
      {"less than a tenth", {99, 1000, {}}, true, true},
      {"12 % free", {120, 1000, {}}, false, false},
      {"full in 13 days", {520, 1000, 40.0}, true, true},
      {"full in 14 days", {560, 1000, 40.0}, false, true},
      {"full in 21 days", {840, 1000, 40.0}, false, false},
      {"shrinking", {500, 1000, -40.0}, false, false},
      {"of unknown size", {0, 0, {}}, false, false},
  };
  for (const Row& row : table) {
    CAPTURE(row.name);
    CHECK(jobs::judge_store(row.store, nothing_open).empty() == !row.begins);
    CHECK(jobs::judge_store(row.store, all_open).empty() == !row.goes_on);
  }
  CHECK(jobs::judge_store({std::uint64_t{13} << 30, std::uint64_t{100} << 30, double{1 << 30}},
                          nothing_open)
            .front()
            .message ==
        "13.0 GiB of 100.0 GiB are free (13 %); it grows by 1.0 GiB a day and is full in "
        "about 13 days");
}

TEST_CASE("a credential is told 30, 7 and 1 days before its end", "[jobs][alerts]") {
  struct Row {
    base::Duration left;
    std::optional<std::uint64_t> stage;
    Severity severity;
    const char* subject;
  };
  const std::vector<Row> table{
      {hours{24} * 30 + seconds{1}, {}, {}, ""},
      {hours{24} * 30, 1, Severity::warning, "Certificate of the backup app ends in 30 days"},
      {hours{24} * 7 + seconds{1}, 1, Severity::warning,
       "Certificate of the backup app ends in 8 days"},
      {hours{24} * 7, 2, Severity::warning, "Certificate of the backup app ends in 7 days"},
      {hours{24}, 3, Severity::critical, "Certificate of the backup app ends in 1 day"},
      {seconds{1}, 3, Severity::critical, "Certificate of the backup app ends in 1 day"},
      {seconds{0}, 4, Severity::critical, "Certificate of the backup app has ended"},
      {-hours{100}, 4, Severity::critical, "Certificate of the backup app has ended"},
  };
  for (const Row& row : table) {
    CAPTURE(row.subject);
    const auto matters =
        jobs::judge_credentials({{"certificate of the backup app", kNow + row.left}}, kNow);
    REQUIRE(matters.size() == (row.stage ? 1U : 0U));
    if (!row.stage) continue;
    CHECK(matters[0].stage == *row.stage);
    CHECK(matters[0].severity == row.severity);
    CHECK(matters[0].subject == row.subject);
  }
  // A renewed one that again ends soon is told again, from the beginning.
  CHECK(jobs::judge_credentials({{"c", kNow + hours{1}}}, kNow)[0].key !=
        jobs::judge_credentials({{"c", kNow + hours{200}}}, kNow)[0].key);
}

TEST_CASE("throttling is a matter beyond a quarter of the mailboxes' time", "[jobs][alerts]") {
  const auto judged = [](base::Duration throttled, const jobs::IsOpen& is_open) {
    return jobs::judge_throttling({{"nightly", throttled, minutes{60}, 4}}, is_open);
  };
  CHECK(judged(minutes{60}, nothing_open).empty());
  CHECK(keys(judged(minutes{61}, nothing_open)) == Keys{"throttling/nightly"});
  CHECK(judged(minutes{49}, all_open).size() == 1);
  CHECK(judged(minutes{48}, all_open).empty());
  CHECK(jobs::judge_throttling({{"nightly", minutes{1}, base::Duration{0}, 4}}, nothing_open)
            .empty());
  CHECK(judged(minutes{120}, nothing_open)[0].subject ==
        "The service held up 50 % of the last run of policy nightly");
}

TEST_CASE("a mass change is more than 30 % of a mailbox, and at least 200 items",
          "[jobs][alerts]") {
  const auto opens = [](std::uint64_t before, std::uint64_t removed, std::uint64_t changed) {
    return !jobs::judge_changes({{"a@b", "nightly", kNow, before, removed, changed}}, nothing_open)
                .empty();
  };
  CHECK_FALSE(opens(1000, 300, 0));
  CHECK(opens(1000, 301, 0));
  CHECK(opens(1000, 0, 301));
  CHECK(opens(1000, 151, 150));
  CHECK_FALSE(opens(199, 199, 0));
  CHECK(opens(200, 200, 0));
  CHECK_FALSE(opens(0, 0, 0));
}

TEST_CASE("mass changes of more than ten mailboxes in a day are one matter", "[jobs][alerts]") {
  std::vector<jobs::ChangeFact> facts;
  const auto add = [&](int count, base::Instant time) {
    for (int i = 0; i < count; ++i) {
      facts.push_back({base::text("m", 100 + static_cast<int>(facts.size()), "@contoso.example"),
                       "nightly", time, 1000, 900, 0});
    }
  };
  add(10, kNow);
  CHECK(jobs::judge_changes(facts, nothing_open).size() == 10);

  add(490, kNow);
  const auto at_once = jobs::judge_changes(facts, nothing_open);
  REQUIRE(keys(at_once) == Keys{"mass_change/many/nightly/2026-12-01"});
  CHECK_THAT(at_once[0].subject, test::contains_text("Much of 500 mailboxes of policy nightly"));
  CHECK_THAT(at_once[0].message, test::contains_text("and 490 more"));

  // Those that were told singly, before there were so many, are not told to be over.
  const auto is_open = [](std::string_view key) {
    return key == "mass_change/m100@contoso.example" || key == "mass_change/m101@contoso.example";
  };
  const auto later = jobs::judge_changes(facts, is_open);
  REQUIRE(later.size() == 3);
  CHECK_THAT(later[2].subject, test::contains_text("498 mailboxes"));

  // What happens the night after is another matter.
  facts.clear();
  add(11, kNow + hours{24});
  CHECK(keys(jobs::judge_changes(facts, nothing_open)) ==
        Keys{"mass_change/many/nightly/2026-12-02"});
}

TEST_CASE("a clock is askew beyond two minutes, until it is within one", "[jobs][alerts]") {
  const auto judged = [](base::Duration skew, const jobs::IsOpen& is_open) {
    return jobs::judge_clocks({{"a", seconds{1}}, {"b", skew}}, is_open);
  };
  CHECK(judged(minutes{2}, nothing_open).empty());
  CHECK(judged(-minutes{2} - seconds{1}, nothing_open)[0].subject ==
        "This machine's clock is 2 min ahead of the service's");
  CHECK(judged(minutes{3}, nothing_open)[0].subject ==
        "This machine's clock is 3 min behind the service's");
  CHECK(judged(seconds{61}, all_open).size() == 1);
  CHECK(judged(seconds{60}, all_open).empty());
  CHECK(jobs::judge_clocks({}, nothing_open).empty());
}

TEST_CASE("what is not known leaves its kind undecided", "[jobs][alerts]") {
  const jobs::Judgement nothing = jobs::judge({}, nothing_open, kNow);
  CHECK(nothing.matters.empty());
  CHECK(nothing.unknown.size() == 11);

  jobs::AlertFacts facts;
  facts.store_problem = "wrong\nkey\x1b[31m";
  facts.retention = {{"nightly", 800, 500}};
  const jobs::Judgement some = jobs::judge(facts, nothing_open, kNow);
  CHECK(keys(some.matters) == Keys{"store_unavailable", "retention/nightly"});
  CHECK_FALSE(some.unknown.contains(jobs::AlertKind::store_unavailable));
  CHECK(some.unknown.contains(jobs::AlertKind::overdue));
  CHECK(some.matters[0].message == "wrong key [31m");
  CHECK(some.matters[1].message ==
        "500 of 800 restore points would go at once; nothing is forgotten until somebody agrees");

  facts.store_problem = std::string(100'000, 'x') + "ä";
  CHECK(jobs::judge(facts, nothing_open, kNow).matters[0].message.size() < 3100);
}

TEST_CASE("every kind has a name of its own", "[jobs][alerts]") {
  for (int i = 0; i <= static_cast<int>(jobs::AlertKind::test); ++i) {
    const auto kind = static_cast<jobs::AlertKind>(i);
    CHECK_FALSE(jobs::name(kind).empty());
    CHECK(jobs::alert_kind(jobs::name(kind)) == kind);
  }
  CHECK_FALSE(jobs::alert_kind("none"));
}
