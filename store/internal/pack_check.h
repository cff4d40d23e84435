// Looking for damage in packs, and in what the index says of them.
#pragma once

#include "store/backend.h"
#include "store/index.h"
#include "store/internal/pack_survey.h"
#include "store/keys.h"
#include "store/packs.h"
#include "store/repository.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <unordered_map>
#include <unordered_set>

namespace store {

// The verdict on chunks, for those who ask by id.
class ChunkVerdicts {
 public:
  enum class Verdict : std::uint8_t {
    sound,
    missing,
    damaged,
    suspect,  // its pack is damaged where nobody can tell which chunks that hits: read it to know
  };
  [[nodiscard]] Verdict of(const Index& index, base::ByteView tenant_tag, const ChunkId& id) const;

  // The pack that holds the chunk, if the index does not know of it: then what needs the chunk
  // misses it, and the index has to be made anew.
  [[nodiscard]] std::optional<PackId> unindexed_in(const ChunkId& id) const;

  void add_damaged(const ChunkId& id) { damaged_.insert(id); }
  void add_unindexed(const ChunkId& id, const PackId& pack) { unindexed_.emplace(id, pack); }
  void add_suspect_pack(std::uint32_t number) { suspect_packs_.insert(number); }

 private:
  std::unordered_set<ChunkId, base::FixedBytesHash> damaged_;
  std::unordered_map<ChunkId, PackId, base::FixedBytesHash> unindexed_;
  std::unordered_set<std::uint32_t> suspect_packs_;
};

// Adds what is found to `report` and `survey`; throws Error(cancelled) on `stop` only. What is gone
// is missing only if the index names it still, as `is_named_now` says: it may have been pruned.
ChunkVerdicts check_packs(const Backend& backend, const KeyRing& keys, const Index& index,
                          const std::function<bool(const PackId&)>& is_named_now, CheckLevel level,
                          const OnProgress& on_progress, const std::stop_token& stop,
                          CheckReport& report, PackSurvey& survey);

}  // namespace store
