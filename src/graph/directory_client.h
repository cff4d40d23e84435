// The tenant's users, groups and mailboxes, by the Graph service.
#pragma once

#include "src/graph/api_client.h"
#include "src/graph/directory.h"

#include <string>

namespace graph {

// Thread-safe.
class DirectoryClient final : public Directory {
 public:
  // `client` is the backup app's and outlives it.
  explicit DirectoryClient(ApiClient& client) : client_(client) {}

  void users(const std::function<void(User)>& on_user, std::stop_token stop) override;
  std::optional<User> find_user(const std::string& id_or_address, std::stop_token stop) override;
  std::vector<std::string> group_members(const std::string& group_id,
                                         std::stop_token stop) override;
  std::uint64_t group_mailboxes(std::stop_token stop) override;
  std::variant<MailboxId, NoMailbox> mailbox_of(const User& user, std::stop_token stop) override;
  std::variant<MailboxPurpose, NoMailbox> purpose_of(const User& user,
                                                     std::stop_token stop) override;

 private:
  ApiClient& client_;
};

}  // namespace graph
