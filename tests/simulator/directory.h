// The tenant's users and groups, as the directory shows them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

// What Exchange says of an account: each form in which it says "no mailbox" is there.
enum class MailboxState : std::uint8_t {
  present,
  not_enabled,   // 404 MailboxNotEnabledForRESTAPI
  invalid_user,  // 404 ErrorInvalidUser
  empty_id,      // 200, primaryMailboxId is ""
  absent_id,     // 200, no primaryMailboxId
};

struct User {
  std::string id;
  std::string display_name;
  std::string user_principal_name;
  std::string mail;  // empty: null
  bool account_enabled = true;
  std::string user_type = "Member";
  std::string purpose = "user";
  MailboxState state = MailboxState::present;
  std::string mailbox_id;
  bool deleted = false;  // not shown; can be restored
};

// Whatever else can be a member of a group.
struct OtherObject {
  std::string id;
  std::string odata_type;  // "#microsoft.graph.device"
  std::string display_name;
};

struct Group {
  std::string id;
  std::string display_name;
  std::vector<std::string> members;  // ids of users, groups and others
  bool has_mailbox = false;          // "Unified"
};

struct Directory {
  std::vector<User> users;
  std::map<std::string, Group> groups;
  std::map<std::string, OtherObject> others;

  // By id, principal name or address; null if there is none or it is deleted.
  [[nodiscard]] const User* find_user(std::string_view name) const;
  // Also finds deleted ones.
  [[nodiscard]] User* find_any_user(std::string_view name);
  // Members of members too, each once, in a fixed order. Empty for unknown groups.
  [[nodiscard]] std::vector<std::string> transitive_members(const std::string& group) const;
  [[nodiscard]] std::size_t user_count() const;
};

}  // namespace simulator
