#include "src/graph/items_service.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/graph/change_feed.h"
#include "src/graph/entities.h"
#include "src/graph/folder_search.h"
#include "src/graph/paths.h"

namespace graph {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::string_view kDefaultFolderClass = "IPF.Note";

[[noreturn]] void throw_no_restore_app() {
  throw Error{
      ErrorKind::denied,
      "no restore app is configured: add a [tenant.<name>.restore_app] with the application "
      "permissions MailboxFolder.ReadWrite.All and MailboxItem.ImportExport.All"};
}

}  // namespace

ItemsService::ItemsService(ApiClient& backup, ApiClient* restore, Importer* importer,
                           const Wiring& wiring)
    : backup_(backup),
      restore_(restore),
      importer_(importer),
      wiring_(wiring),
      details_(backup),
      exporter_(backup, wiring) {}

Round ItemsService::folder_changes(const MailboxId& mailbox, const std::optional<Cursor>& since,
                                   const std::function<void(FolderChange)>& on_change,
                                   std::stop_token stop) {
  const Feed feed{Operation::list_folders, mailbox,
                  backup_.url(mailbox_path(mailbox), "/folders/delta"), false};
  return walk_feed(
      backup_, feed, since,
      [&](const Json& entry) {
        if (is_removed(entry)) {
          on_change(FolderRemoved{std::string{entry.required_text("id")}});
        } else {
          on_change(read_folder(entry));
        }
      },
      std::move(stop));
}

Round ItemsService::item_changes(const MailboxId& mailbox, const std::string& folder_id,
                                 const std::optional<Cursor>& since,
                                 const std::function<void(ItemChange)>& on_change,
                                 std::stop_token stop) {
  const Feed feed{Operation::list_items, mailbox,
                  backup_.url(folder_path(mailbox, folder_id), "/items/delta"), true};
  return walk_feed(
      backup_, feed, since,
      [&](const Json& entry) {
        if (is_removed(entry)) {
          on_change(ItemRemoved{std::string{entry.required_text("id")}});
        } else {
          on_change(read_item(entry));
        }
      },
      std::move(stop));
}

std::optional<Folder> ItemsService::folder(const MailboxId& mailbox, const std::string& folder_id,
                                           std::stop_token stop) {
  const std::string path = folder_path(mailbox, folder_id);
  Call call{.operation = Operation::list_folders,
            .budget = mailbox.value,
            .url = backup_.url(path, "?", folder_details_query())};
  Answer answer = backup_.ask(call, stop);
  if (answer.status() == 400 || answer.status() == 501) {
    call.url = backup_.url(path);  // the service may refuse the properties, but not the folder
    answer = backup_.ask(call, stop);
  }
  if (answer.succeeded()) return read_folder(answer.document);
  throw_if_mailbox_gone(answer.error);
  if (answer.says_gone()) return std::nullopt;
  throw unexpected_answer(Operation::list_folders, answer);
}

void ItemsService::item_details(const MailboxId& mailbox, const std::string& folder_id,
                                std::span<const std::string> item_ids,
                                const std::function<void(Item, ItemDetails)>& on_item,
                                std::stop_token stop) {
  details_.read(mailbox, folder_id, item_ids, on_item, std::move(stop));
}

void ItemsService::export_units(const MailboxId& mailbox, std::span<const ExportRequest> units,
                                ExportSink& sink, std::stop_token stop) {
  exporter_.export_units(mailbox, units, sink, std::move(stop));
}

void ItemsService::prepare_import(const MailboxId& mailbox, std::stop_token stop) {
  if (importer_ == nullptr) throw_no_restore_app();
  importer_->prepare(mailbox, std::move(stop));
}

CreatedFolder ItemsService::create_folder(const MailboxId& mailbox, const std::string& parent_id,
                                          const std::string& display_name,
                                          const std::string& item_class, std::stop_token stop) {
  if (restore_ == nullptr) throw_no_restore_app();
  const std::string url = parent_id.empty()
                              ? restore_->url(mailbox_path(mailbox), "/folders")
                              : restore_->url(folder_path(mailbox, parent_id), "/childFolders");
  const std::string type = item_class.empty() ? std::string{kDefaultFolderClass} : item_class;
  const Answer answer =
      restore_->ask({.operation = Operation::create_folder,
                     .budget = mailbox.value,
                     .url = url,
                     .method = "POST",
                     .body = base::text("{\"displayName\":", json_quoted(display_name),
                                        ",\"type\":", json_quoted(type), "}")},
                    stop);
  if (answer.succeeded()) return {read_folder(answer.document)};
  throw_if_mailbox_gone(answer.error);
  if (says_folder_exists(answer)) {
    const Call children{
        .operation = Operation::create_folder, .budget = mailbox.value, .url = url + "?$top=100"};
    auto found = find_folder_named(*restore_, children, display_name, read_folder, std::move(stop));
    if (found) return {std::move(*found), true};
  }
  throw unexpected_answer(Operation::create_folder, answer);
}

void ItemsService::remove_folder(const MailboxId& mailbox, const std::string& folder_id,
                                 std::stop_token stop) {
  if (restore_ == nullptr) throw_no_restore_app();
  const Answer answer =
      restore_->ask({.operation = Operation::remove_folder,
                     .budget = mailbox.value,
                     .url = restore_->url(folder_path(mailbox, folder_id), "/$ref"),
                     .method = "DELETE"},
                    std::move(stop));
  throw_if_mailbox_gone(answer.error);
  if (!answer.succeeded() && !answer.says_gone())
    throw unexpected_answer(Operation::remove_folder, answer);
}

ImportResult ItemsService::import_unit(const MailboxId& mailbox, const std::string& folder_id,
                                       StreamSource& stream, const std::optional<ImportOver>& over,
                                       std::stop_token stop) {
  if (importer_ == nullptr) throw_no_restore_app();
  return importer_->import(mailbox, folder_id, stream, over, std::move(stop));
}

ServiceStatistics ItemsService::statistics() const { return statistics_of(wiring_); }

base::Duration ItemsService::time_lost(const MailboxId& mailbox) const {
  return wiring_.gate.time_lost(mailbox.value);
}

}  // namespace graph
