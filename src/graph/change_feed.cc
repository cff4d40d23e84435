#include "src/graph/change_feed.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "src/graph/paths.h"
#include "src/graph/trail.h"

#include <functional>
#include <string_view>

namespace graph {
namespace {

using base::Error;
using base::ErrorKind;

// The service caps it as it likes; a quiet folder costs one request whatever this says.
constexpr std::string_view kPageSize = "odata.maxpagesize=500";

// What an answer that is no success means for the round; empty if it is none of the known ways.
std::optional<Round> failed_round(const Answer& answer, const Feed& feed, bool has_token) {
  const ServiceError& error = answer.error;
  const bool lost_sync = answer.status() == 410 ||
                         error.is_any_of({"syncStateNotFound", "SyncStateInvalid", "resyncRequired",
                                          "ErrorInvalidSyncStateData", "ErrorSyncFolderNotFound"});
  // A rejected token reads in many ways, one of them "folder not found": the full round will tell.
  if (has_token && lost_sync) return CursorRejected{};
  if (feed.of_folder &&
      (answer.status() == 404 ||
       error.is_any_of({"ErrorItemNotFound", "ErrorFolderNotFound", "ErrorSyncFolderNotFound"}))) {
    return FeedGone{};
  }
  if (has_token && answer.status() == 400) return CursorRejected{};
  return std::nullopt;
}

}  // namespace

Round walk_feed(ApiClient& client, const Feed& feed, const std::optional<Cursor>& since,
                const std::function<void(const Json&)>& on_entry, std::stop_token stop) {
  if (since && !client.is_own(since->value)) {
    base::log(base::LogLevel::warning, "a stored delta link of mailbox ", feed.mailbox.value,
              " leads to another host than graph_url; a full round replaces it");
    return CursorRejected{};
  }
  Call call{.operation = feed.operation,
            .budget = feed.mailbox.value,
            .url = since ? since->value : feed.first_url,
            .headers = {{"Prefer", std::string{kPageSize}}}};
  Trail trail;
  bool has_token = since.has_value();
  while (true) {
    const Answer answer = client.ask(call, stop);
    if (!answer.succeeded()) {
      throw_if_mailbox_gone(answer.error);
      if (!feed.of_folder && !has_token && answer.error.is_any_of({"ErrorInvalidIdMalformed"})) {
        // Nothing but the mailbox is named there: it is remembered from another form of the API.
        throw Error{ErrorKind::not_found,
                    base::text("the service knows no mailbox ", base::printable(feed.mailbox.value),
                               " (", answer.error.text(), ")")};
      }
      if (const auto round = failed_round(answer, feed, has_token)) return *round;
      throw unexpected_answer(feed.operation, answer);
    }
    for (const Json& entry : answer.document.required_elements("value")) on_entry(entry);
    const std::string_view next = answer.document["@odata.nextLink"].text();
    if (next.empty()) {
      const std::string_view link = answer.document.required_text("@odata.deltaLink");
      client.check_own(link);
      return RoundComplete{Cursor{std::string{link}}, !since.has_value()};
    }
    trail.follow(client, next);
    call.url = next;
    has_token = true;
  }
}

void walk_list(ApiClient& client, Call call, const std::function<bool(const Json&)>& on_entry,
               std::stop_token stop) {
  Trail trail;
  while (true) {
    const Answer answer = client.ask(call, stop);
    if (!answer.succeeded()) {
      if (call.budget != kDirectoryBudget) throw_if_mailbox_gone(answer.error);
      if (answer.error.is_any_of({"Request_ResourceNotFound"})) {
        throw Error{ErrorKind::not_found, answer.error.text()};
      }
      throw unexpected_answer(call.operation, answer);
    }
    for (const Json& entry : answer.document.required_elements("value")) {
      if (!on_entry(entry)) return;
    }
    const std::string_view next = answer.document["@odata.nextLink"].text();
    if (next.empty()) return;
    trail.follow(client, next);
    call.url = next;
  }
}

}  // namespace graph
