// A directory in memory; who is asked about is counted.
#pragma once

#include "src/base/error.h"
#include "src/graph/directory.h"

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

namespace test {

class FakeDirectory final : public graph::Directory {
 public:
  void add(const std::string& name, std::optional<graph::MailboxPurpose> purpose) {
    graph::User user;
    user.id = "id-" + name;
    user.user_principal_name = name + "@contoso.onmicrosoft.com";
    user.mail = name + "@contoso.com";
    user.account_enabled = purpose != graph::MailboxPurpose::shared;
    users_.push_back(user);
    purposes_[user.id] = purpose;
  }
  void remove(const std::string& name) {
    std::erase_if(users_, [&](const graph::User& user) { return user.id == "id-" + name; });
  }
  void rename(const std::string& name, const std::string& mail) {
    for (graph::User& user : users_) {
      if (user.id == "id-" + name) user.mail = mail;
    }
  }

  void users(const std::function<void(graph::User)>& on_user, std::stop_token) override {
    for (const graph::User& user : users_) on_user(user);
  }
  std::optional<graph::User> find_user(const std::string& name, std::stop_token) override {
    for (const graph::User& user : users_) {
      if (user.id == name || user.user_principal_name == name || user.mail == name) return user;
    }
    return std::nullopt;
  }
  std::vector<std::string> group_members(const std::string& group, std::stop_token) override {
    if (group != "g") throw base::Error{base::ErrorKind::not_found, "no such group"};
    return {"id-ann"};
  }
  std::uint64_t group_mailboxes(std::stop_token) override { return 0; }
  std::variant<graph::MailboxId, graph::NoMailbox> mailbox_of(const graph::User& user,
                                                              std::stop_token) override {
    ++asked;
    if (sign_in_is_refused) throw graph::SignInRefused{"no"};
    if (fails.contains(user.id)) throw base::Error{fails.at(user.id), "no answer"};
    if (!purposes_.at(user.id))
      return graph::NoMailbox{"MailboxNotEnabledForRESTAPI", "on-premise"};
    return graph::MailboxId{"MBX:" + user.id};
  }
  std::variant<graph::MailboxPurpose, graph::NoMailbox> purpose_of(const graph::User& user,
                                                                   std::stop_token) override {
    ++asked;
    return *purposes_.at(user.id);
  }

  std::atomic<int> asked{0};
  std::map<std::string, base::ErrorKind> fails;
  bool sign_in_is_refused = false;

 private:
  std::vector<graph::User> users_;
  std::map<std::string, std::optional<graph::MailboxPurpose>> purposes_;
};

}  // namespace test
