#include "src/graph/directory_client.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/graph/change_feed.h"
#include "src/graph/entities.h"

#include <array>
#include <utility>

namespace graph {
namespace {

using base::Error;

constexpr std::string_view kUserSelect =
    "$select=id,userPrincipalName,mail,displayName,accountEnabled";

constexpr std::array kPurposes{
    std::pair{MailboxPurpose::user, std::string_view{"user"}},
    std::pair{MailboxPurpose::linked, std::string_view{"linked"}},
    std::pair{MailboxPurpose::shared, std::string_view{"shared"}},
    std::pair{MailboxPurpose::room, std::string_view{"room"}},
    std::pair{MailboxPurpose::equipment, std::string_view{"equipment"}},
    std::pair{MailboxPurpose::others, std::string_view{"others"}},
};

Call directory_call(Operation operation, std::string url) {
  return {.operation = operation, .budget = std::string{kDirectoryBudget}, .url = std::move(url)};
}

// A quote inside an OData text is written twice.
std::string odata_text(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    result += c;
    if (c == '\'') result += c;
  }
  return result + "'";
}

// 404 is how the service says that an account has no mailbox here; anything else is not expected.
NoMailbox no_mailbox(const Answer& answer, Operation operation) {
  if (answer.status() != 404) {
    throw unexpected_answer(operation, answer);
  }
  NoMailbox none{answer.error.code, answer.error.message};
  if (none.code.empty()) none.code = "HTTP 404";
  if (none.message.empty()) none.message = "the account has no mailbox in Exchange Online";
  return none;
}

}  // namespace

std::string_view name(MailboxPurpose purpose) {
  for (const auto& [value, text] : kPurposes) {
    if (value == purpose) return text;
  }
  return "unknown";
}

MailboxPurpose purpose_from_name(std::string_view name) {
  for (const auto& [value, text] : kPurposes) {
    if (base::equals_ignoring_case(text, name)) return value;
  }
  return MailboxPurpose::unknown;
}

std::string User::address() const {
  return base::to_lower(mail.empty() ? user_principal_name : mail);
}

void DirectoryClient::users(const std::function<void(User)>& on_user, std::stop_token stop) {
  walk_list(
      client_,
      directory_call(Operation::list_users, client_.url("/users?", kUserSelect, "&$top=999")),
      [&](const Json& entry) {
        on_user(graph::read_user(entry));
        return true;
      },
      std::move(stop));
}

std::optional<User> DirectoryClient::find_user(const std::string& id_or_address,
                                               std::stop_token stop) {
  if (id_or_address.empty()) return std::nullopt;
  const Answer answer = client_.ask(
      directory_call(Operation::read_user,
                     client_.url("/users/", base::percent_encode(id_or_address), "?", kUserSelect)),
      stop);
  if (answer.succeeded()) return graph::read_user(answer.document);
  // 400 is the answer to what is neither an id nor a principal name.
  if (answer.status() != 404 && answer.status() != 400) {
    throw unexpected_answer(Operation::read_user, answer);
  }
  if (id_or_address.find('@') == std::string::npos) return std::nullopt;
  std::optional<User> found;
  const std::string filter = base::percent_encode("mail eq " + odata_text(id_or_address));
  walk_list(
      client_,
      directory_call(Operation::list_users,
                     client_.url("/users?", kUserSelect, "&$filter=", filter)),
      [&](const Json& entry) {
        found = graph::read_user(entry);
        return false;
      },
      std::move(stop));
  return found;
}

std::vector<std::string> DirectoryClient::group_members(const std::string& group_id,
                                                        std::stop_token stop) {
  std::vector<std::string> ids;
  Call call = directory_call(Operation::list_group_members,
                             client_.url("/groups/", base::percent_encode(group_id),
                                         "/transitiveMembers?$select=id&$top=999"));
  try {
    walk_list(
        client_, std::move(call),
        [&](const Json& entry) {
          const std::string_view type = entry["@odata.type"].text();
          if (type == "#microsoft.graph.user") ids.emplace_back(entry.required_text("id"));
          return true;
        },
        std::move(stop));
  } catch (Error& error) {
    error.add_context(base::text("listing the members of group ", base::printable(group_id)));
    throw;
  }
  return ids;
}

std::uint64_t DirectoryClient::group_mailboxes(std::stop_token stop) {
  std::uint64_t count = 0;
  walk_list(
      client_,
      directory_call(Operation::list_groups, client_.url("/groups?$select=id,groupTypes&$top=999")),
      [&](const Json& entry) {
        for (const Json& type : entry["groupTypes"].elements()) {
          if (type.text() == "Unified") ++count;
        }
        return true;
      },
      std::move(stop));
  return count;
}

std::variant<MailboxId, NoMailbox> DirectoryClient::mailbox_of(const User& user,
                                                               std::stop_token stop) {
  const Answer answer = client_.ask(
      directory_call(Operation::read_exchange_settings,
                     client_.url("/users/", base::percent_encode(user.id), "/settings/exchange")),
      std::move(stop));
  if (!answer.succeeded()) return no_mailbox(answer, Operation::read_exchange_settings);
  const std::string_view id = answer.document["primaryMailboxId"].text();
  if (id.empty()) return NoMailbox{"NoPrimaryMailbox", "the account has no primary mailbox"};
  return MailboxId{std::string{id}};
}

std::variant<MailboxPurpose, NoMailbox> DirectoryClient::purpose_of(const User& user,
                                                                    std::stop_token stop) {
  const Answer answer = client_.ask(
      directory_call(
          Operation::read_mailbox_settings,
          client_.url("/users/", base::percent_encode(user.id), "/mailboxSettings/userPurpose")),
      std::move(stop));
  if (!answer.succeeded()) return no_mailbox(answer, Operation::read_mailbox_settings);
  return purpose_from_name(answer.document["value"].text());
}

}  // namespace graph
