#include "src/daemon/census_rules.h"

#include "src/base/text.h"
#include "src/graph/directory.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace appliance {
namespace {

// Discovery's names for what is no account, and for accounts that are gone.
constexpr std::string_view kAccountGone = "AccountGone";

bool did_not_answer(const backup::Unprotectable& account) {
  if (account.failure) return *account.failure != base::ErrorKind::not_found;
  using Kind = base::ErrorKind;
  for (const Kind kind : {Kind::unavailable, Kind::denied, Kind::protocol}) {
    if (account.code == base::name(kind)) return true;
  }
  return false;
}

std::string reason_of(const backup::Unprotectable& account) {
  if (account.code.empty() || account.code == kAccountGone) return account.reason;
  return base::text(account.reason, " (", account.code, ")");
}

std::string excluding_policy(const backup::Mailbox& mailbox,
                             const std::vector<backup::NamedPolicy>& policies,
                             const backup::GroupMembers& members) {
  for (const backup::NamedPolicy& policy : policies) {
    backup::Selection included = policy.selection;
    included.exclude.clear();
    if (backup::selects(included, mailbox.user, mailbox.purpose, members)) return policy.name;
  }
  return {};
}

SeenAccount seen(const backup::Mailbox& mailbox, const std::vector<backup::NamedPolicy>& policies,
                 const backup::GroupMembers& members) {
  SeenAccount account;
  account.user_id = mailbox.user.id;
  account.mailbox_id = mailbox.id.value;
  account.address = mailbox.address;
  account.display_name = mailbox.user.display_name;
  account.purpose = graph::name(mailbox.purpose);
  account.policy = mailbox.policy;
  if (mailbox.policy.empty()) account.excluded_by = excluding_policy(mailbox, policies, members);
  return account;
}

SeenAccount seen(const backup::Unprotectable& nobody) {
  SeenAccount account;
  account.kind = nobody.failure ? SeenAccount::Kind::missing : SeenAccount::Kind::unsupported;
  account.user_id = nobody.user.id;
  account.address = nobody.address;
  account.display_name = nobody.user.display_name;
  account.reason = reason_of(nobody);
  return account;
}

// What stays the same from look to look; of what is no account, its words.
std::string identity(const SeenAccount& account) {
  return account.user_id.empty() ? base::to_lower(account.address) : account.user_id;
}

void judge(CountedMailbox& counted, const StoredMailbox* stored, base::Instant now) {
  if (counted.policy.empty()) {
    counted.reason = "no policy selects it";
  } else if (stored == nullptr || stored->points == 0) {
    counted.reason = "not backed up yet";
  } else if (!counted.last_good) {
    counted.reason = "no complete backup yet";
  } else if (counted.promised && now - *counted.last_good > *counted.promised) {
    counted.protection = Protection::at_risk;
    counted.reason = "its last good backup is older than promised";
  } else {
    counted.protection = Protection::is_protected;
  }
}

void add_stored(CountedMailbox& counted, const StoredMailbox& stored) {
  counted.mailbox_id = stored.newest.mailbox_id;
  counted.stored_under = stored.tenants;
  counted.last_good = stored.last_good;
  counted.snapshots = stored.points;
  counted.items = stored.newest.items;
  counted.bytes = stored.newest.bytes;
  counted.held = stored.held;
}

CountedMailbox counted_account(const std::string& tenant, const SeenAccount& account,
                               const StoredMailbox* stored, const PromisedAge& promised_age,
                               base::Instant now) {
  CountedMailbox counted;
  counted.tenant = tenant;
  counted.mailbox_id = account.mailbox_id;
  counted.address = account.address;
  counted.display_name = account.display_name;
  counted.purpose = account.purpose;
  counted.policy = account.policy;
  counted.seen_first = account.seen_first;
  if (stored != nullptr) add_stored(counted, *stored);
  switch (account.kind) {
    case SeenAccount::Kind::unsupported:
      counted.protection = Protection::unsupported;
      counted.reason = account.reason;
      return counted;
    case SeenAccount::Kind::missing:
      counted.reason = account.reason;
      return counted;
    case SeenAccount::Kind::mailbox:
      break;
  }
  if (account.policy.empty() && !account.excluded_by.empty()) {
    counted.protection = Protection::excluded;
    counted.reason = base::text("policy ", account.excluded_by, " leaves it out");
    return counted;
  }
  if (!account.policy.empty()) counted.promised = promised_age(account.policy);
  judge(counted, stored, now);
  return counted;
}

// Of a mailbox that no look tells of.
CountedMailbox counted_stored(const StoredMailbox& stored, bool is_configured,
                              const std::optional<base::Instant>& looked,
                              const PromisedAge& promised_age, base::Instant now) {
  CountedMailbox counted;
  counted.tenant = stored.newest.tenant.name;
  counted.address = stored.newest.address;
  counted.display_name = stored.newest.display_name;
  counted.purpose = stored.newest.purpose;
  add_stored(counted, stored);
  if (!is_configured) {
    counted.protection = Protection::unsupported;
    counted.reason = base::text("tenant ", counted.tenant, " is not configured any more");
    return counted;
  }
  if (looked && stored.newest.time < *looked) {
    counted.protection = Protection::unsupported;
    counted.reason = "the directory has no account with this mailbox any more";
    return counted;
  }
  // Backed up since the last look, or before the first.
  counted.policy = stored.newest.policy;
  if (!counted.policy.empty()) counted.promised = promised_age(counted.policy);
  judge(counted, &stored, now);
  return counted;
}

}  // namespace

