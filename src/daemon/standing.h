// How the appliance stands, in a sentence, and what to do next. Pure.
#pragma once

#include "src/base/clock.h"

#include <cstdint>
#include <optional>
#include <string>

namespace appliance {

struct StandingFacts {
  base::Instant now;
  std::uint64_t damage = 0;   // errors that the newest checks found
  std::string store_problem;  // why the store cannot be used; empty if it can
  bool is_store_full = false;
  std::optional<base::Instant> full_on;

  bool has_looked = false;  // at all tenants, once
  std::uint64_t protected_mailboxes = 0;
  std::uint64_t at_risk = 0;
  std::uint64_t unselected = 0;      // no policy selects them, or nobody can tell their mailbox
  std::uint64_t without_backup = 0;  // a policy selects them, and they have no good backup
  std::string an_unprotected;        // one of the last two, and why
  std::string an_unprotected_reason;
  std::string an_at_risk;                    // the one whose last good backup is oldest
  std::optional<base::Instant> oldest_good;  // of it; or of all, where none is at risk

  bool has_backed_up = false;    // a backup has ended once
  bool last_run_failed = false;  // it was not complete
  std::string last_run;          // "Backup of policy nightly"
  std::optional<base::Instant> last_run_ended;
  std::uint64_t last_run_problems = 0;
  std::string last_run_error;  // why as a whole; may be empty
  bool has_schedule = false;
  std::optional<base::Instant> next_run;
  std::uint64_t alerts_open = 0;
};

struct Standing {
  enum class State : std::uint8_t { good, warning, bad };
  State state = State::good;
  std::string sentence;
  std::string action;  // empty: there is nothing to do
};

std::string_view name(Standing::State state);

// What an admin must read first: damage, then a store that is full or closed, then who is not
// protected, a run that failed, who is at risk, that nothing was backed up yet. The first of them
// that is the case has the sentence.
Standing standing_of(const StandingFacts& facts);

}  // namespace appliance
