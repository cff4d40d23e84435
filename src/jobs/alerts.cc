#include "src/jobs/alerts.h"

#include "src/base/text.h"
#include "src/jobs/progress.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace jobs {
namespace {

constexpr std::size_t kNamed = 10;  // of a list that may be as long as a tenant
constexpr std::size_t kMostSubjectBytes = 200;
constexpr std::size_t kMostTextBytes = 3000;

constexpr std::array<std::pair<AlertKind, std::string_view>, 12> kKinds{
    {{AlertKind::run, "run"},
     {AlertKind::missed_run, "missed_run"},
     {AlertKind::overdue, "overdue"},
     {AlertKind::damage, "damage"},
     {AlertKind::store_filling, "store_filling"},
     {AlertKind::credential_expiry, "credential_expiry"},
     {AlertKind::throttling, "throttling"},
     {AlertKind::mass_change, "mass_change"},
     {AlertKind::clock_skew, "clock_skew"},
     {AlertKind::store_unavailable, "store_unavailable"},
     {AlertKind::retention, "retention"},
     {AlertKind::test, "test"}}};

std::string cut(std::string text, std::size_t most_bytes) {
  if (text.size() <= most_bytes) return text;
  std::size_t end = most_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  return text + "…";
}

Matter bounded(Matter matter) {
  matter.subject = cut(base::printable(matter.subject), kMostSubjectBytes);
  matter.message = cut(base::printable(matter.message), kMostTextBytes);
  matter.next_step = cut(base::printable(matter.next_step), kMostTextBytes);
  return matter;
}

// "2026-11-23 02:00 UTC"
std::string day_and_time(base::Instant time) {
  const std::string whole = base::format_rfc3339(time);
  return base::text(whole.substr(0, 10), " ", whole.substr(11, 5), " UTC");
}

base::Instant without_backup_since(const MailboxFact& mailbox) {
  constexpr base::Instant kAlways{};
  if (mailbox.last_good) return *mailbox.last_good;
  return mailbox.protected_since.value_or(kAlways);
}

std::string told_of(const MailboxFact& mailbox) {
  return base::text(mailbox.address, mailbox.last_good ? " (last " : " (never",
                    mailbox.last_good ? day_and_time(*mailbox.last_good) : std::string{},
                    "; promised within ", human_duration(mailbox.promised), ")");
}

Matter overdue_matter(const std::string& policy, const std::vector<const MailboxFact*>& mailboxes) {
  const std::size_t count = mailboxes.size();
  std::vector<std::string> named;
  for (const MailboxFact* mailbox : mailboxes) {
    if (named.size() == kNamed) break;
    named.push_back(told_of(*mailbox));
  }
  std::string message = base::enumerated(named);
  if (count > kNamed) message += base::text(", and ", human_count(count - kNamed), " more");
  // One mailbox that has been behind for weeks must not hide that all of them are now.
  std::uint64_t stage = 0;
  for (std::size_t rest = count; rest >= 10; rest /= 10) ++stage;
  return {.key = "overdue/" + policy,
          .kind = AlertKind::overdue,
          .severity = Severity::critical,
          .subject = base::text(counted(count, "mailbox"), " of policy ", policy,
                                count == 1 ? " has" : " have",
                                " had no good backup for longer than promised"),
          .message = std::move(message),
          .next_step =
              "`coffer mailboxes` tells why each is not protected; look at the problems "
              "of the last run, then run `coffer backup`",
          .stage = stage,
          .calm = std::chrono::hours{24}};
}

Matter run_matter(const RunFact& run) {
  const bool failed = run.end == JobEnd::failed;
  std::string message = base::text("It ended ", day_and_time(run.ended));
  if (run.problems > 0) message += base::text(" with ", counted(run.problems, "problem"));
  if (!run.error.empty()) message += base::text(": ", run.error);
  return {.key = "run/" + run.policy,
          .kind = AlertKind::run,
          .severity = failed ? Severity::critical : Severity::warning,
          .subject = base::text(run.title, failed ? " failed" : " left something undone"),
          .message = std::move(message),
          .next_step = failed ? "correct what the message names; the next run goes on from what is "
                                "stored"
                              : "look at the problems of the run; the next run tries again what "
                                "failed"};
}

// What nothing has looked at again without finding something; newest first.
std::vector<const VerificationFact*> unresolved(const std::vector<VerificationFact>& all) {
  std::vector<const VerificationFact*> found;
  for (const VerificationFact& each : all) {
    const auto resolves = [&](const VerificationFact& later) {
      return later.ended > each.ended && later.errors == 0 && later.whole &&
             covers(later.verification, each.verification);
    };
    if (each.errors > 0 && std::none_of(all.begin(), all.end(), resolves)) found.push_back(&each);
  }
  std::sort(found.begin(), found.end(),
            [](const auto* left, const auto* right) { return left->ended > right->ended; });
  return found;
}

// The check that ends the alert for what this one found.
Verification needed_after(Verification verification) {
  return verification == Verification::drill ? Verification::full : verification;
}

}  // namespace