std::vector<SeenAccount> accounts_seen(const backup::Discovery& found,
                                       const std::vector<backup::NamedPolicy>& policies,
                                       const backup::GroupMembers& members,
                                       const std::vector<SeenAccount>& before, base::Instant now) {
  std::map<std::string, const SeenAccount*> known;
  for (const SeenAccount& account : before) known.emplace(identity(account), &account);
  std::vector<SeenAccount> accounts;
  const auto add = [&](SeenAccount account, bool has_answered) {
    const auto old = known.find(identity(account));
    account.seen_first = old == known.end() ? now : old->second->seen_first;
    const bool keeps_old = !has_answered && old != known.end();
    accounts.push_back(keeps_old ? *old->second : std::move(account));
  };
  for (const backup::Mailbox& mailbox : found.mailboxes) {
    add(seen(mailbox, policies, members), true);
  }
  for (const backup::Unprotectable& account : found.unprotectable) {
    add(seen(account), !did_not_answer(account));
  }
  return accounts;
}

StoredMailboxes stored_mailboxes(const std::vector<store::Snapshot>& points,
                                 const std::vector<store::Hold>& holds) {
  StoredMailboxes mailboxes;
  for (const store::Snapshot& point : points) {
    StoredMailbox& mailbox = mailboxes[point.mailbox_id];
    if (mailbox.points == 0 || mailbox.newest.time <= point.time) mailbox.newest = point;
    ++mailbox.points;
    if (point.complete && (!mailbox.last_good || *mailbox.last_good < point.time)) {
      mailbox.last_good = point.time;
    }
    if (std::ranges::find(mailbox.tenants, point.tenant.name) == mailbox.tenants.end()) {
      mailbox.tenants.push_back(point.tenant.name);
    }
  }
  for (const store::Hold& hold : holds) {
    const auto held = mailboxes.find(hold.mailbox_id);
    if (held != mailboxes.end()) held->second.held = true;
  }
  return mailboxes;
}

std::vector<CountedMailbox> counted_mailboxes(const std::vector<SeenTenant>& looks,
                                              const std::vector<std::string>& tenants,
                                              const StoredMailboxes& stored,
                                              const PromisedAge& promised_age, base::Instant now) {
  // Accounts that are gone, and did not say what their mailbox was, are found by their address.
  std::map<std::string, const StoredMailbox*> by_address;
  for (const auto& [id, mailbox] : stored) {
    const StoredMailbox*& known = by_address[base::to_lower(mailbox.newest.address)];
    if (known == nullptr || known->newest.time < mailbox.newest.time) known = &mailbox;
  }
  std::map<std::string, std::optional<base::Instant>> looked;
  std::set<std::string> told;
  std::vector<CountedMailbox> counted;
  for (const SeenTenant& tenant : looks) {
    if (std::ranges::find(tenants, tenant.name) == tenants.end()) continue;
    looked[tenant.name] = tenant.looked;
    for (const SeenAccount& account : tenant.accounts) told.insert(account.mailbox_id);
    for (const SeenAccount& account : tenant.accounts) {
      const StoredMailbox* of_it = nullptr;
      if (const auto found = stored.find(account.mailbox_id); found != stored.end()) {
        of_it = &found->second;
      } else if (account.mailbox_id.empty()) {
        const auto same = by_address.find(base::to_lower(account.address));
        const bool is_free = same != by_address.end() && same->second != nullptr &&
                             told.insert(same->second->newest.mailbox_id).second;
        if (is_free) of_it = same->second;
      }
      counted.push_back(counted_account(tenant.name, account, of_it, promised_age, now));
    }
  }
  for (const auto& [id, mailbox] : stored) {
    if (told.contains(id)) continue;
    const std::string& tenant = mailbox.newest.tenant.name;
    const bool is_configured = std::ranges::find(tenants, tenant) != tenants.end();
    counted.push_back(counted_stored(mailbox, is_configured, looked[tenant], promised_age, now));
  }
  std::ranges::sort(counted, [](const CountedMailbox& left, const CountedMailbox& right) {
    return std::tie(left.address, left.mailbox_id, left.tenant) <
           std::tie(right.address, right.mailbox_id, right.tenant);
  });
  return counted;
}

std::optional<base::Instant> first_change(const std::vector<CountedMailbox>& mailboxes) {
  std::optional<base::Instant> first;
  for (const CountedMailbox& mailbox : mailboxes) {
    if (mailbox.protection != Protection::is_protected || !mailbox.promised) continue;
    const base::Instant end = *mailbox.last_good + *mailbox.promised + base::Duration{1};
    if (!first || end < *first) first = end;
  }
  return first;
}

}  // namespace appliance
