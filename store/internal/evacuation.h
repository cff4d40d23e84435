// Moving what is needed out of packs that are to go.
#pragma once

#include "store/backend.h"
#include "store/chunk_store.h"
#include "store/index.h"
#include "store/internal/leases.h"
#include "store/internal/live_records.h"
#include "store/internal/prune_plan.h"
#include "store/keys.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <vector>

namespace store {

// Not thread-safe.
class Evacuation {
 public:
  // All of it outlives the evacuation.
  struct Subjects {
    const Backend& backend;
    const KeyRing& keys;
    const Index& index;
    const Leases& leases;
    const LiveRecords& live;
    std::function<ChunkStore&(const TenantDomain&)> chunks_of;
    const std::map<base::Bytes, TenantDomain>& tenants;  // by tag; may grow
    const std::stop_token& stop;
  };
  // The packs are condemned: nobody relies on them anew.
  Evacuation(Subjects subjects, std::vector<PruneCandidate> packs);

  // Moves what is needed by now, and proves that it lies elsewhere. Packs of which no more is
  // needed than the last time are not looked at again. `on_pack` is told of each pack. Error
  // (corrupt) if something needed cannot be read, Error(cancelled) on stop.
  using OnPack = std::function<void(const PruneCandidate& pack)>;
  void settle(const OnPack& on_pack);

  // In which nothing needed is left, as far as is known by now.
  [[nodiscard]] std::set<PackId> vacated() const;
  [[nodiscard]] std::uint64_t chunks_moved() const { return chunks_moved_; }
  [[nodiscard]] std::uint64_t bytes_written() const { return bytes_written_; }

 private:
  struct Doomed {
    PruneCandidate pack;
    // How much of it was needed when all of that was proven to lie elsewhere.
    std::optional<std::uint64_t> settled;
  };
  // How many records are marked or leased; it only grows.
  [[nodiscard]] std::uint64_t demand(const PruneCandidate& pack) const;
  [[nodiscard]] bool is_needed(const PruneCandidate& pack, const IndexedChunk& chunk) const;
  [[nodiscard]] bool holds_needed(const PruneCandidate& pack) const;
  [[nodiscard]] std::vector<IndexedChunk> chunks_in(const PruneCandidate& pack) const;
  void move_from(const PruneCandidate& pack);
  void flush();
  void stop_if_asked() const;

  Subjects with_;
  std::vector<Doomed> packs_;
  std::uint64_t chunks_moved_ = 0;
  std::uint64_t bytes_written_ = 0;
};

}  // namespace store
