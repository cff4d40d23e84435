#include "tests/simulator/world.h"

#include <algorithm>

namespace simulator {

Mailbox* World::find_mailbox(std::string_view name) {
  if (const auto found = mailboxes.find(name); found != mailboxes.end()) return &found->second;
  const User* user = directory.find_any_user(name);
  if (user == nullptr) return nullptr;
  const auto found = mailboxes.find(user->mailbox_id);
  return found == mailboxes.end() ? nullptr : &found->second;
}

const User* World::owner_of(std::string_view mailbox_id) const {
  const auto found = std::find_if(
      directory.users.begin(), directory.users.end(),
      [&](const User& user) { return !user.mailbox_id.empty() && user.mailbox_id == mailbox_id; });
  return found == directory.users.end() ? nullptr : &*found;
}

}  // namespace simulator
