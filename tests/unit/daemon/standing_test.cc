#include "src/daemon/standing.h"

#include "tests/support/catch.h"

#include <functional>
#include <string>

namespace {

using appliance::StandingFacts;
using State = appliance::Standing::State;

const base::Instant kNow = base::from_milliseconds(1'775'000'000'000);

StandingFacts all_good() {
  StandingFacts facts;
  facts.now = kNow;
  facts.has_looked = true;
  facts.protected_mailboxes = 1240;
  facts.oldest_good = kNow - std::chrono::hours{9};
  facts.has_backed_up = true;
  facts.last_run = "Backup of policy nightly";
  facts.last_run_ended = kNow - std::chrono::hours{8};
  facts.has_schedule = true;
  return facts;
}

struct Row {
  std::string name;
  std::function<void(StandingFacts&)> change;
  State state;
  std::string sentence;
};

}  // namespace

TEST_CASE("the sentence tells what an admin must read first", "[daemon][status]") {
  const Row row = GENERATE(
      Row{"all good", [](StandingFacts&) {}, State::good,
          "All 1,240 mailboxes are protected; the oldest good backup is 9 h 0 min old."},
      Row{"damage before everything",
          [](StandingFacts& facts) {
            facts.damage = 2;
            facts.is_store_full = true;
            facts.unselected = 1;
          },
          State::bad, "The store is damaged: 2 errors found."},
      Row{"a full store before who is unprotected",
          [](StandingFacts& facts) {
            facts.is_store_full = true;
            facts.unselected = 1;
          },
          State::bad, "The store is full: nothing more is backed up."},
      Row{"a closed store",
          [](StandingFacts& facts) { facts.store_problem = "the disk is not mounted"; }, State::bad,
          "The store is closed: the disk is not mounted."},
      Row{"one unprotected is named",
          [](StandingFacts& facts) {
            facts.unselected = 1;
            facts.an_unprotected = "ann@contoso.com";
            facts.an_unprotected_reason = "no policy selects it";
            facts.last_run_failed = true;
          },
          State::bad, "ann@contoso.com is not protected: no policy selects it."},
      Row{"many unprotected",
          [](StandingFacts& facts) {
            facts.unselected = 3;
            facts.without_backup = 4;
          },
          State::bad, "7 mailboxes are not protected."},
      Row{"a failed run before who is at risk",
          [](StandingFacts& facts) {
            facts.last_run_failed = true;
            facts.last_run_problems = 3;
            facts.at_risk = 2;
          },
          State::warning, "Backup of policy nightly did not end well 8 h 0 min ago: 3 problems."},
      Row{"at risk",
          [](StandingFacts& facts) {
            facts.at_risk = 1;
            facts.an_at_risk = "ann@contoso.com";
            facts.oldest_good = kNow - std::chrono::days{5};
          },
          State::warning,
          "1 mailbox has no backup as young as promised; the oldest is ann@contoso.com's, 5 days "
          "old."},
      Row{"nothing backed up yet is no failure",
          [](StandingFacts& facts) {
            facts.has_backed_up = false;
            facts.protected_mailboxes = 0;
            facts.without_backup = 12;
            facts.next_run = base::parse_rfc3339("2026-04-02T02:00:00Z");
          },
          State::warning,
          "No backup has been made yet of 12 mailboxes; the first begins at "
          "2026-04-02T02:00:00Z."},
      Row{"nobody has looked", [](StandingFacts& facts) { facts.has_looked = false; },
          State::warning, "The tenant has not been looked through yet: nobody knows who is there."},
      Row{"a disk that is full soon",
          [](StandingFacts& facts) { facts.full_on = kNow + std::chrono::days{3}; }, State::warning,
          "All 1,240 mailboxes are protected; the oldest good backup is 9 h 0 min old. The "
          "store's disk will be full on 2026-04-03."},
      Row{"open alerts", [](StandingFacts& facts) { facts.alerts_open = 1; }, State::warning,
          "All 1,240 mailboxes are protected; the oldest good backup is 9 h 0 min old. 1 alert is "
          "open."},
      Row{"nothing scheduled", [](StandingFacts& facts) { facts.has_schedule = false; },
          State::warning,
          "All 1,240 mailboxes are protected; the oldest good backup is 9 h 0 min old. Nothing is "
          "scheduled."});
  CAPTURE(row.name);
  StandingFacts facts = all_good();
  row.change(facts);
  const appliance::Standing standing = appliance::standing_of(facts);
  CHECK(standing.sentence == row.sentence);
  CHECK(standing.state == row.state);
  CHECK(standing.action.empty() == (row.state == State::good));
}
