// Exports folders by exportJobs: a folder is one opaque stream, handed on as it arrives.
#pragma once

#include "src/graph/api_client.h"
#include "src/graph/mail_folders.h"
#include "src/graph/mailbox_service.h"
#include "src/graph/user_mailbox.h"

#include <span>
#include <stop_token>

namespace graph {

// Thread-safe.
class FolderExporter {
 public:
  // `client` is the backup app's. Both outlive it.
  FolderExporter(ApiClient& client, MailFolders& folders, const Wiring& wiring)
      : client_(client), folders_(folders), wiring_(wiring) {}

  // As MailboxService::export_units(); an item's id is its folder's. The change key that a folder
  // ends with is the SHA-256 of its stream: this form has no other version of a folder.
  void export_units(const UserMailbox& mailbox, std::span<const ExportRequest> units,
                    ExportSink& sink, std::stop_token stop);

 private:
  class Receiver;
  void export_folder(const UserMailbox& mailbox, const std::string& folder_id, ExportSink& sink,
                     const std::stop_token& stop);

  ApiClient& client_;
  MailFolders& folders_;
  Wiring wiring_;
};

}  // namespace graph
