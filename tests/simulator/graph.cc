#include "tests/simulator/graph.h"

#include "src/base/text.h"

#include <algorithm>

namespace simulator {
namespace {

using Roles = std::vector<std::string_view>;

const Roles kReadUsers = {"User.ReadBasic.All", "User.Read.All"};
const Roles kReadGroups = {"GroupMember.ReadBasic.All", "GroupMember.Read.All", "Group.Read.All"};
const Roles kReadFolders = {"MailboxFolder.Read.All", "MailboxFolder.ReadWrite.All"};
const Roles kWriteFolders = {"MailboxFolder.ReadWrite.All"};
const Roles kReadItems = {"MailboxItem.Read.All", "MailboxItem.ReadWrite.All"};
const Roles kWriteItems = {"MailboxItem.ReadWrite.All"};
const Roles kExport = {"MailboxItem.Export.All", "MailboxItem.ImportExport.All"};
const Roles kImport = {"MailboxItem.ImportExport.All"};
const Roles kReadMail = {"Mail.Read", "Mail.ReadWrite"};
const Roles kWriteMail = {"Mail.ReadWrite"};
const Roles kMigrate = {"Mailbox.Migration"};

// "M" abbreviates admin/exchange/mailboxes/{}.
const std::vector<Route>& routes() {
  static const std::vector<Route> kRoutes = {
      {"GET", "users", "list_users", kReadUsers, list_users, 2},
      {"GET", "users/$count", "count_users", kReadUsers, count_users, 1},
      {"GET", "users/{}", "get_user", kReadUsers, get_user, 1},
      {"GET",
       "users/{}/settings/exchange",
       "get_exchange_settings",
       {"User.Read.All"},
       get_exchange_settings},
      {"GET",
       "users/{}/mailboxSettings/userPurpose",
       "get_user_purpose",
       {"MailboxSettings.Read", "MailboxSettings.ReadWrite"},
       get_user_purpose},
      {"GET", "groups", "list_groups", kReadGroups, list_groups, 2},
      {"GET", "groups/{}", "get_group", kReadGroups, get_group, 1},
      {"GET", "groups/{}/transitiveMembers", "list_transitive_members", kReadGroups,
       list_transitive_members, 5},
      {"GET", "groups/{}/transitiveMembers/microsoft.graph.user", "list_transitive_members",
       kReadGroups, list_transitive_users, 5},
      {"GET", "M/folders", "list_folders", kReadFolders, list_folders},
      {"GET", "M/folders/$count", "count_folders", kReadFolders, count_folders},
      {"GET", "M/folders/delta", "folders_delta", kReadFolders, folders_delta},
      {"POST", "M/folders", "create_folder", kWriteFolders, create_folder},
      {"GET", "M/folders/{}", "get_folder", kReadFolders, get_folder},
      {"PATCH", "M/folders/{}", "update_folder", kWriteFolders, update_folder},
      {"DELETE", "M/folders/{}/$ref", "delete_folder", kWriteFolders, delete_folder},
      {"GET", "M/folders/{}/childFolders", "list_child_folders", kReadFolders, list_child_folders},
      {"GET", "M/folders/{}/childFolders/delta", "child_folders_delta", kReadFolders,
       child_folders_delta},
      {"POST", "M/folders/{}/childFolders", "create_folder", kWriteFolders, create_child_folder},
      {"GET", "M/folders/{}/childFolders/{}", "get_folder", kReadFolders, get_folder},
      {"PATCH", "M/folders/{}/childFolders/{}", "update_folder", kWriteFolders, update_folder},
      {"DELETE", "M/folders/{}/childFolders/{}/$ref", "delete_folder", kWriteFolders,
       delete_folder},
      {"GET", "M/folders/{}/items", "list_items", kReadItems, list_items},
      {"GET", "M/folders/{}/items/$count", "count_items", kReadItems, count_items},
      {"GET", "M/folders/{}/items/delta", "items_delta", kReadItems, items_delta},
      {"GET", "M/folders/{}/items/{}", "get_item", kReadItems, get_item},
      {"DELETE", "M/folders/{}/items/{}", "delete_item", kWriteItems, delete_item},
      {"POST", "M/exportItems", "export_items", kExport, export_items},
      {"GET", "users/{}/mailFolders", "list_mail_folders", kReadMail, list_mail_folders},
      {"POST", "users/{}/mailFolders", "create_mail_folder", kWriteMail, create_mail_folder},
      {"GET", "users/{}/mailFolders/{}", "get_mail_folder", kReadMail, get_mail_folder},
      {"DELETE", "users/{}/mailFolders/{}", "delete_mail_folder", kWriteMail, delete_mail_folder},
      {"GET", "users/{}/mailFolders/{}/childFolders", "list_mail_folders", kReadMail,
       list_child_mail_folders},
      {"POST", "users/{}/mailFolders/{}/childFolders", "create_mail_folder", kWriteMail,
       create_child_mail_folder},
      {"POST", "users/{}/mailboxes/{}/exportJobs", "export_folder", kMigrate, export_folder},
      {"POST", "users/{}/mailboxes/{}/importJobs", kCreateImportJob, kMigrate, create_import_job},
      {"GET", "users/{}/mailboxes/{}/importJobs/{}", "get_import_job", kMigrate, get_import_job},
      {"POST", "M/createImportSession", "create_import_session", kImport, create_import_session},
  };
  return kRoutes;
}

std::vector<std::string> pattern_segments(std::string_view pattern) {
  if (!pattern.starts_with("M/")) return base::split(pattern, '/');
  return base::split(base::text("admin/exchange/mailboxes/{}/", pattern.substr(2)), '/');
}

// Literal names match without case, as in the service; empty when the path does not match.
std::optional<std::vector<std::string>> match(std::string_view pattern,
                                              std::span<const std::string> path) {
  const std::vector<std::string> wanted = pattern_segments(pattern);
  if (wanted.size() != path.size()) return std::nullopt;
  std::vector<std::string> captures;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "{}") {
      captures.push_back(path[i]);
    } else if (!base::equals_ignoring_case(wanted[i], path[i])) {
      return std::nullopt;
    }
  }
  return captures;
}

}  // namespace

Match find_route(std::string_view method, const Target& target) {
  if (target.segments.empty() || target.segments[0] != "v1.0") {
    throw Refusal{400, "BadRequest", "Invalid version."};
  }
  const auto path = std::span{target.segments}.subspan(1);
  if (!path.empty() && path[0] == "me") {
    throw Refusal{400, "BadRequest",
                  "/me request is only valid with delegated authentication flow."};
  }
  bool known_path = false;
  for (const Route& route : routes()) {
    auto captures = match(route.pattern, path);
    if (!captures) continue;
    if (route.method == method) return {&route, *std::move(captures)};
    known_path = true;
  }
  if (known_path) throw Refusal{405, "Request_BadRequest", "The method is not allowed here."};
  throw Refusal{404, "ResourceNotFound", "Resource not found for the segment."};
}

std::uint64_t directory_cost(const Route& route, const Target& target) {
  std::uint64_t cost = route.directory_units;
  if (target.parameter("$expand")) ++cost;
  if (target.parameter("$select") && cost > 1) --cost;
  const auto top = target.parameter("$top");
  const bool small = top && (top->size() == 1 || (top->size() == 2 && top->front() == '1'));
  if (small && cost > 1) --cost;  // below 20
  return cost;
}

}  // namespace simulator
