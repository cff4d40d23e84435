// What lies in a target folder, by id and by search key: for conflicts, lost answers and
// verification.
#pragma once

#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/graph/mailbox_service.h"
#include "store/snapshot.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace restore {

struct TargetItem {
  std::string change_key;
  std::string item_class;
  std::string search_key;  // binary
  std::optional<base::Instant> modified;
  std::uint64_t size_bytes = 0;  // as the service counts
};

// How long the service is given to list what it took.
inline constexpr base::Duration kSettleTime = std::chrono::seconds{5};

using TargetItems = std::map<std::string, TargetItem>;  // by id

// All items of the folder, or those named.
TargetItems list_items(graph::MailboxService& service, const graph::MailboxId& mailbox,
                       const std::string& folder_id, std::span<const std::string> item_ids,
                       std::stop_token stop);

// The folder as it was before this run, and what this run adds to it. One source item answers for
// one target item at most: two equal items are two. Used by one thread.
class TargetContents {
 public:
  explicit TargetContents(TargetItems before);

  // The folder as it is now; claims stay, and what is ours is ours.
  void relist(TargetItems now);

  // Items with the source's id (if it is of the same mailbox) or its search key, whoever they
  // answer for. For a source without a search key, every item of its class: only equal bytes tell
  // then.
  [[nodiscard]] std::vector<std::string> alike(const store::ItemEntry& source,
                                               const std::string& search_key,
                                               bool same_mailbox) const;
  // Those of them that may answer for this source: neither claimed for another one, nor ours.
  [[nodiscard]] std::vector<std::string> candidates(const store::ItemEntry& source,
                                                    const std::string& search_key,
                                                    bool same_mailbox) const;
  [[nodiscard]] const TargetItem* find(const std::string& id) const;
  void claim(const std::string& id, const std::string& source_id) { claims_[id] = source_id; }

  void add_ours(const std::string& id) { ours_.insert(id); }
  // Whether somebody put it there since the run began, and it is none of those known to be ours.
  [[nodiscard]] bool is_unexplained(const std::string& id) const {
    return !before_.contains(id) && !ours_.contains(id);
  }

 private:
  TargetItems before_;
  std::multimap<std::string, std::string> ids_by_key_;
  std::map<std::string, std::string> claims_;  // target id to source id
  std::set<std::string> ours_;
};

// SHA-256 of the items' exported streams, by id; nothing is kept of them. Items that could not be
// exported are left out.
std::map<std::string, base::Sha256> hash_exports(graph::MailboxService& service,
                                                 const graph::MailboxId& mailbox,
                                                 std::span<const graph::ExportRequest> units,
                                                 std::size_t lanes, std::stop_token stop);

}  // namespace restore
