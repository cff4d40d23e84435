#include "store/internal/statistics.h"

#include <set>
#include <string>
#include <utility>

namespace store {

StoreStatistics statistics_of(const Index& index, const std::vector<Snapshot>& snapshots) {
  StoreStatistics statistics;
  std::set<std::pair<TenantDomain, std::string>> mailboxes;
  for (const Snapshot& snapshot : snapshots) {
    ++statistics.snapshots;
    statistics.logical_bytes += snapshot.bytes;
    statistics.items += snapshot.items;
    mailboxes.emplace(snapshot.tenant, snapshot.mailbox_id);
  }
  statistics.mailboxes = mailboxes.size();
  index.for_each_pack([&](std::uint32_t, const PackRow& pack) {
    ++statistics.packs;
    statistics.stored_bytes += pack.size_bytes;
    statistics.unique_bytes += pack.plain_bytes;
  });
  statistics.chunks = index.chunk_count();
  statistics.index_bytes = index.size_bytes();
  return statistics;
}

}  // namespace store
