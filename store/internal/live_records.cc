#include "store/internal/live_records.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "store/internal/pack_format.h"
#include "store/internal/reachability.h"

namespace store {

void LiveRecords::mark(const ChunkStore& chunks, base::ByteView tenant_tag,
                       const Snapshot& snapshot) {
  const auto on_metadata = [&](const ChunkId& id) {
    if (stop_->stop_requested()) {
      throw base::Error{base::ErrorKind::cancelled, "finding what is needed was stopped"};
    }
    const std::optional<ChunkLocation> location = mark_record(tenant_tag, id);
    if (!location) {
      throw base::Error{base::ErrorKind::corrupt,
                        base::text("the store does not hold chunk ", id.hex())};
    }
    return walked_.add(*location) ? Reach::descend : Reach::pass_by;
  };
  const auto mark = [&](const ChunkId& id) { static_cast<void>(mark_record(tenant_tag, id)); };
  walk_snapshot(chunks, snapshot, {on_metadata, mark, mark});
}

std::optional<ChunkLocation> LiveRecords::mark_record(base::ByteView tenant_tag,
                                                      const ChunkId& id) {
  const std::optional<ChunkLocation> location = index_->find(tenant_tag, id);
  if (!location) return std::nullopt;
  OfPack& pack = packs_[location->pack_number];
  if (pack.records.size() <= location->record_number) {
    pack.records.resize(location->record_number + 1U);
  }
  if (pack.records[location->record_number]) return location;
  pack.records[location->record_number] = true;
  ++pack.marked;
  pack.space_bytes += record_bytes(location->sealed_bytes) + kContentsEntryBytes;
  return location;
}

const LiveRecords::OfPack* LiveRecords::in_pack(std::uint32_t number) const {
  const auto found = packs_.find(number);
  return found == packs_.end() ? nullptr : &found->second;
}

bool LiveRecords::is_live(std::uint32_t number, std::uint16_t record) const {
  const OfPack* pack = in_pack(number);
  return pack != nullptr && record < pack->records.size() && pack->records[record];
}

}  // namespace store
