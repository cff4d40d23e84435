#include "src/graph/operation.h"

namespace graph {

std::string_view name(Operation operation) {
  switch (operation) {
    case Operation::list_users:
      return "listing users";
    case Operation::read_user:
      return "reading a user";
    case Operation::list_groups:
      return "listing groups";
    case Operation::list_group_members:
      return "listing members of a group";
    case Operation::read_exchange_settings:
      return "finding a user's mailbox";
    case Operation::read_mailbox_settings:
      return "reading a mailbox's purpose";
    case Operation::list_folders:
      return "listing folders";
    case Operation::create_folder:
      return "creating a folder";
    case Operation::remove_folder:
      return "removing a folder";
    case Operation::list_items:
      return "listing items";
    case Operation::export_items:
      return "exporting items";
    case Operation::create_import_session:
      return "opening an import session";
    case Operation::import_item:
      return "importing an item";
    case Operation::list_mail_folders:
      return "listing mail folders";
    case Operation::create_mail_folder:
      return "creating a mail folder";
    case Operation::remove_mail_folder:
      return "removing a mail folder";
    case Operation::export_folder:
      return "exporting a folder";
    case Operation::import_folder:
      return "importing a folder";
    case Operation::ask_import_job:
      return "asking about an import job";
  }
  return "unknown";
}

std::string_view permission(Operation operation) {
  switch (operation) {
    case Operation::list_users:
    case Operation::read_user:
    case Operation::read_exchange_settings:
      return "User.Read.All";
    case Operation::list_groups:
    case Operation::list_group_members:
      return "GroupMember.Read.All";
    case Operation::read_mailbox_settings:
      return "MailboxSettings.Read";
    case Operation::list_folders:
      return "MailboxFolder.Read.All";
    case Operation::create_folder:
    case Operation::remove_folder:
      return "MailboxFolder.ReadWrite.All";
    case Operation::list_items:
      return "MailboxItem.Read.All";
    case Operation::export_items:
      return "MailboxItem.Export.All";
    case Operation::create_import_session:
      return "MailboxItem.ImportExport.All";
    case Operation::import_item:
      return "";
    case Operation::list_mail_folders:
    case Operation::create_mail_folder:
    case Operation::remove_mail_folder:
      return "Mail.ReadWrite (for a shared mailbox Mail.ReadWrite.Shared, too)";
    case Operation::export_folder:
    case Operation::import_folder:
    case Operation::ask_import_job:
      return "Mailbox.Migration";
  }
  return "";
}

}  // namespace graph
