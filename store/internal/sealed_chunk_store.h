// The chunk store proper: chunks compressed and sealed into packs on a backend, found through the
// index.
#pragma once

#include "src/base/clock.h"
#include "store/backend.h"
#include "store/chunk_store.h"
#include "store/index.h"
#include "store/internal/codec.h"
#include "store/internal/leases.h"
#include "store/keys.h"

#include <cstdint>
#include <filesystem>
#include <memory>

namespace store {

struct ChunkStoreSettings {
  // A pack is closed when the next record would make it larger, or it has this many records; also
  // when a chunk is put this long after the pack's first one, and by flush(). Never above the
  // format's limits.
  std::uint32_t pack_bytes = std::uint32_t{64} << 20;
  std::uint32_t pack_records = 16'384;
  base::Duration close_after = std::chrono::minutes{5};
  bool parity = false;            // packs get parity beside them
  std::filesystem::path spool{};  // for keep(); empty: there is none
};

// Everything given outlives the store. It is for reading only if the index was opened so. Memory:
// two packs of data and two of metadata (a pack's buffer grows with what is put in it).
std::unique_ptr<ChunkStore> open_chunk_store(Backend& backend, Index& index,
                                             const RepositoryId& repository, const TenantKeys& keys,
                                             const Codec& codec, base::Clock& clock, Leases& leases,
                                             const ChunkStoreSettings& settings = {});

}  // namespace store
