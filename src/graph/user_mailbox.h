// How the folder-jobs form addresses a mailbox: below its user,
// "/users/{user}/mailboxes/{mailbox}".
//
// The engine knows one opaque id for a mailbox, so this one holds both.
#pragma once

#include "src/graph/directory.h"

#include <stop_token>
#include <string>
#include <string_view>
#include <variant>

namespace graph {

struct UserMailbox {
  std::string user_id;
  std::string mailbox_id;  // "MBX:..."

  // Error(not_found) for an id of another form: one that is remembered from before the form was
  // changed.
  static UserMailbox from(const MailboxId& id);
  [[nodiscard]] MailboxId id() const;

  [[nodiscard]] std::string user_path() const;     // "/users/{user}"
  [[nodiscard]] std::string mailbox_path() const;  // "/users/{user}/mailboxes/{mailbox}"
};

// The directory whose mailboxes are addressed so. Thread-safe.
class UserMailboxDirectory final : public Directory {
 public:
  // The directory outlives it.
  explicit UserMailboxDirectory(Directory& directory) : directory_(directory) {}

  void users(const std::function<void(User)>& on_user, std::stop_token stop) override {
    directory_.users(on_user, std::move(stop));
  }
  std::optional<User> find_user(const std::string& id_or_address, std::stop_token stop) override {
    return directory_.find_user(id_or_address, std::move(stop));
  }
  std::vector<std::string> group_members(const std::string& group_id,
                                         std::stop_token stop) override {
    return directory_.group_members(group_id, std::move(stop));
  }
  std::uint64_t group_mailboxes(std::stop_token stop) override {
    return directory_.group_mailboxes(std::move(stop));
  }
  std::variant<MailboxId, NoMailbox> mailbox_of(const User& user, std::stop_token stop) override;
  std::variant<MailboxPurpose, NoMailbox> purpose_of(const User& user,
                                                     std::stop_token stop) override {
    return directory_.purpose_of(user, std::move(stop));
  }

 private:
  Directory& directory_;
};

}  // namespace graph
