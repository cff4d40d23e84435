// The documented form of the API: folders, items and their changes, exportItems, import sessions.
#pragma once

#include "src/graph/api_client.h"
#include "src/graph/details_reader.h"
#include "src/graph/exporter.h"
#include "src/graph/importer.h"
#include "src/graph/mailbox_service.h"

#include <memory>
#include <string>

namespace graph {

// Thread-safe.
class ItemsService final : public MailboxService {
 public:
  // Reads go by the backup app. `restore` and `importer` are null where no restore app is
  // configured; then what needs it throws Error(denied). All of them outlive it.
  ItemsService(ApiClient& backup, ApiClient* restore, Importer* importer, const Wiring& wiring);

  Round folder_changes(const MailboxId& mailbox, const std::optional<Cursor>& since,
                       const std::function<void(FolderChange)>& on_change,
                       std::stop_token stop) override;
  std::optional<Folder> folder(const MailboxId& mailbox, const std::string& folder_id,
                               std::stop_token stop) override;
  Round item_changes(const MailboxId& mailbox, const std::string& folder_id,
                     const std::optional<Cursor>& since,
                     const std::function<void(ItemChange)>& on_change,
                     std::stop_token stop) override;
  void item_details(const MailboxId& mailbox, const std::string& folder_id,
                    std::span<const std::string> item_ids,
                    const std::function<void(Item, ItemDetails)>& on_item,
                    std::stop_token stop) override;
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
  ApiClient& backup_;
  ApiClient* restore_;
  Importer* importer_;
  Wiring wiring_;
  DetailsReader details_;
  Exporter exporter_;
};

}  // namespace graph
