// A few things of a mailbox, to try something with.
#pragma once

#include "src/base/error.h"
#include "src/graph/directory.h"
#include "src/graph/mailbox_service.h"

#include <cstddef>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace appliance {

struct SampledMailbox {
  graph::User user;
  graph::MailboxId mailbox;
};

// What asking some accounts for their mailboxes showed.
struct SampledAccounts {
  std::optional<SampledMailbox> primary;
  std::optional<SampledMailbox> shared;
  std::size_t asked = 0;
  std::map<std::string, std::size_t> without_mailbox;  // by the service's code
  // What ended it early, and whose mailbox was asked for then.
  std::optional<base::Error> failure;
  std::string failed_at;
};

// Asks `most` accounts at most. Shared mailboxes are those of disabled accounts, as a rule: these
// take turns with the others. Throws Error(cancelled) only.
SampledAccounts sample_accounts(graph::Directory& directory, const std::vector<graph::User>& users,
                                std::size_t most, std::stop_token stop);

// All of the mailbox, the inbox first: it is the likeliest to hold anything.
std::vector<graph::Folder> folders_of(graph::MailboxService& service,
                                      const graph::MailboxId& mailbox, std::stop_token stop);

// Items that the folder tells of first, `count` at most; the rest of the listing is not waited for.
std::vector<graph::Item> first_items(graph::MailboxService& service,
                                     const graph::MailboxId& mailbox, const std::string& folder_id,
                                     std::size_t count, std::stop_token stop);

}  // namespace appliance
