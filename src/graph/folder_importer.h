// Brings a folder's stream back by importJobs: sent as a stream, then asked about until the service
// has worked on it.
#pragma once

#include "src/base/synchronized.h"
#include "src/graph/api_client.h"
#include "src/graph/folder_exporter.h"
#include "src/graph/mail_folders.h"
#include "src/graph/mailbox_service.h"
#include "src/graph/user_mailbox.h"

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

namespace graph {

// Thread-safe.
class FolderImporter {
 public:
  // `client` is the restore app's. All of them outlive it.
  FolderImporter(ApiClient& client, MailFolders& folders, FolderExporter& exporter,
                 const Wiring& wiring)
      : client_(client), folders_(folders), exporter_(exporter), wiring_(wiring) {}

  // As MailboxService::import_unit(). The service adds a stream to what lies in the folder, and can
  // neither compare nor replace: so one that holds anything gets nothing, unless it holds this
  // stream already. What was sent and never answered is not sent again: its job is asked about, and
  // where nobody knows its name, the folder is, for as long as a job may take.
  ImportResult import(const UserMailbox& mailbox, const std::string& folder_id,
                      StreamSource& stream, const std::optional<ImportOver>& over,
                      std::stop_token stop);

 private:
  // What is final before anything is sent; empty for a folder that is to be filled.
  std::optional<ImportResult> judge_target(const UserMailbox& mailbox, const std::string& folder_id,
                                           StreamSource& stream, const std::stop_token& stop);
  // Empty if the folder cannot be read.
  std::optional<bool> holds(const UserMailbox& mailbox, const std::string& folder_id,
                            StreamSource& stream, const std::stop_token& stop);
  ImportResult send(const UserMailbox& mailbox, const std::string& folder_id, StreamSource& stream,
                    const std::stop_token& stop);
  // Of an import that is in doubt.
  ImportResult look_after(const UserMailbox& mailbox, const std::string& folder_id,
                          const std::string& job_id, StreamSource& stream,
                          const std::stop_token& stop);
  // Asks until the job is over.
  ImportResult follow(const UserMailbox& mailbox, const std::string& folder_id,
                      const std::string& job_id, const std::stop_token& stop);

  ApiClient& client_;
  MailFolders& folders_;
  FolderExporter& exporter_;
  Wiring wiring_;
  using Place = std::pair<std::string, std::string>;  // mailbox, folder
  // A job whose outcome nobody knows.
  struct Doubt {
    std::string job_id;  // empty where it was not told
    base::Duration since;
  };
  base::Synchronized<std::map<Place, Doubt>> in_doubt_;
};

}  // namespace graph
