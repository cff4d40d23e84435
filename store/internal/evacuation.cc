#include "store/internal/evacuation.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "store/packs.h"

#include <algorithm>
#include <utility>

namespace store {

using base::ErrorKind;

Evacuation::Evacuation(Subjects subjects, std::vector<PruneCandidate> packs)
    : with_(std::move(subjects)) {
  for (PruneCandidate& pack : packs) packs_.push_back({std::move(pack), std::nullopt});
}

void Evacuation::settle(const OnPack& on_pack) {
  std::vector<std::pair<Doomed*, std::uint64_t>> moved;
  for (Doomed& doomed : packs_) {
    const std::uint64_t needed = demand(doomed.pack);
    if (needed == 0) doomed.settled = 0;
    if (doomed.settled != needed) {
      move_from(doomed.pack);
      moved.emplace_back(&doomed, needed);
    }
    if (on_pack) on_pack(doomed.pack);
  }
  if (moved.empty()) return;
  flush();
  for (const auto& [doomed, needed] : moved) {
    if (!holds_needed(doomed->pack)) doomed->settled = needed;
  }
}

std::set<PackId> Evacuation::vacated() const {
  std::set<PackId> vacated;
  for (const Doomed& doomed : packs_) {
    if (doomed.settled == demand(doomed.pack)) vacated.insert(doomed.pack.row.id);
  }
  return vacated;
}

std::uint64_t Evacuation::demand(const PruneCandidate& pack) const {
  const LiveRecords::OfPack* live = with_.live.in_pack(pack.number);
  return (live == nullptr ? 0 : live->marked) + with_.leases.leases_in(pack.number);
}

// Not if it lies in another pack by now.
bool Evacuation::is_needed(const PruneCandidate& pack, const IndexedChunk& chunk) const {
  const std::uint16_t record = chunk.location.record_number;
  if (!with_.live.is_live(pack.number, record) && !with_.leases.is_leased(pack.number, record)) {
    return false;
  }
  const std::optional<ChunkLocation> place = with_.index.find(pack.row.tenant_tag, chunk.id);
  return place && place->pack_number == pack.number;
}

bool Evacuation::holds_needed(const PruneCandidate& pack) const {
  return std::ranges::any_of(chunks_in(pack),
                             [&](const IndexedChunk& chunk) { return is_needed(pack, chunk); });
}

std::vector<IndexedChunk> Evacuation::chunks_in(const PruneCandidate& pack) const {
  return read_pack_contents(with_.backend, with_.keys,
                            {pack.row.id, pack.row.chunk_class, pack.row.size_bytes})
      .chunks;
}

void Evacuation::move_from(const PruneCandidate& pack) {
  const auto tenant = with_.tenants.find(pack.row.tenant_tag);
  if (tenant == with_.tenants.end()) {
    throw base::Error{ErrorKind::corrupt, base::text("pack ", pack.row.id.hex(),
                                                     " is needed by no tenant that is known")};
  }
  ChunkStore& chunks = with_.chunks_of(tenant->second);
  for (const IndexedChunk& chunk : chunks_in(pack)) {
    stop_if_asked();
    if (!is_needed(pack, chunk)) continue;
    const std::optional<base::Bytes> plaintext = chunks.get(chunk.id);
    if (!plaintext) continue;  // it lay there a moment ago: another pack has it, or nobody needs it
    const ChunkStore::PutResult put = chunks.put(pack.row.chunk_class, *plaintext);
    if (put.id != chunk.id) {
      throw base::Error{ErrorKind::corrupt, base::text("chunk ", chunk.id.hex(), " in pack ",
                                                       pack.row.id.hex(), " is another one")};
    }
    if (!put.is_new) continue;
    ++chunks_moved_;
    bytes_written_ += put.stored_bytes;
  }
}

void Evacuation::flush() {
  for (const auto& [tag, tenant] : with_.tenants) with_.chunks_of(tenant).flush();
}

void Evacuation::stop_if_asked() const {
  if (!with_.stop.stop_requested()) return;
  throw base::Error{ErrorKind::cancelled, "prune was stopped; nothing that is needed is gone"};
}

}  // namespace store
