// The mailboxes of a tenant, protected or not, and why not. Nobody is left out silently.
#pragma once

#include "src/backup/selection.h"
#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/graph/directory.h"
#include "store/repository.h"

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace backup {

struct NamedPolicy {
  std::string name;
  Selection selection;
};

struct Mailbox {
  graph::User user;
  std::string address;
  graph::MailboxId id;
  graph::MailboxPurpose purpose = graph::MailboxPurpose::unknown;
  base::Instant purpose_seen;  // when the service last told it
  std::string policy;          // the first that selects it; empty if none does
  std::size_t rank = 0;
};

// An account without a mailbox that could be protected, or an entry of a policy that means nobody.
struct Unprotectable {
  graph::User user;
  std::string address;
  std::string code;
  std::string reason;
  // Set if that may not be the last word, and a policy (or who named it) asks for it: the service
  // did not answer, refused, or knows nobody of that name. A backup without it is not complete.
  std::optional<base::ErrorKind> failure;
  std::vector<std::string> policies;  // with `failure`: all that may want it
};

struct Discovery {
  std::vector<Mailbox> mailboxes;  // in the order of the policies
  std::vector<Unprotectable> unprotectable;
};

struct DiscoverySettings {
  store::TenantDomain tenant;
  std::vector<NamedPolicy> policies;
  // Empty: the whole tenant. Else only these addresses, principal names or directory ids; one that
  // the tenant does not have is Error(not_found).
  std::vector<std::string> only;
  // What an earlier run learned of a mailbox (id, purpose) is believed for so long; a quiet night
  // then costs no request per mailbox for it.
  base::Duration believed_for = std::chrono::hours{24 * 7};
  // Accounts that are asked about side by side.
  std::size_t lanes = 8;
};

// What the notes beside a snapshot say of its mailbox.
struct Remembered {
  std::string user_id;  // the account: addresses change hands
  base::Instant purpose_seen;
};
using Recall = std::function<std::optional<Remembered>(const store::Snapshot&)>;

// Reads the notes of snapshots in the repository, which outlives the result.
Recall recall_from(store::Repository& repository);

// `known`: the newest snapshot of each mailbox. Without `recall` nothing is believed: each account
// is asked about.
//
// A mailbox that is known and whose account is not in the directory any more stands among the
// unprotectable, and so does an included address or group that the tenant does not have. An account
// that the service would not tell about is reported there too, unless it is remembered; if none can
// be asked about, the service's error is thrown.
Discovery discover(graph::Directory& directory, const DiscoverySettings& settings,
                   const std::vector<store::Snapshot>& known, base::Clock& clock,
                   std::stop_token stop, const Recall& recall = {});

}  // namespace backup