std::string_view name(Severity severity) {
  return severity == Severity::critical ? "critical" : "warning";
}

std::string_view name(AlertKind kind) {
  const auto found = std::find_if(kKinds.begin(), kKinds.end(),
                                  [&](const auto& known) { return known.first == kind; });
  return found == kKinds.end() ? "" : found->second;
}

std::optional<AlertKind> alert_kind(std::string_view name) {
  const auto found = std::find_if(kKinds.begin(), kKinds.end(),
                                  [&](const auto& known) { return known.second == name; });
  if (found == kKinds.end()) return std::nullopt;
  return found->first;
}

std::string_view name(Verification verification) {
  switch (verification) {
    case Verification::structure:
      return "structure";
    case Verification::scrub:
      return "scrub";
    case Verification::full:
      return "full";
    case Verification::drill:
      return "drill";
  }
  return "";
}

bool covers(Verification later, Verification earlier) {
  if (later == Verification::full) return earlier != Verification::scrub;
  return later == earlier && later != Verification::drill;
}

std::vector<Matter> judge_runs(const std::vector<RunFact>& runs) {
  std::map<std::string, const RunFact*> last;
  for (const RunFact& run : runs) {
    if (run.end == JobEnd::interrupted || run.end == JobEnd::cancelled) continue;
    const RunFact*& known = last[run.policy];
    if (known == nullptr || known->ended <= run.ended) known = &run;
  }
  std::vector<Matter> matters;
  for (const auto& [policy, run] : last) {
    if (run->end != JobEnd::complete) matters.push_back(run_matter(*run));
  }
  return matters;
}

std::vector<Matter> judge_missed(const std::vector<MissedFact>& policies) {
  std::vector<Matter> matters;
  for (const MissedFact& fact : policies) {
    const std::size_t count = fact.missed.size();
    if (count == 0) continue;
    std::string message = base::text(counted(count, "run"), count == 1 ? " was" : " were",
                                     " missed: due ", day_and_time(fact.missed.front()));
    if (count > 1)
      message += base::text(count > 2 ? ", …, " : ", ", day_and_time(fact.missed.back()));
    matters.push_back(
        {.key = "missed_run/" + fact.policy,
         .kind = AlertKind::missed_run,
         .severity = Severity::critical,
         .subject = base::text("Policy ", fact.policy, " did not run when it was due"),
         .message = std::move(message),
         .next_step = base::text("see that `coffer serve` runs at those times, and whether another "
                                 "run or its window kept it back; `coffer backup --policy ",
                                 fact.policy, "` runs it now")});
  }
  return matters;
}

std::vector<Matter> judge_mailboxes(const std::vector<MailboxFact>& mailboxes, base::Instant now) {
  std::map<std::string, std::vector<const MailboxFact*>> overdue;
  for (const MailboxFact& mailbox : mailboxes) {
    if (mailbox.promised <= base::Duration{0}) continue;  // nothing is promised
    if (now - without_backup_since(mailbox) > mailbox.promised) {
      overdue[mailbox.policy].push_back(&mailbox);
    }
  }
  std::vector<Matter> matters;
  for (auto& [policy, those] : overdue) {
    std::sort(those.begin(), those.end(), [](const auto* left, const auto* right) {
      return std::pair{without_backup_since(*left), left->address} <
             std::pair{without_backup_since(*right), right->address};
    });
    matters.push_back(overdue_matter(policy, those));
  }
  return matters;
}

