#include "src/daemon/mailbox_sample.h"

#include "src/base/error.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <variant>

namespace appliance {
namespace {

// Enabled and disabled accounts in turns, each as long as there are any.
std::vector<const graph::User*> in_turns(const std::vector<graph::User>& users, std::size_t most) {
  std::array<std::vector<const graph::User*>, 2> kinds;
  for (const graph::User& user : users) kinds[user.account_enabled ? 0 : 1].push_back(&user);
  std::vector<const graph::User*> order;
  for (std::size_t i = 0; order.size() < std::min(most, users.size()); ++i) {
    for (const auto& kind : kinds) {
      if (i < kind.size() && order.size() < most) order.push_back(kind[i]);
    }
  }
  return order;
}

void ask_for_mailbox(graph::Directory& directory, const graph::User& user, SampledAccounts& sampled,
                     const std::stop_token& stop) {
  const auto mailbox = directory.mailbox_of(user, stop);
  if (const auto* none = std::get_if<graph::NoMailbox>(&mailbox)) {
    ++sampled.without_mailbox[none->code];
    return;
  }
  if (sampled.primary && sampled.shared) return;
  const auto purpose = directory.purpose_of(user, stop);
  const auto* known = std::get_if<graph::MailboxPurpose>(&purpose);
  const bool is_shared = known != nullptr && *known == graph::MailboxPurpose::shared;
  std::optional<SampledMailbox>& place = is_shared ? sampled.shared : sampled.primary;
  if (!place) place = SampledMailbox{user, std::get<graph::MailboxId>(mailbox)};
}

}  // namespace

SampledAccounts sample_accounts(graph::Directory& directory, const std::vector<graph::User>& users,
                                std::size_t most, std::stop_token stop) {
  SampledAccounts sampled;
  for (const graph::User* user : in_turns(users, most)) {
    try {
      ask_for_mailbox(directory, *user, sampled, stop);
      ++sampled.asked;
    } catch (const base::Error& error) {
      if (error.kind() == base::ErrorKind::cancelled) throw;
      sampled.failure = error;
      sampled.failed_at = user->address();
      return sampled;
    }
  }
  return sampled;
}

std::vector<graph::Folder> folders_of(graph::MailboxService& service,
                                      const graph::MailboxId& mailbox, std::stop_token stop) {
  std::vector<graph::Folder> folders;
  const auto on_change = [&](graph::FolderChange change) {
    if (auto* folder = std::get_if<graph::Folder>(&change)) folders.push_back(std::move(*folder));
  };
  static_cast<void>(service.folder_changes(mailbox, std::nullopt, on_change, std::move(stop)));
  std::stable_partition(folders.begin(), folders.end(), [](const graph::Folder& folder) {
    return folder.well_known_name == "inbox";
  });
  return folders;
}

std::vector<graph::Item> first_items(graph::MailboxService& service,
                                     const graph::MailboxId& mailbox, const std::string& folder_id,
                                     std::size_t count, std::stop_token stop) {
  std::vector<graph::Item> items;
  std::stop_source enough;
  const std::stop_callback pass_on{stop, [&] { enough.request_stop(); }};
  const auto on_change = [&](graph::ItemChange change) {
    auto* item = std::get_if<graph::Item>(&change);
    if (item == nullptr || items.size() == count) return;
    items.push_back(std::move(*item));
    if (items.size() == count) enough.request_stop();
  };
  try {
    static_cast<void>(
        service.item_changes(mailbox, folder_id, std::nullopt, on_change, enough.get_token()));
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::cancelled || items.size() < count ||
        stop.stop_requested()) {
      throw;
    }
  }
  return items;
}

}  // namespace appliance
