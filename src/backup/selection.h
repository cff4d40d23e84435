// Which mailboxes a policy protects: addresses, globs, "group:<id>", "type:shared".
//
// Pure, but for the group members that the caller has looked up.
#pragma once

#include "src/graph/directory.h"

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace backup {

struct Selection {
  std::vector<std::string> include{"*"};
  std::vector<std::string> exclude;
  std::vector<std::string> order;  // earlier entries first
};

// Directory ids of the members of each group that a selection names.
using GroupMembers = std::function<const std::set<std::string>&(const std::string& group_id)>;

// Whether the policy asks for this mailbox.
bool selects(const Selection& selection, const graph::User& user, graph::MailboxPurpose purpose,
             const GroupMembers& members);

// Whether it may, as far as can be said of an account whose purpose is not known.
bool may_select(const Selection& selection, const graph::User& user, const GroupMembers& members);

// The included entries that are one address each: no globs, groups or types.
std::vector<std::string> addresses_included(const Selection& selection);

// The ids of all groups that it names.
std::vector<std::string> groups_named(const Selection& selection);

// The rank in the policy's order; smaller goes first.
std::size_t rank(const Selection& selection, const graph::User& user, graph::MailboxPurpose purpose,
                 const GroupMembers& members);

}  // namespace backup