std::vector<Matter> judge_verifications(const std::vector<VerificationFact>& verifications) {
  const auto found = unresolved(verifications);
  if (found.empty()) return {};
  std::vector<std::string> told;
  std::vector<std::string> needed;
  std::set<Verification> seen;
  for (const VerificationFact* each : found) {
    if (!seen.insert(each->verification).second) continue;  // the newest of its kind is enough
    told.push_back(base::text(
        each->verification == Verification::drill ? "a drill" : "a check (",
        each->verification == Verification::drill ? std::string_view{} : name(each->verification),
        each->verification == Verification::drill ? "" : ")", " that ended ",
        day_and_time(each->ended), " found ", counted(each->errors, "error"),
        each->healed > 0 ? base::text(" and healed ", human_count(each->healed)) : std::string{}));
    const std::string command =
        base::text("`coffer check --level ", name(needed_after(each->verification)), "`");
    if (std::find(needed.begin(), needed.end(), command) == needed.end()) needed.push_back(command);
  }
  std::string message = base::enumerated(told);
  message.front() = 'A';
  return {
      {.key = "damage",
       .kind = AlertKind::damage,
       .severity = Severity::critical,
       .subject = "Damage was found in the store",
       .message = std::move(message),
       .next_step = base::text("`coffer check --repair` makes whole what can be, and tells what "
                               "is lost; without errors, ",
                               base::enumerated(needed), " ends this alert")}};
}

std::vector<Matter> judge_store_access(std::string_view problem) {
  if (problem.empty()) return {};
  return {{.key = "store_unavailable",
           .kind = AlertKind::store_unavailable,
           .severity = Severity::critical,
           .subject = "The store cannot be opened: nothing is backed up",
           .message = std::string{problem},
           .next_step = "correct what the message names; `coffer doctor` tells what is ready"}};
}

std::vector<Matter> judge_retention(const std::vector<RetentionFact>& waiting) {
  std::vector<Matter> matters;
  for (const RetentionFact& fact : waiting) {
    matters.push_back(
        {.key = "retention/" + fact.policy,
         .kind = AlertKind::retention,
         .severity = Severity::warning,
         .subject = base::text("Retention of policy ", fact.policy, " waits to be confirmed"),
         .message = base::text(human_count(fact.would_go), " of ",
                               counted(fact.restore_points, "restore point"),
                               " would go at once; nothing is forgotten until somebody agrees"),
         .next_step = base::text("`coffer forget --policy ", fact.policy,
                                 " --dry-run` tells which would go, `--confirm` instead agrees")});
  }
  return matters;
}

Judgement judge(const AlertFacts& facts, const IsOpen& is_open, base::Instant now) {
  Judgement judgement;
  const auto take = [&](AlertKind kind, const auto& known, const auto& judge_known) {
    if (!known) {
      judgement.unknown.insert(kind);
      return;
    }
    for (Matter& matter : judge_known(*known)) {
      judgement.matters.push_back(bounded(std::move(matter)));
    }
  };
  take(AlertKind::run, facts.runs, judge_runs);
  take(AlertKind::missed_run, facts.missed, judge_missed);
  take(AlertKind::overdue, facts.mailboxes,
       [&](const auto& known) { return judge_mailboxes(known, now); });
  take(AlertKind::damage, facts.verifications, judge_verifications);
  take(AlertKind::store_filling, facts.store,
       [&](const auto& known) { return judge_store(known, is_open); });
  take(AlertKind::credential_expiry, facts.credentials,
       [&](const auto& known) { return judge_credentials(known, now); });
  take(AlertKind::throttling, facts.throttling,
       [&](const auto& known) { return judge_throttling(known, is_open); });
  take(AlertKind::mass_change, facts.changes,
       [&](const auto& known) { return judge_changes(known, is_open); });
  take(AlertKind::clock_skew, facts.clocks,
       [&](const auto& known) { return judge_clocks(known, is_open); });
  take(AlertKind::store_unavailable, facts.store_problem, judge_store_access);
  take(AlertKind::retention, facts.retention, judge_retention);
  return judgement;
}

Matter test_matter() {
  return {.key = "test",
          .kind = AlertKind::test,
          .severity = Severity::warning,
          .subject = "This is a test alert",
          .message = "Somebody asked coffer to send it. Nothing is wrong.",
          .next_step = "nothing is to be done: alerts reach you here"};
}

}  // namespace jobs
