// Matters that begin beyond a threshold.
#include "src/base/text.h"
#include "src/jobs/alerts.h"
#include "src/jobs/progress.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <utility>

namespace jobs {
namespace {

// A matter begins at the first and ends at the second of each pair.
constexpr double kFreeShareBegin = 0.10;
constexpr double kFreeShareEnd = 0.12;
constexpr double kDaysLeftBegin = 14;
constexpr double kDaysLeftEnd = 21;
constexpr double kThrottledBegin = 0.25;
constexpr double kThrottledEnd = 0.20;
constexpr base::Duration kSkewBegin = std::chrono::minutes{2};
constexpr base::Duration kSkewEnd = std::chrono::minutes{1};

constexpr double kChangedShare = 0.30;
constexpr std::uint64_t kLeastChanged = 200;
constexpr std::size_t kMostSingly = 10;

constexpr base::Duration kDay = std::chrono::hours{24};

std::string percent(double share) { return base::text(std::lround(share * 100), " %"); }

std::string with_capital(std::string text) {
  if (!text.empty()) {
    text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  }
  return text;
}

struct ExpiryStage {
  std::uint64_t stage = 0;
  base::Duration left;
};
constexpr ExpiryStage kExpiryStages[] = {
    {4, base::Duration{0}}, {3, kDay}, {2, 7 * kDay}, {1, 30 * kDay}};

Matter credential_matter(const CredentialFact& credential, std::uint64_t stage, base::Instant now) {
  const std::string name = with_capital(credential.name);
  const auto days = std::chrono::ceil<std::chrono::days>(credential.ends - now).count();
  const bool ended = credential.ends <= now;
  return {
      .key = base::text("credential_expiry/", credential.name, "/",
                        base::format_rfc3339(credential.ends)),
      .kind = AlertKind::credential_expiry,
      .severity = stage >= 3 ? Severity::critical : Severity::warning,
      .subject = ended ? base::text(name, " has ended")
                       : base::text(name, " ends in ", days, days == 1 ? " day" : " days"),
      .message = base::text(ended ? "It ended " : "It ends ", base::format_rfc3339(credential.ends),
                            "; without it nothing can sign in."),
      .next_step = "register a new one, then put it into the configuration",
      .stage = stage};
}

bool is_mass_change(const ChangeFact& fact) {
  const std::uint64_t touched = fact.removed + fact.changed;
  return touched >= kLeastChanged &&
         static_cast<double>(touched) > kChangedShare * static_cast<double>(fact.items_before);
}

std::string what_changed(const ChangeFact& fact) {
  return base::text("of ", counted(fact.items_before, "item"), " ", human_count(fact.removed),
                    " went and ", human_count(fact.changed), " changed");
}

constexpr const char* kLookAtChanges =
    "ask whether somebody meant it; `coffer diff` shows what changed between two restore points, "
    "`coffer restore` brings back what went, `coffer hold add` keeps the older ones from retention";

std::string single_key(const ChangeFact& fact) { return "mass_change/" + fact.mailbox; }

Matter single_change(const ChangeFact& fact) {
  return {.key = single_key(fact),
          .kind = AlertKind::mass_change,
          .severity = Severity::critical,
          .subject = base::text("Much of mailbox ", fact.mailbox, " changed or went"),
          .message = base::text("Between its last two restore points, the newest of ",
                                base::format_rfc3339(fact.time), ", ", what_changed(fact), "."),
          .next_step = kLookAtChanges};
}

Matter many_changes(std::string key, const std::vector<const ChangeFact*>& mailboxes) {
  std::vector<std::string> named;
  for (const ChangeFact* fact : mailboxes) {
    if (named.size() == kMostSingly) break;
    named.push_back(base::text(fact->mailbox, " (", what_changed(*fact), ")"));
  }
  std::string message = base::enumerated(named);
  if (mailboxes.size() > kMostSingly) {
    message += base::text(", and ", human_count(mailboxes.size() - kMostSingly), " more");
  }
  std::uint64_t stage = 0;
  for (std::size_t rest = mailboxes.size(); rest >= 10; rest /= 10) ++stage;
  return {.key = std::move(key),
          .kind = AlertKind::mass_change,
          .severity = Severity::critical,
          .subject = base::text("Much of ", counted(mailboxes.size(), "mailbox"), " of policy ",
                                mailboxes.front()->policy, " changed or went"),
          .message = std::move(message),
          .next_step = kLookAtChanges,
          .stage = stage,
          .calm = kDay};
}

}  // namespace

std::vector<Matter> judge_store(const StoreFact& store, const IsOpen& is_open) {
  if (store.capacity_bytes == 0) return {};
  const std::string key = "store_filling";
  const bool open = is_open(key);
  const double free = static_cast<double>(store.free_bytes);
  const double share = free / static_cast<double>(store.capacity_bytes);
  const double growth = store.growth_bytes_per_day.value_or(0);
  const bool nearly_full = share < (open ? kFreeShareEnd : kFreeShareBegin);
  const bool soon_full = growth > 0 && free < growth * (open ? kDaysLeftEnd : kDaysLeftBegin);
  if (!nearly_full && !soon_full) return {};
  std::string message =
      base::text(base::human_bytes(store.free_bytes), " of ",
                 base::human_bytes(store.capacity_bytes), " are free (", percent(share), ")");
  if (growth > 0) {
    message += base::text("; it grows by ", base::human_bytes(static_cast<std::uint64_t>(growth)),
                          " a day and is full in about ", std::lround(free / growth), " days");
  }
  return {{.key = key,
           .kind = AlertKind::store_filling,
           .severity = Severity::warning,
           .subject = nearly_full ? base::text("The store's disk is nearly full: ", percent(share),
                                               " are free")
                                  : base::text("The store's disk will be full within ",
                                               std::lround(std::ceil(free / growth)), " days"),
           .message = std::move(message),
           .next_step = "make the disk larger, or keep less: `coffer forget --dry-run` tells what "
                        "retention lets go, `coffer prune` frees it"}};
}

std::vector<Matter> judge_credentials(const std::vector<CredentialFact>& credentials,
                                      base::Instant now) {
  std::vector<Matter> matters;
  for (const CredentialFact& credential : credentials) {
    for (const ExpiryStage& each : kExpiryStages) {
      if (credential.ends - now > each.left) continue;
      matters.push_back(credential_matter(credential, each.stage, now));
      break;
    }
  }
  return matters;
}

std::vector<Matter> judge_throttling(const std::vector<ThrottlingFact>& runs,
                                     const IsOpen& is_open) {
  std::vector<Matter> matters;
  for (const ThrottlingFact& fact : runs) {
    const double whole = static_cast<double>(fact.run.count()) *
                         static_cast<double>(std::max<std::uint64_t>(fact.side_by_side, 1));
    if (whole <= 0) continue;
    const double share = static_cast<double>(fact.throttled.count()) / whole;
    std::string key = "throttling/" + fact.policy;
    if (share <= (is_open(key) ? kThrottledEnd : kThrottledBegin)) continue;
    matters.push_back(
        {.key = std::move(key),
         .kind = AlertKind::throttling,
         .severity = Severity::warning,
         .subject = base::text("The service held up ", percent(share),
                               " of the last run of policy ", fact.policy),
         .message = base::text("The run took ", human_duration(fact.run), " with ",
                               counted(fact.side_by_side, "mailbox"), " side by side; they waited ",
                               human_duration(fact.throttled),
                               " together because the service told them to come later."),
         .next_step = "see whether other programs use the same mailboxes at that time; a longer "
                      "window or fewer 'concurrent_mailboxes' in [limits] make it calmer"});
  }
  return matters;
}

std::vector<Matter> judge_changes(const std::vector<ChangeFact>& mailboxes, const IsOpen& is_open) {
  // By policy and day.
  std::map<std::pair<std::string, std::string>, std::vector<const ChangeFact*>> groups;
  for (const ChangeFact& fact : mailboxes) {
    if (!is_mass_change(fact)) continue;
    groups[{fact.policy, base::format_rfc3339(fact.time).substr(0, 10)}].push_back(&fact);
  }
  std::vector<Matter> matters;
  for (auto& [group, facts] : groups) {
    std::string many = base::text("mass_change/many/", group.first, "/", group.second);
    const bool together = facts.size() > kMostSingly || is_open(many);
    std::vector<const ChangeFact*> others;
    for (const ChangeFact* fact : facts) {
      // What was told singly stays told singly.
      if (together && !is_open(single_key(*fact))) {
        others.push_back(fact);
      } else {
        matters.push_back(single_change(*fact));
      }
    }
    if (!others.empty()) matters.push_back(many_changes(std::move(many), others));
  }
  return matters;
}

std::vector<Matter> judge_clocks(const std::vector<ClockFact>& clocks, const IsOpen& is_open) {
  const std::string key = "clock_skew";
  const auto size = [](const ClockFact& fact) { return std::chrono::abs(fact.skew); };
  const auto worst = std::max_element(
      clocks.begin(), clocks.end(),
      [&](const auto& left, const auto& right) { return size(left) < size(right); });
  if (worst == clocks.end() || size(*worst) <= (is_open(key) ? kSkewEnd : kSkewBegin)) return {};
  return {{.key = key,
           .kind = AlertKind::clock_skew,
           .severity = Severity::warning,
           .subject = base::text("This machine's clock is ", human_duration(size(*worst)),
                                 worst->skew < base::Duration{0} ? " ahead of" : " behind",
                                 " the service's"),
           .message = base::text("Seen when signing in to tenant ", worst->tenant,
                                 "; beyond 5 minutes the service refuses certificates."),
           .next_step = "let this machine's clock be set by NTP"}};
}

}  // namespace jobs
