// What work that is not committed yet relies on: chunks that it found in the store, and the restore
// points that it starts from. prune leaves all of it alone.
#pragma once

#include "src/base/synchronized.h"
#include "store/index.h"
#include "store/repository.h"
#include "store/snapshot.h"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace store {

// Thread-safe. Memory: one bit for each record that was relied on since the oldest work that still
// runs began.
class Leases {
 public:
  // Until the returned object goes, what is relied on from now on stays leased. What is relied on
  // while no work runs stays leased for good: nobody tells when that ends.
  [[nodiscard]] std::unique_ptr<Repository::Work> begin_work();

  // False if the pack is condemned: then the chunk counts as absent.
  [[nodiscard]] bool rely_on(const ChunkLocation& location);
  // A pack that is about to be indexed: all that is in it.
  void rely_on(const PackId& pack);
  // Error(not_found) if the restore point is being purged.
  void rely_on(const Snapshot& base);
  // The same, for reading: leased only if there is work that it may belong to.
  void read_from(const Snapshot& base);

  // From now on nobody can rely on anything in these packs. Their numbers are never used again, so
  // this needs no end, but for a prune that gave up.
  void condemn(std::span<const std::uint32_t> packs);
  void acquit(std::span<const std::uint32_t> packs);
  // From now on nobody can start from these; who did before is in bases().
  void condemn_snapshots(std::span<const Snapshot> snapshots);
  void acquit_snapshots(std::span<const Snapshot> snapshots);

  // Drops what only work relied on that has ended.
  void expire();
  [[nodiscard]] bool is_leased(const PackId& pack) const;
  [[nodiscard]] bool is_leased(std::uint32_t pack, std::uint16_t record) const;
  // How many of its records; a record counts for each time that work began and relied on it.
  [[nodiscard]] std::uint64_t leases_in(std::uint32_t pack) const;
  [[nodiscard]] std::vector<Snapshot> bases() const;

 private:
  class RunningWork;
  using Generation = std::uint64_t;
  // Where leases go that no running work made.
  static constexpr Generation kForGood = 0;

  struct Generational {
    std::unordered_map<std::uint32_t, std::vector<bool>> records;  // by pack
    std::unordered_set<PackId, base::FixedBytesHash> packs;        // whole ones
    std::map<std::string, Snapshot> bases;                         // by id
  };
  struct State {
    Generation current = 1;
    std::multiset<Generation> running;  // when each began
    std::map<Generation, Generational> leases;
    std::unordered_set<std::uint32_t> condemned;
    std::set<std::string> condemned_snapshots;

    void require_startable(const Snapshot& base) const;
    [[nodiscard]] Generational& now() { return leases[running.empty() ? kForGood : current]; }
  };
  // Shared with the work, which may outlive the repository.
  std::shared_ptr<base::Synchronized<State>> state_ = std::make_shared<base::Synchronized<State>>();
};

}  // namespace store
