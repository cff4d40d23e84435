// Who is in the tenant: users, members of groups, and which of them have a mailbox that can be
// protected.
//
// Errors as in mailbox_service.h. Thread-safe.
#pragma once

#include "src/graph/mailbox_service.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

namespace graph {

struct User {
  std::string id;  // directory object
  std::string user_principal_name;
  std::string mail;  // may be empty
  std::string display_name;
  bool account_enabled = true;

  // The address people use: mail, else the principal name; lower case.
  [[nodiscard]] std::string address() const;
};

// mailboxSettings/userPurpose
enum class MailboxPurpose : std::uint8_t { user, linked, shared, room, equipment, others, unknown };
std::string_view name(MailboxPurpose purpose);
MailboxPurpose purpose_from_name(std::string_view name);

// Why an account has no mailbox to protect; final for this run.
struct NoMailbox {
  std::string code;     // the service's: "MailboxNotEnabledForRESTAPI", ...
  std::string message;  // printable
};

class Directory {
 public:
  virtual ~Directory() = default;

  // Every user of the tenant, pages followed to the end.
  virtual void users(const std::function<void(User)>& on_user, std::stop_token stop) = 0;
  // One user by id, principal name or address. Empty if there is none.
  virtual std::optional<User> find_user(const std::string& id_or_address, std::stop_token stop) = 0;
  // The directory ids of all users in the group, nested groups included. Error(not_found) without
  // such a group.
  virtual std::vector<std::string> group_members(const std::string& group_id,
                                                 std::stop_token stop) = 0;
  // How many groups have a mailbox of their own, which nothing here can reach.
  virtual std::uint64_t group_mailboxes(std::stop_token stop) = 0;
  // The user's primary mailbox.
  virtual std::variant<MailboxId, NoMailbox> mailbox_of(const User& user, std::stop_token stop) = 0;
  virtual std::variant<MailboxPurpose, NoMailbox> purpose_of(const User& user,
                                                             std::stop_token stop) = 0;
};

}  // namespace graph
