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

bool World::strikes(Fault fault, std::string_view operation) {
  const bool struck = faults.strikes(fault, operation);
  if (struck) ++statistics.faults[std::string{name(fault)}];
  return struck;
}

void World::hold(const std::string& mailbox_id, Instant until, Instant now) {
  Hold& hold = holds[mailbox_id];
  if (now >= hold.until) hold.said = now;
  hold.until = std::max(hold.until, until);
}

bool World::is_early(const std::string& mailbox_id, Instant now) const {
  const auto found = holds.find(mailbox_id);
  if (found == holds.end()) return false;
  return now < found->second.until && now >= found->second.said + under_way;
}

const User* World::owner_of(std::string_view mailbox_id) const {
  const auto found = std::find_if(
      directory.users.begin(), directory.users.end(),
      [&](const User& user) { return !user.mailbox_id.empty() && user.mailbox_id == mailbox_id; });
  return found == directory.users.end() ? nullptr : &*found;
}

}  // namespace simulator
