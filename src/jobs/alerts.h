// What people are alerted to: facts about the appliance, turned into matters. Pure.
//
// A matter is something that is wrong for a while. Whoever collects the facts judges them again and
// again; a matter that was there and no longer is, is over. Texts hold no secrets and nothing of
// what mail says.
#pragma once

#include "src/base/clock.h"
#include "src/jobs/job.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace jobs {

enum class Severity : std::uint8_t { warning, critical };
std::string_view name(Severity severity);

enum class AlertKind : std::uint8_t {
  run,                // a policy's last run failed, or not all of it was done
  missed_run,         // nothing ran when a policy's schedule said so
  overdue,            // mailboxes without a good backup for longer than promised
  damage,             // stored bytes are not what was written
  store_filling,      // the store's disk is nearly full, or soon will be
  credential_expiry,  // a secret or certificate ends soon
  throttling,         // the service held up much of a run
  mass_change,        // much of a mailbox changed or went between two restore points
  clock_skew,         // this machine's clock is not the service's
  store_unavailable,  // the store cannot be opened
  retention,          // so much would be forgotten that somebody has to confirm it
  test,               // somebody asked for a test alert
};
// As records have it: "run", "missed_run", ...
std::string_view name(AlertKind kind);
// Empty for no such name.
std::optional<AlertKind> alert_kind(std::string_view name);

struct Matter {
  std::string key;  // the same as long as it is the same matter: "run/nightly"
  AlertKind kind = AlertKind::run;
  Severity severity = Severity::warning;
  std::string subject;    // one line
  std::string message;    // what was seen
  std::string next_step;  // what to do
  // Grows as the matter gets worse; each new height is told again, but not before `calm` has passed
  // since the matter was last told.
  std::uint64_t stage = 0;
  base::Duration calm{};
};

// Ended runs of policies, in any order. What counts is the last one of each policy that was
// complete, partial or failed: an interrupted or cancelled one says nothing of either.
struct RunFact {
  std::string policy;
  std::string title;  // "Backup of policy nightly"
  base::Instant ended;
  JobEnd end = JobEnd::complete;
  std::uint64_t problems = 0;
  std::string error;  // the message of the error that ended it; may be empty
};

struct MissedFact {
  std::string policy;
  // When it should have run and nothing did, since a run of the policy last began; oldest first.
  std::vector<base::Instant> missed;
};

struct MailboxFact {
  std::string address;
  std::string policy;
  std::optional<base::Instant> last_good;  // end of its last complete backup
  // Since when it has been to be protected; counts for one that never had a good backup. Empty: for
  // longer than anybody remembers.
  std::optional<base::Instant> protected_since;
  base::Duration promised{};
};

enum class Verification : std::uint8_t { structure, scrub, full, drill };
std::string_view name(Verification verification);

// Ended checks, scrubs and drills, in any order.
struct VerificationFact {
  Verification verification = Verification::structure;
  base::Instant ended;
  std::uint64_t errors = 0;  // found, healed ones included
  std::uint64_t healed = 0;
  bool whole = true;  // it looked at all there is to look at; a scrub may stop half way
};
// Whether the later one looks at all that the earlier one may have found. Only a scrub reads
// parity, so it ends what a scrub found; a drill chooses anew, so it ends nothing: a full check
// does.
bool covers(Verification later, Verification earlier);

struct StoreFact {
  std::uint64_t free_bytes = 0;
  std::uint64_t capacity_bytes = 0;
  std::optional<double> growth_bytes_per_day;  // empty: not known yet
};

struct CredentialFact {
  std::string name;  // "certificate of the backup app (contoso)"
  base::Instant ends;
};

// The last ended run of each policy.
struct ThrottlingFact {
  std::string policy;
  base::Duration throttled{};      // over all mailboxes together
  base::Duration run{};            // from its begin to its end
  std::uint64_t side_by_side = 1;  // mailboxes at once
};

// A mailbox's newest restore point against the one before.
struct ChangeFact {
  std::string mailbox;  // address
  std::string policy;
  base::Instant time;  // of the newest
  std::uint64_t items_before = 0;
  std::uint64_t removed = 0;
  std::uint64_t changed = 0;
};

struct ClockFact {
  std::string tenant;
  base::Duration skew{};  // the service's clock minus this machine's
};

struct RetentionFact {
  std::string policy;
  std::uint64_t restore_points = 0;  // of the policy
  std::uint64_t would_go = 0;
};

// Whether a matter of that key is open now: some begin later than they end, so that they do not
// come and go at one threshold.
using IsOpen = std::function<bool(std::string_view key)>;

std::vector<Matter> judge_runs(const std::vector<RunFact>& runs);
std::vector<Matter> judge_missed(const std::vector<MissedFact>& policies);
// One matter a policy, however many mailboxes: it names ten of them and their number.
std::vector<Matter> judge_mailboxes(const std::vector<MailboxFact>& mailboxes, base::Instant now);
std::vector<Matter> judge_verifications(const std::vector<VerificationFact>& verifications);
std::vector<Matter> judge_store(const StoreFact& store, const IsOpen& is_open);
// At 30, 7 and 1 days before the end, and when it has come. A renewed one is another matter.
std::vector<Matter> judge_credentials(const std::vector<CredentialFact>& credentials,
                                      base::Instant now);
std::vector<Matter> judge_throttling(const std::vector<ThrottlingFact>& runs,
                                     const IsOpen& is_open);
// One matter a mailbox; where more than ten of a policy changed on one day (UTC), one for all
// others of that day.
std::vector<Matter> judge_changes(const std::vector<ChangeFact>& mailboxes, const IsOpen& is_open);
std::vector<Matter> judge_clocks(const std::vector<ClockFact>& clocks, const IsOpen& is_open);
// `problem`: why it cannot be opened; empty: it can.
std::vector<Matter> judge_store_access(std::string_view problem);
std::vector<Matter> judge_retention(const std::vector<RetentionFact>& waiting);

// All that is known at a time. What is empty is not known now: alerts of its kind stay as they are.
struct AlertFacts {
  std::optional<std::vector<RunFact>> runs;
  std::optional<std::vector<MissedFact>> missed;
  std::optional<std::vector<MailboxFact>> mailboxes;
  std::optional<std::vector<VerificationFact>> verifications;
  std::optional<StoreFact> store;
  std::optional<std::vector<CredentialFact>> credentials;
  std::optional<std::vector<ThrottlingFact>> throttling;
  std::optional<std::vector<ChangeFact>> changes;
  std::optional<std::vector<ClockFact>> clocks;
  std::optional<std::string> store_problem;
  std::optional<std::vector<RetentionFact>> retention;
};

struct Judgement {
  std::vector<Matter> matters;
  std::set<AlertKind> unknown;  // nothing can be said of these: what is open stays open
};
// The texts of its matters are single lines without control characters, and bounded.
Judgement judge(const AlertFacts& facts, const IsOpen& is_open, base::Instant now);

// What `coffer alert test` and the page send.
Matter test_matter();

}  // namespace jobs
