#include "src/backup/selection.h"

#include "src/base/text.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace backup {
namespace {

constexpr std::string_view kGroup = "group:";
constexpr std::string_view kType = "type:";

bool entry_matches(std::string_view entry, const graph::User& user, graph::MailboxPurpose purpose,
                   const GroupMembers& members) {
  if (entry.starts_with(kGroup)) {
    return members(std::string{entry.substr(kGroup.size())}).contains(user.id);
  }
  if (entry.starts_with(kType)) {
    return base::equals_ignoring_case(entry.substr(kType.size()), graph::name(purpose));
  }
  return base::matches_glob(user.address(), entry) ||
         base::matches_glob(user.user_principal_name, entry);
}

template <typename OnEntry>
void each_entry(const Selection& selection, OnEntry on_entry) {
  for (const auto* entries : {&selection.include, &selection.exclude, &selection.order}) {
    for (const std::string& entry : *entries) on_entry(entry);
  }
}

}  // namespace

bool selects(const Selection& selection, const graph::User& user, graph::MailboxPurpose purpose,
             const GroupMembers& members) {
  const auto matches = [&](const std::string& entry) {
    return entry_matches(entry, user, purpose, members);
  };
  return std::any_of(selection.include.begin(), selection.include.end(), matches) &&
         std::none_of(selection.exclude.begin(), selection.exclude.end(), matches);
}

bool may_select(const Selection& selection, const graph::User& user, const GroupMembers& members) {
  using Purpose = graph::MailboxPurpose;
  constexpr std::array kPurposes{Purpose::user,   Purpose::linked,    Purpose::shared,
                                 Purpose::room,   Purpose::equipment, Purpose::others,
                                 Purpose::unknown};
  return std::any_of(kPurposes.begin(), kPurposes.end(),
                     [&](Purpose purpose) { return selects(selection, user, purpose, members); });
}

std::vector<std::string> addresses_included(const Selection& selection) {
  std::vector<std::string> addresses;
  for (const std::string& entry : selection.include) {
    if (entry.starts_with(kGroup) || entry.starts_with(kType)) continue;
    if (entry.find_first_of("*?") == std::string::npos) addresses.push_back(entry);
  }
  return addresses;
}

std::vector<std::string> groups_named(const Selection& selection) {
  std::set<std::string> groups;
  each_entry(selection, [&](std::string_view entry) {
    if (entry.starts_with(kGroup)) groups.emplace(entry.substr(kGroup.size()));
  });
  return {groups.begin(), groups.end()};
}

std::size_t rank(const Selection& selection, const graph::User& user, graph::MailboxPurpose purpose,
                 const GroupMembers& members) {
  const auto first = std::find_if(
      selection.order.begin(), selection.order.end(),
      [&](const std::string& entry) { return entry_matches(entry, user, purpose, members); });
  return static_cast<std::size_t>(first - selection.order.begin());
}

}  // namespace backup
