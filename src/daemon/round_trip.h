// A sample of a mailbox on its way out and back: shows that what is backed up in this tenant can be
// restored into it, before anybody needs it.
#pragma once

#include "src/daemon/readiness.h"
#include "src/graph/mailbox_service.h"

#include <stop_token>
#include <string>

namespace appliance {

// Up to five items of the mailbox, none above 8 MiB, are exported, imported into a new folder below
// the mailbox's root, exported from there again and compared byte by byte. The folder is removed
// again, also if something failed or `stop` came; one of that name that was there is left alone.
// Told as one check of that name, and as another if the folder stays. Throws Error(cancelled) only.
void check_round_trip(graph::MailboxService& service, const graph::MailboxId& mailbox,
                      const std::string& check_name, const std::string& folder_name,
                      const OnCheck& on_check, std::stop_token stop);

}  // namespace appliance
