#include "src/graph/folder_jobs_service.h"

#include "src/base/error.h"

#include <algorithm>
#include <utility>

namespace graph {
namespace {

// Cursors are opaque; this form has none to give.
constexpr const char* kNoCursor = "all";

// Its version is known once it is exported.
Item stream_of(const std::string& folder_id) {
  Item item;
  item.id = folder_id;
  item.item_class = kMailFolderClass;
  return item;
}

bool holds_stream(const std::string& folder_id) {
  return !folder_id.empty() && folder_id != kMailRoot;
}

}  // namespace

FolderJobsService::FolderJobsService(ApiClient& backup, ApiClient* restore, const Wiring& wiring)
    : wiring_(wiring), folders_(backup, restore), exporter_(backup, folders_, wiring) {
  if (restore != nullptr) importer_.emplace(*restore, folders_, exporter_, wiring);
}

Round FolderJobsService::folder_changes(const MailboxId& mailbox, const std::optional<Cursor>&,
                                        const std::function<void(FolderChange)>& on_change,
                                        std::stop_token stop) {
  folders_.walk(
      UserMailbox::from(mailbox), [&](Folder folder) { on_change(std::move(folder)); },
      std::move(stop));
  return RoundComplete{Cursor{kNoCursor}, true};
}

std::optional<Folder> FolderJobsService::folder(const MailboxId& mailbox,
                                                const std::string& folder_id,
                                                std::stop_token stop) {
  return folders_.find(UserMailbox::from(mailbox), folder_id, std::move(stop));
}

Round FolderJobsService::item_changes(const MailboxId&, const std::string& folder_id,
                                      const std::optional<Cursor>&,
                                      const std::function<void(ItemChange)>& on_change,
                                      std::stop_token) {
  if (holds_stream(folder_id)) on_change(stream_of(folder_id));
  return RoundComplete{Cursor{kNoCursor}, true};
}

void FolderJobsService::item_details(const MailboxId&, const std::string& folder_id,
                                     std::span<const std::string> item_ids,
                                     const std::function<void(Item, ItemDetails)>& on_item,
                                     std::stop_token) {
  if (!holds_stream(folder_id)) return;
  if (!item_ids.empty() && std::ranges::find(item_ids, folder_id) == item_ids.end()) return;
  ItemDetails details;
  details.item_id = folder_id;
  on_item(stream_of(folder_id), std::move(details));
}

void FolderJobsService::export_units(const MailboxId& mailbox, std::span<const ExportRequest> units,
                                     ExportSink& sink, std::stop_token stop) {
  exporter_.export_units(UserMailbox::from(mailbox), units, sink, std::move(stop));
}

void FolderJobsService::require_restore_app() const {
  if (importer_) return;
  throw base::Error{base::ErrorKind::denied,
                    "no restore app is configured: add a [tenant.<name>.restore_app] with the "
                    "application permissions Mail.ReadWrite, Mail.ReadWrite.Shared and "
                    "Mailbox.Migration"};
}

void FolderJobsService::prepare_import(const MailboxId&, std::stop_token) { require_restore_app(); }

CreatedFolder FolderJobsService::create_folder(const MailboxId& mailbox,
                                               const std::string& parent_id,
                                               const std::string& display_name, const std::string&,
                                               std::stop_token stop) {
  require_restore_app();
  return folders_.create(UserMailbox::from(mailbox), parent_id, display_name, std::move(stop));
}

void FolderJobsService::remove_folder(const MailboxId& mailbox, const std::string& folder_id,
                                      std::stop_token stop) {
  require_restore_app();
  folders_.remove(UserMailbox::from(mailbox), folder_id, std::move(stop));
}

ImportResult FolderJobsService::import_unit(const MailboxId& mailbox, const std::string& folder_id,
                                            StreamSource& stream,
                                            const std::optional<ImportOver>& over,
                                            std::stop_token stop) {
  require_restore_app();
  return importer_->import(UserMailbox::from(mailbox), folder_id, stream, over, std::move(stop));
}

ServiceStatistics FolderJobsService::statistics() const { return statistics_of(wiring_); }

base::Duration FolderJobsService::time_lost(const MailboxId& mailbox) const {
  return wiring_.gate.time_lost(mailbox.value);
}

}  // namespace graph
