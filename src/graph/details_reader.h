// Subjects, senders and dates of items, from extended properties, at the lowest number of requests.
#pragma once

#include "src/graph/api_client.h"
#include "src/graph/entities.h"
#include "src/graph/mailbox_service.h"

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <stop_token>
#include <string>

namespace graph {

// Thread-safe.
class DetailsReader {
 public:
  using OnItem = std::function<void(Item, ItemDetails)>;

  // The client outlives it.
  explicit DetailsReader(ApiClient& client) : client_(client) {}

  // As MailboxService::item_details(); where the service gives no properties, details are empty.
  // Named items are looked for in pages from the newest on, until as many pages were read as items
  // are missing; the rest is asked for one by one. So it costs at most twice what the better of the
  // two ways would.
  void read(const MailboxId& mailbox, const std::string& folder_id,
            std::span<const std::string> item_ids, const OnItem& on_item, std::stop_token stop);

 private:
  struct Wanted;

  void read_pages(const MailboxId& mailbox, const std::string& folder_id, Wanted& wanted,
                  const OnItem& on_item, std::stop_token stop);
  void read_one(const MailboxId& mailbox, const std::string& folder_id, const std::string& item_id,
                const OnItem& on_item, std::stop_token stop);
  // Asks in the widest way that the service takes.
  Answer ask_widest(const MailboxId& mailbox, const std::string& path,
                    const std::string& list_query, std::stop_token stop);
  void remember(unsigned narrowing, const MailboxId& mailbox);

  ApiClient& client_;
  // What the service refuses of every mailbox: 0 nothing, 1 order, 2 many properties, 3 properties.
  std::atomic<unsigned> narrowing_{0};
  std::mutex mutex_;
  std::map<unsigned, std::set<std::string>> agreeing_;  // guarded; mailboxes that refused so much
};

}  // namespace graph
