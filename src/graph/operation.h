// The kinds of calls made to the service, for logs, and for saying which right is missing.
#pragma once

#include <cstdint>
#include <string_view>

namespace graph {

enum class Operation : std::uint8_t {
  list_users,
  read_user,
  list_groups,
  list_group_members,
  read_exchange_settings,
  read_mailbox_settings,
  list_folders,
  create_folder,
  remove_folder,
  list_items,
  export_items,
  create_import_session,
  import_item,
  list_mail_folders,
  create_mail_folder,
  remove_mail_folder,
  export_folder,
  import_folder,
  ask_import_job,
};

// "listing folders"
std::string_view name(Operation operation);
// The least application permission that covers it: "MailboxFolder.Read.All". Empty for import_item,
// whose URL carries its own right.
std::string_view permission(Operation operation);

}  // namespace graph
