// A few things of a mailbox, to try something with.
#pragma once

#include "src/graph/mailbox_service.h"

#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

namespace appliance {

// All of the mailbox, the inbox first: it is the likeliest to hold anything.
std::vector<graph::Folder> folders_of(graph::MailboxService& service,
                                      const graph::MailboxId& mailbox, std::stop_token stop);

// Items that the folder tells of first, `count` at most; the rest of the listing is not waited for.
std::vector<graph::Item> first_items(graph::MailboxService& service,
                                     const graph::MailboxId& mailbox, const std::string& folder_id,
                                     std::size_t count, std::stop_token stop);

}  // namespace appliance
