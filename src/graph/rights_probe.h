// Which rights an app has, found by harmless calls: for the readiness checklist.
#pragma once

#include "src/graph/api_client.h"
#include "src/graph/tenant.h"

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace graph {

// The "roles" of a token that is a readable JWT, else none. For display only: nothing is decided by
// it.
std::vector<std::string> roles_in_token(std::string_view token);

// One report for each right that the client's app needs. Calls that could change something name
// things that do not exist, so that the service can only say whether it would have been allowed.
std::vector<RightReport> probe_rights(ApiClient& client, ApiForm form, const MailboxId& mailbox,
                                      const User& owner, std::stop_token stop);
// The same for rights that it had better not have: the backup app those of the restore app, where
// the form tells the two apart, and the restore app that of finding people.
std::vector<RightReport> probe_unneeded_rights(ApiClient& client, ApiForm form,
                                               const MailboxId& mailbox, std::stop_token stop);
// What it needs besides for this mailbox, which is a shared one; nothing in the documented form.
std::vector<RightReport> probe_shared_rights(ApiClient& client, ApiForm form,
                                             const MailboxId& mailbox, std::stop_token stop);

}  // namespace graph
