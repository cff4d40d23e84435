#include "src/daemon/standing.h"

#include "src/base/text.h"
#include "src/jobs/progress.h"

namespace appliance {
namespace {

using base::text;
using State = Standing::State;

constexpr base::Duration kFullSoon = std::chrono::days{14};

std::string mailboxes(std::uint64_t count) {
  if (count == 1) return "1 mailbox";
  return text(jobs::human_count(count), " mailboxes");
}

std::string age(base::Instant then, base::Instant now) {
  const base::Duration old = now > then ? now - then : base::Duration{0};
  if (old < std::chrono::days{3}) return jobs::human_duration(old);
  return text(std::chrono::floor<std::chrono::days>(old).count(), " days");
}

std::string day(base::Instant time) { return base::format_rfc3339(time).substr(0, 10); }

Standing store_trouble(const StandingFacts& facts) {
  if (facts.is_store_full) {
    return {State::bad, "The store is full: nothing more is backed up.",
            "Give the store's disk more space, or remove restore points and run "
            "`coffer prune --delete-only`."};
  }
  return {State::bad, text("The store is closed: ", facts.store_problem, "."),
          "Restore what keeps it from opening; nothing is backed up until then."};
}

Standing unprotected(const StandingFacts& facts) {
  const std::uint64_t count =
      facts.unselected + (facts.has_backed_up ? facts.without_backup : std::uint64_t{0});
  std::string which;
  if (count == 1 && !facts.an_unprotected.empty()) {
    which = text(facts.an_unprotected, " is not protected: ", facts.an_unprotected_reason, ".");
  } else {
    which = text(mailboxes(count), count == 1 ? " is" : " are", " not protected.");
  }
  if (facts.unselected > 0) {
    return {State::bad, which,
            "Put the mailboxes that no policy selects under a policy, or exclude them."};
  }
  return {State::bad, which, "Look at what the last backup says of them, and back them up."};
}

Standing failed_run(const StandingFacts& facts) {
  std::string sentence = text(facts.last_run, " did not end well");
  if (facts.last_run_ended) sentence += text(" ", age(*facts.last_run_ended, facts.now), " ago");
  if (!facts.last_run_error.empty()) {
    sentence += text(": ", facts.last_run_error);
  } else if (facts.last_run_problems > 0) {
    sentence += text(": ", jobs::counted(facts.last_run_problems, "problem"));
  }
  return {State::warning, sentence + ".",
          "Read the problems of the run; what failed is tried again by the next one."};
}

Standing at_risk(const StandingFacts& facts) {
  std::string sentence = text(mailboxes(facts.at_risk), facts.at_risk == 1 ? " has" : " have",
                              " no backup as young as promised");
  if (facts.oldest_good && !facts.an_at_risk.empty()) {
    sentence += text("; the oldest is ", facts.an_at_risk, "'s, ",
                     age(*facts.oldest_good, facts.now), " old");
  }
  return {State::warning, sentence + ".",
          "Look whether the runs came when they should have, and back the mailboxes up."};
}

Standing nothing_yet(const StandingFacts& facts) {
  if (!facts.has_looked) {
    return {State::warning,
            "The tenant has not been looked through yet: nobody knows who is there.",
            "Run `coffer doctor`: it says what is missing."};
  }
  std::string sentence = text("No backup has been made yet of ", mailboxes(facts.without_backup));
  if (facts.next_run) {
    sentence += text("; the first begins at ", base::format_rfc3339(*facts.next_run));
  }
  return {State::warning, sentence + ".",
          facts.next_run ? "Wait for it, or start a backup now."
                         : "Start a backup, and give the policy a schedule."};
}

Standing good(const StandingFacts& facts) {
  if (facts.protected_mailboxes == 0) {
    return {State::warning, "There is no mailbox to protect.",
            "Look whether the policies and the app's access mean the right mailboxes."};
  }
  std::string sentence = facts.protected_mailboxes == 1
                             ? std::string{"The mailbox is protected"}
                             : text("All ", mailboxes(facts.protected_mailboxes), " are protected");
  if (facts.oldest_good) {
    sentence += text("; the oldest good backup is ", age(*facts.oldest_good, facts.now), " old");
  }
  sentence += ".";
  if (facts.full_on && *facts.full_on < facts.now + kFullSoon) {
    return {State::warning,
            text(sentence, " The store's disk will be full on ", day(*facts.full_on), "."),
            "Give it more space, or keep less."};
  }
  if (facts.alerts_open > 0) {
    return {State::warning,
            text(sentence, " ", jobs::counted(facts.alerts_open, "alert"),
                 facts.alerts_open == 1 ? " is" : " are", " open."),
            "Read the open alerts."};
  }
  if (!facts.has_schedule) {
    return {State::warning, text(sentence, " Nothing is scheduled."),
            "Give the policies a schedule: backups then come by themselves."};
  }
  return {State::good, sentence, ""};
}

}  // namespace

std::string_view name(Standing::State state) {
  switch (state) {
    case State::good:
      return "good";
    case State::warning:
      return "warning";
    case State::bad:
      return "bad";
  }
  return "bad";
}

Standing standing_of(const StandingFacts& facts) {
  if (facts.damage > 0) {
    return {State::bad,
            text("The store is damaged: ", jobs::counted(facts.damage, "error"), " found."),
            "Run `coffer check --repair`, then a backup, and look at the disk."};
  }
  if (facts.is_store_full || !facts.store_problem.empty()) return store_trouble(facts);
  const bool lacks_backups = facts.has_backed_up && facts.without_backup > 0;
  if (facts.unselected > 0 || lacks_backups) return unprotected(facts);
  if (facts.last_run_failed) return failed_run(facts);
  if (facts.at_risk > 0) return at_risk(facts);
  if (!facts.has_looked || facts.without_backup > 0) return nothing_yet(facts);
  return good(facts);
}

}  // namespace appliance
