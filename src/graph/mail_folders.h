// The folders of a mailbox as the folder-jobs form shows them: /users/{user}/mailFolders, level by
// level.
#pragma once

#include "src/graph/api_client.h"
#include "src/graph/mailbox_service.h"
#include "src/graph/user_mailbox.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace graph {

// Stands for the root, which this form neither lists nor exports. A well-known name that the
// service takes in place of an id.
inline constexpr const char* kMailRoot = "msgfolderroot";
// Of every folder in this form: it shows mail folders only.
inline constexpr const char* kMailFolderClass = "IPF.Note";

// Thread-safe. Errors as in mailbox_service.h.
class MailFolders {
 public:
  // Reads go by `reads`, changes by `writes`. Both outlive it.
  MailFolders(ApiClient& reads, ApiClient* writes) : reads_(reads), writes_(writes) {}

  // Every folder, the root included, parents first; hidden ones too. Costs a request for each page
  // of a level.
  void walk(const UserMailbox& mailbox, const std::function<void(Folder)>& on_folder,
            std::stop_token stop);
  // Empty if it is gone.
  std::optional<Folder> find(const UserMailbox& mailbox, const std::string& folder_id,
                             std::stop_token stop);
  // Whether anything lies in it, as the service counts.
  enum class Filling : std::uint8_t { gone, untold, empty, filled };
  Filling filling(const UserMailbox& mailbox, const std::string& folder_id, std::stop_token stop);

  // Of changes `writes` is in charge, and must be there.
  CreatedFolder create(const UserMailbox& mailbox, const std::string& parent_id,
                       const std::string& display_name, std::stop_token stop);
  void remove(const UserMailbox& mailbox, const std::string& folder_id, std::stop_token stop);

 private:
  // Empty if it is gone.
  std::optional<Json> look_up(const UserMailbox& mailbox, const std::string& folder_id,
                              std::stop_token stop);

  ApiClient& reads_;
  ApiClient* writes_;
};

}  // namespace graph
