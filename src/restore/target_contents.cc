#include "src/restore/target_contents.h"

#include "src/base/error.h"
#include "src/base/side_by_side.h"
#include "src/base/text.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace restore {
namespace {

// Hashes streams as they arrive.
class HashingSink final : public graph::ExportSink {
 public:
  void begin() override { hash_ = base::Sha256Stream{}; }
  void data(base::ByteView piece) override { hash_.update(piece); }
  void end(const std::string& item_id, const std::string& /*change_key*/) override {
    hashes_.insert_or_assign(item_id, hash_.finish());
  }
  void abandon() override { hash_ = base::Sha256Stream{}; }
  // Left out of the result: the caller treats it as not compared.
  void failed(const std::string& /*item_id*/, const graph::UnitError& /*error*/) override {}

  [[nodiscard]] const std::map<std::string, base::Sha256>& hashes() const { return hashes_; }

 private:
  base::Sha256Stream hash_;
  std::map<std::string, base::Sha256> hashes_;
};

}  // namespace

TargetItems list_items(graph::MailboxService& service, const graph::MailboxId& mailbox,
                       const std::string& folder_id, std::span<const std::string> item_ids,
                       std::stop_token stop) {
  TargetItems items;
  service.item_details(
      mailbox, folder_id, item_ids,
      [&](const graph::Item& item, const graph::ItemDetails& details) {
        items.insert_or_assign(
            item.id, TargetItem{item.change_key, item.item_class, details.search_key, item.modified,
                                item.size_bytes});
      },
      std::move(stop));
  return items;
}

TargetContents::TargetContents(TargetItems before) { relist(std::move(before)); }

void TargetContents::relist(TargetItems now) {
  before_ = std::move(now);
  ids_by_key_.clear();
  for (const auto& [id, item] : before_) {
    if (!item.search_key.empty()) ids_by_key_.emplace(item.search_key, id);
  }
}

std::vector<std::string> TargetContents::alike(const store::ItemEntry& source,
                                               const std::string& search_key,
                                               bool same_mailbox) const {
  std::set<std::string> found;
  if (same_mailbox && before_.contains(source.id)) found.insert(source.id);
  if (search_key.empty()) {
    for (const auto& [id, item] : before_) {
      if (base::equals_ignoring_case(item.item_class, source.item_class)) found.insert(id);
    }
  } else {
    const auto [begin, end] = ids_by_key_.equal_range(search_key);
    std::for_each(begin, end, [&](const auto& entry) { found.insert(entry.second); });
  }
  return {found.begin(), found.end()};
}

std::vector<std::string> TargetContents::candidates(const store::ItemEntry& source,
                                                    const std::string& search_key,
                                                    bool same_mailbox) const {
  std::vector<std::string> ids = alike(source, search_key, same_mailbox);
  std::erase_if(ids, [&](const std::string& id) {
    const auto claim = claims_.find(id);
    return ours_.contains(id) || (claim != claims_.end() && claim->second != source.id);
  });
  return ids;
}

const TargetItem* TargetContents::find(const std::string& id) const {
  const auto found = before_.find(id);
  return found == before_.end() ? nullptr : &found->second;
}

std::map<std::string, base::Sha256> hash_exports(graph::MailboxService& service,
                                                 const graph::MailboxId& mailbox,
                                                 std::span<const graph::ExportRequest> units,
                                                 std::size_t lanes, std::stop_token stop) {
  std::map<std::string, base::Sha256> hashes;
  std::mutex mutex;
  const std::size_t per_call = service.batch_limits().items;
  const std::size_t calls = (units.size() + per_call - 1) / per_call;
  base::run_side_by_side(calls, lanes, [&](std::size_t call) {
    const std::size_t first = call * per_call;
    HashingSink sink;
    service.export_units(mailbox, units.subspan(first, std::min(per_call, units.size() - first)),
                         sink, stop);
    const std::lock_guard lock{mutex};
    hashes.insert(sink.hashes().begin(), sink.hashes().end());
  });
  return hashes;
}

}  // namespace restore
