#include "src/graph/user_mailbox.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/graph/paths.h"

namespace graph {

UserMailbox UserMailbox::from(const MailboxId& id) {
  const std::size_t slash = id.value.find('/');
  if (slash == 0 || slash == std::string::npos || slash + 1 == id.value.size()) {
    throw base::Error{
        base::ErrorKind::not_found,
        base::text("mailbox ", base::printable(id.value),
                   " is not addressed below its user, as api = \"folder-jobs\" does")};
  }
  return {id.value.substr(0, slash), id.value.substr(slash + 1)};
}

MailboxId UserMailbox::id() const { return {base::text(user_id, "/", mailbox_id)}; }

std::string UserMailbox::user_path() const {
  return base::text("/users/", base::percent_encode(user_id));
}

std::string UserMailbox::mailbox_path() const {
  return base::text(user_path(), "/mailboxes/", encoded_mailbox_id(mailbox_id));
}

std::variant<MailboxId, NoMailbox> UserMailboxDirectory::mailbox_of(const User& user,
                                                                    std::stop_token stop) {
  auto found = directory_.mailbox_of(user, std::move(stop));
  if (auto* id = std::get_if<MailboxId>(&found)) *id = UserMailbox{user.id, id->value}.id();
  return found;
}

}  // namespace graph
