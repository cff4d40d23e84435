// What a look at a tenant found, and what that and the store say of each mailbox. Pure.
#pragma once

#include "src/backup/discovery.h"
#include "src/backup/selection.h"
#include "src/base/clock.h"
#include "src/daemon/census.h"
#include "store/retention.h"
#include "store/snapshot.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace appliance {

// One account as a look found it.
struct SeenAccount {
  enum class Kind : std::uint8_t {
    mailbox,      // has one that the service exports
    unsupported,  // has none, for `reason`
    missing,      // a policy asks for it, and for `reason` nobody can tell its mailbox
  };
  Kind kind = Kind::mailbox;
  std::string user_id;  // of the directory; empty for what is no account
  std::string mailbox_id;
  std::string address;
  std::string display_name;
  std::string purpose;
  std::string policy;
  std::string excluded_by;  // the policy that leaves it out, where none selects it
  std::string reason;
  base::Instant seen_first;

  bool operator==(const SeenAccount&) const = default;
};

// All looks at one tenant, the last on top.
struct SeenTenant {
  std::string name;
  std::vector<SeenAccount> accounts;
  std::optional<base::Instant> looked;  // when it last told
  std::string problem;                  // why it did not tell since; empty if it did
};

// `before`: what the look before found. Accounts that did not answer keep what it found of them.
std::vector<SeenAccount> accounts_seen(const backup::Discovery& found,
                                       const std::vector<backup::NamedPolicy>& policies,
                                       const backup::GroupMembers& members,
                                       const std::vector<SeenAccount>& before, base::Instant now);

// What the store holds of one mailbox.
struct StoredMailbox {
  store::Snapshot newest;
  std::vector<std::string> tenants;  // whose names its restore points bear
  std::uint64_t points = 0;
  std::optional<base::Instant> last_good;
  bool held = false;
};
// By mailbox id.
using StoredMailboxes = std::map<std::string, StoredMailbox>;
StoredMailboxes stored_mailboxes(const std::vector<store::Snapshot>& points,
                                 const std::vector<store::Hold>& holds);

using PromisedAge = std::function<std::optional<base::Duration>(const std::string& policy)>;

// Every account of the looks, and every mailbox of the store that none of them tells of; ordered by
// address. `tenants`: the configured ones.
std::vector<CountedMailbox> counted_mailboxes(const std::vector<SeenTenant>& looks,
                                              const std::vector<std::string>& tenants,
                                              const StoredMailboxes& stored,
                                              const PromisedAge& promised_age, base::Instant now);

// When the first of them that is protected now no longer is, if nothing is backed up until then.
std::optional<base::Instant> first_change(const std::vector<CountedMailbox>& mailboxes);

}  // namespace appliance
