#include "src/graph/details_reader.h"

#include "src/base/id_set.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "src/graph/paths.h"
#include "src/graph/trail.h"

#include <algorithm>
#include <unordered_set>

namespace graph {
namespace {

constexpr std::string_view kSelect =
    "$select=id,changeKey,type,size,createdDateTime,lastModifiedDateTime";
constexpr std::string_view kNewestFirst = "&$orderby=createdDateTime%20desc";
constexpr std::string_view kPage = "&$top=100";
// One mailbox may refuse what the others answer.
constexpr std::size_t kAgreeing = 3;
constexpr unsigned kWithoutOrder = 1;
constexpr unsigned kWithoutProperties = 3;

DetailLevel level_of(unsigned narrowing) {
  if (narrowing >= kWithoutProperties) return DetailLevel::none;
  return narrowing > kWithoutOrder ? DetailLevel::few : DetailLevel::all;
}

bool refuses_the_query(const Answer& answer) {
  return (answer.status() == 400 || answer.status() == 501) &&
         !answer.error.is_any_of({"ErrorInvalidIdMalformed"});
}

}  // namespace

struct DetailsReader::Wanted {
  bool all = false;
  std::unordered_set<std::string> missing;
  base::IdSet told;
};

Answer DetailsReader::ask_widest(const MailboxId& mailbox, const std::string& path,
                                 const std::string& list_query, std::stop_token stop) {
  for (unsigned narrowing = narrowing_;; ++narrowing) {
    std::string query = base::text("?", kSelect);
    const std::string expand = details_query(level_of(narrowing));
    if (!expand.empty()) query += "&" + expand;
    if (!list_query.empty()) query += list_query;
    if (!list_query.empty() && narrowing < kWithoutOrder) query += kNewestFirst;
    Answer answer = client_.ask({.operation = Operation::list_items,
                                 .budget = mailbox.value,
                                 .url = client_.url(path, query)},
                                stop);
    if (!refuses_the_query(answer) || narrowing >= kWithoutProperties) {
      if (answer.succeeded() && narrowing > narrowing_) remember(narrowing, mailbox);
      return answer;
    }
  }
}

void DetailsReader::remember(unsigned narrowing, const MailboxId& mailbox) {
  const std::lock_guard lock{mutex_};
  std::set<std::string>& agreeing = agreeing_[narrowing];
  agreeing.insert(mailbox.value);
  if (agreeing.size() < kAgreeing || narrowing <= narrowing_) return;
  narrowing_ = narrowing;
  base::log(base::LogLevel::info,
            "the service answers item listings only with fewer properties (level ", narrowing, ")");
}

void DetailsReader::read_pages(const MailboxId& mailbox, const std::string& folder_id,
                               Wanted& wanted, const OnItem& on_item, std::stop_token stop) {
  Trail trail;
  Answer answer =
      ask_widest(mailbox, folder_path(mailbox, folder_id) + "/items", std::string{kPage}, stop);
  for (std::size_t pages = 1;; ++pages) {
    if (!answer.succeeded()) {
      throw_if_mailbox_gone(answer.error);
      if (answer.says_gone()) return;  // the folder: its items are left out
      throw unexpected_answer(Operation::list_items, answer);
    }
    for (const Json& entry : answer.document.required_elements("value")) {
      Item item = read_item(entry);
      // Lists that change while they are read repeat items.
      const bool is_wanted =
          wanted.all ? wanted.told.insert(item.id) : wanted.missing.erase(item.id) > 0;
      if (is_wanted) on_item(std::move(item), read_details(entry));
    }
    if (!wanted.all && pages >= wanted.missing.size()) return;
    const std::string next{answer.document["@odata.nextLink"].text()};
    if (next.empty()) return;
    trail.follow(client_, next);
    answer = client_.ask({.operation = Operation::list_items, .budget = mailbox.value, .url = next},
                         stop);
  }
}

void DetailsReader::read_one(const MailboxId& mailbox, const std::string& folder_id,
                             const std::string& item_id, const OnItem& on_item,
                             std::stop_token stop) {
  const Answer answer = ask_widest(mailbox, item_path(mailbox, folder_id, item_id), {}, stop);
  if (answer.succeeded()) return on_item(read_item(answer.document), read_details(answer.document));
  throw_if_mailbox_gone(answer.error);
  // Gone, or an id that the service cannot read: left out, as promised.
  if (answer.says_gone() || answer.status() == 400) return;
  throw unexpected_answer(Operation::list_items, answer);
}

void DetailsReader::read(const MailboxId& mailbox, const std::string& folder_id,
                         std::span<const std::string> item_ids, const OnItem& on_item,
                         std::stop_token stop) {
  Wanted wanted;
  wanted.all = item_ids.empty();
  wanted.missing.insert(item_ids.begin(), item_ids.end());
  if (wanted.all || wanted.missing.size() > 1)
    read_pages(mailbox, folder_id, wanted, on_item, stop);
  if (wanted.all) return;
  for (const std::string& id : item_ids) {
    if (wanted.missing.erase(id) > 0) read_one(mailbox, folder_id, id, on_item, stop);
  }
}

}  // namespace graph
