// Paths of the mailbox API, and what its answers say about a mailbox as a whole.
#pragma once

#include "src/graph/mailbox_service.h"
#include "src/graph/service_error.h"

#include <string>
#include <string_view>

namespace graph {

// "MBX:...@..." for a URL, with ':' and '@' bare as the documentation writes them.
std::string encoded_mailbox_id(std::string_view mailbox_id);
// "/admin/exchange/mailboxes/MBX:...@..."
std::string mailbox_path(const MailboxId& mailbox);
// ".../folders/AAMk...%3D"
std::string folder_path(const MailboxId& mailbox, std::string_view folder_id);
std::string item_path(const MailboxId& mailbox, std::string_view folder_id,
                      std::string_view item_id);

// Whether there is no such mailbox (any more).
bool says_mailbox_gone(const ServiceError& error);
// Error(not_found) with the service's words if so.
void throw_if_mailbox_gone(const ServiceError& error);

}  // namespace graph
