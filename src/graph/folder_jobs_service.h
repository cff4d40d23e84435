// The article's form of the API: a folder is one stream, exported and imported by jobs.
//
// To the engine each folder holds one item, which is the folder's stream and has the folder's id.
// Nothing tells whether a folder changed, so it always counts as changed; the store finds out what
// is new in it. Only mail folders show, and the root holds nothing.
#pragma once

#include "src/graph/api_client.h"
#include "src/graph/folder_exporter.h"
#include "src/graph/folder_importer.h"
#include "src/graph/mail_folders.h"
#include "src/graph/mailbox_service.h"

#include <optional>
#include <string>

namespace graph {

// Thread-safe. Mailboxes are those of UserMailboxDirectory.
class FolderJobsService final : public MailboxService {
 public:
  // Reads go by the backup app. `restore` is null where no restore app is configured; then what
  // needs it throws Error(denied). Both outlive it.
  FolderJobsService(ApiClient& backup, ApiClient* restore, const Wiring& wiring);

  // There is no change feed: every round is full.
  Round folder_changes(const MailboxId& mailbox, const std::optional<Cursor>& since,
                       const std::function<void(FolderChange)>& on_change,
                       std::stop_token stop) override;
  std::optional<Folder> folder(const MailboxId& mailbox, const std::string& folder_id,
                               std::stop_token stop) override;
  Round item_changes(const MailboxId& mailbox, const std::string& folder_id,
                     const std::optional<Cursor>& since,
                     const std::function<void(ItemChange)>& on_change,
                     std::stop_token stop) override;
  // Costs nothing and knows nothing: a folder's stream has neither subject nor sender.
  void item_details(const MailboxId& mailbox, const std::string& folder_id,
                    std::span<const std::string> item_ids,
                    const std::function<void(Item, ItemDetails)>& on_item,
                    std::stop_token stop) override;
  [[nodiscard]] BatchLimits batch_limits() const override { return {.items = 1}; }
  void export_units(const MailboxId& mailbox, std::span<const ExportRequest> units,
                    ExportSink& sink, std::stop_token stop) override;
  void prepare_import(const MailboxId& mailbox, std::stop_token stop) override;
  CreatedFolder create_folder(const MailboxId& mailbox, const std::string& parent_id,
                              const std::string& display_name, const std::string& item_class,
                              std::stop_token stop) override;
  void remove_folder(const MailboxId& mailbox, const std::string& folder_id,
                     std::stop_token stop) override;
  ImportResult import_unit(const MailboxId& mailbox, const std::string& folder_id,
                           StreamSource& stream, const std::optional<ImportOver>& over,
                           std::stop_token stop) override;
  [[nodiscard]] ServiceStatistics statistics() const override;
  [[nodiscard]] base::Duration time_lost(const MailboxId& mailbox) const override;

 private:
  void require_restore_app() const;

  Wiring wiring_;
  MailFolders folders_;
  FolderExporter exporter_;
  std::optional<FolderImporter> importer_;
};

}  // namespace graph
