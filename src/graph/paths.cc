#include "src/graph/paths.h"

#include "src/base/error.h"
#include "src/base/text.h"

namespace graph {

std::string encoded_mailbox_id(std::string_view mailbox_id) {
  std::string encoded;
  for (const char c : mailbox_id) {
    if (c == ':' || c == '@') {
      encoded += c;
    } else {
      encoded += base::percent_encode({&c, 1});
    }
  }
  return encoded;
}

std::string mailbox_path(const MailboxId& mailbox) {
  return base::text("/admin/exchange/mailboxes/", encoded_mailbox_id(mailbox.value));
}

std::string folder_path(const MailboxId& mailbox, std::string_view folder_id) {
  return base::text(mailbox_path(mailbox), "/folders/", base::percent_encode(folder_id));
}

std::string item_path(const MailboxId& mailbox, std::string_view folder_id,
                      std::string_view item_id) {
  return base::text(folder_path(mailbox, folder_id), "/items/", base::percent_encode(item_id));
}

bool says_mailbox_gone(const ServiceError& error) {
  return error.is_any_of({"MailboxNotEnabledForRESTAPI", "ErrorInvalidUser",
                          "Request_ResourceNotFound", "MailboxNotFound"});
}

void throw_if_mailbox_gone(const ServiceError& error) {
  if (!says_mailbox_gone(error)) return;
  throw base::Error{base::ErrorKind::not_found,
                    base::text("the service has no such mailbox (", error.text(), ")")};
}

}  // namespace graph
