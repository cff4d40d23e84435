#include "tests/simulator/directory.h"

#include "src/base/text.h"

#include <algorithm>
#include <set>

namespace simulator {
namespace {

bool is_named(const User& user, std::string_view name) {
  return base::equals_ignoring_case(user.id, name) ||
         base::equals_ignoring_case(user.user_principal_name, name) ||
         (!user.mail.empty() && base::equals_ignoring_case(user.mail, name));
}

}  // namespace

const User* Directory::find_user(std::string_view name) const {
  const auto found = std::find_if(users.begin(), users.end(), [&](const User& user) {
    return !user.deleted && is_named(user, name);
  });
  return found == users.end() ? nullptr : &*found;
}

User* Directory::find_any_user(std::string_view name) {
  const auto found = std::find_if(users.begin(), users.end(),
                                  [&](const User& user) { return is_named(user, name); });
  return found == users.end() ? nullptr : &*found;
}

std::vector<std::string> Directory::transitive_members(const std::string& group) const {
  std::vector<std::string> members;
  std::set<std::string> seen = {group};  // groups may contain each other
  std::vector<std::string> open = {group};
  while (!open.empty()) {
    const auto found = groups.find(open.back());
    open.pop_back();
    if (found == groups.end()) continue;
    for (const std::string& member : found->second.members) {
      if (!seen.insert(member).second) continue;
      members.push_back(member);
      if (groups.contains(member)) open.push_back(member);
    }
  }
  return members;
}

std::size_t Directory::user_count() const {
  return static_cast<std::size_t>(
      std::count_if(users.begin(), users.end(), [](const User& user) { return !user.deleted; }));
}

}  // namespace simulator
