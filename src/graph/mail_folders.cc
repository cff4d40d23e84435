#include "src/graph/mail_folders.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/graph/change_feed.h"
#include "src/graph/folder_search.h"
#include "src/graph/paths.h"

#include <deque>
#include <set>
#include <utility>

namespace graph {
namespace {

constexpr std::string_view kListQuery = "?includeHiddenFolders=true&$top=100";
constexpr std::string_view kSearchFolder = "#microsoft.graph.mailSearchFolder";

Folder read_mail_folder(const Json& json) {
  if (!json.is_object()) {
    throw base::Error{base::ErrorKind::protocol,
                      "a list of folders holds something else than objects"};
  }
  Folder folder;
  folder.id = json.required_text("id");
  folder.parent_id = json["parentFolderId"].text();
  folder.display_name = json["displayName"].text();
  folder.item_class = kMailFolderClass;
  folder.well_known_name = json["wellKnownName"].text();
  folder.is_search_folder = json["@odata.type"].text() == kSearchFolder;
  folder.is_hidden = json["isHidden"].boolean().value_or(false);
  return folder;
}

bool is_root(std::string_view folder_id) {
  return folder_id.empty() || base::equals_ignoring_case(folder_id, kMailRoot);
}

std::string folder_path(const UserMailbox& mailbox, std::string_view folder_id) {
  return base::text(mailbox.user_path(), "/mailFolders/", base::percent_encode(folder_id));
}

std::string children_path(const UserMailbox& mailbox, std::string_view parent_id) {
  return is_root(parent_id) ? base::text(mailbox.user_path(), "/mailFolders")
                            : base::text(folder_path(mailbox, parent_id), "/childFolders");
}

}  // namespace

void MailFolders::walk(const UserMailbox& mailbox, const std::function<void(Folder)>& on_folder,
                       std::stop_token stop) {
  Folder root;
  root.id = kMailRoot;
  root.well_known_name = kMailRoot;
  root.item_class = kMailFolderClass;
  on_folder(std::move(root));
  // A folder that is told again, below whatever, is the one that was told first: so a tree that
  // bites its own tail ends.
  std::set<std::string> seen{kMailRoot};
  std::deque<std::string> parents{kMailRoot};
  for (; !parents.empty(); parents.pop_front()) {
    const std::string& parent = parents.front();
    walk_list(
        reads_,
        {.operation = Operation::list_mail_folders,
         .budget = mailbox.id().value,
         .url = reads_.url(children_path(mailbox, parent), kListQuery)},
        [&](const Json& entry) {
          Folder folder = read_mail_folder(entry);
          if (!seen.insert(folder.id).second) return true;
          folder.parent_id = parent;
          if (entry["childFolderCount"].integer().value_or(1) > 0) parents.push_back(folder.id);
          on_folder(std::move(folder));
          return true;
        },
        stop);
  }
  // Every mailbox has folders: an empty answer is a lost one, not a mailbox that was emptied.
  if (seen.size() == 1) {
    throw base::Error{base::ErrorKind::protocol, "the service lists no folders at all"};
  }
}

std::optional<Json> MailFolders::look_up(const UserMailbox& mailbox, const std::string& folder_id,
                                         std::stop_token stop) {
  Answer answer = reads_.ask({.operation = Operation::list_mail_folders,
                              .budget = mailbox.id().value,
                              .url = reads_.url(folder_path(mailbox, folder_id))},
                             std::move(stop));
  if (answer.succeeded()) return std::move(answer.document);
  throw_if_mailbox_gone(answer.error);
  if (answer.says_gone()) return std::nullopt;
  throw unexpected_answer(Operation::list_mail_folders, answer);
}

std::optional<Folder> MailFolders::find(const UserMailbox& mailbox, const std::string& folder_id,
                                        std::stop_token stop) {
  const std::optional<Json> found = look_up(mailbox, folder_id, std::move(stop));
  if (!found) return std::nullopt;
  return read_mail_folder(*found);
}

MailFolders::Filling MailFolders::filling(const UserMailbox& mailbox, const std::string& folder_id,
                                          std::stop_token stop) {
  const std::optional<Json> found = look_up(mailbox, folder_id, std::move(stop));
  if (!found) return Filling::gone;
  const auto items = (*found)["totalItemCount"].integer();
  if (!items) return Filling::untold;
  return *items == 0 ? Filling::empty : Filling::filled;
}

CreatedFolder MailFolders::create(const UserMailbox& mailbox, const std::string& parent_id,
                                  const std::string& display_name, std::stop_token stop) {
  const std::string url = writes_->url(children_path(mailbox, parent_id));
  const Answer answer =
      writes_->ask({.operation = Operation::create_mail_folder,
                    .budget = mailbox.id().value,
                    .url = url,
                    .method = "POST",
                    .body = base::text("{\"displayName\":", json_quoted(display_name), "}")},
                   stop);
  if (answer.succeeded()) return {read_mail_folder(answer.document)};
  throw_if_mailbox_gone(answer.error);
  if (says_folder_exists(answer)) {
    const Call children{.operation = Operation::create_mail_folder,
                        .budget = mailbox.id().value,
                        .url = base::text(url, kListQuery)};
    auto found =
        find_folder_named(*writes_, children, display_name, read_mail_folder, std::move(stop));
    if (found) return {std::move(*found), true};
  }
  throw unexpected_answer(Operation::create_mail_folder, answer);
}

void MailFolders::remove(const UserMailbox& mailbox, const std::string& folder_id,
                         std::stop_token stop) {
  const Answer answer = writes_->ask({.operation = Operation::remove_mail_folder,
                                      .budget = mailbox.id().value,
                                      .url = writes_->url(folder_path(mailbox, folder_id)),
                                      .method = "DELETE"},
                                     std::move(stop));
  throw_if_mailbox_gone(answer.error);
  if (!answer.succeeded() && !answer.says_gone()) {
    throw unexpected_answer(Operation::remove_mail_folder, answer);
  }
}

}  // namespace graph
