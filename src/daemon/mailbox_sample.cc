#include "src/daemon/mailbox_sample.h"

#include "src/base/error.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

namespace appliance {

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
