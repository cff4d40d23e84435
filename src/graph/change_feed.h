// One round of a change feed (delta query): pages followed to the end, with every way it can fail
// told apart.
#pragma once

#include "src/graph/api_client.h"
#include "src/graph/mailbox_service.h"

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace graph {

struct Feed {
  Operation operation = Operation::list_items;
  MailboxId mailbox;
  std::string first_url;
  bool of_folder = true;  // false: of the whole mailbox, which cannot vanish as a folder does
};

// Tells every entry of the round. Error(protocol) for pages that lead to another host, repeat, or
// end without a link; Error(not_found) for a mailbox that is gone.
Round walk_feed(ApiClient& client, const Feed& feed, const std::optional<Cursor>& since,
                const std::function<void(const Json&)>& on_entry, std::stop_token stop);

// Follows the pages of a plain list the same way. Stops early when `on_entry` returns false.
void walk_list(ApiClient& client, Call first, const std::function<bool(const Json&)>& on_entry,
               std::stop_token stop);

}  // namespace graph
